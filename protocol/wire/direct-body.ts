/** What is inside a message that is sealed to its addressee (rule S7). Nobody but the two ends ever decodes it. */
import { channelBytesMax } from '../limits.ts';
import { codec } from './bodies.ts';

const directKinds = ['text', 'bytes', 'reply'] as const;

export interface DirectBody {
  readonly content: (typeof directKinds)[number];
  readonly channel: string;
  readonly data: Uint8Array;
}

export const directBody = codec<DirectBody>(
  (w, v) => w.u8(directKinds.indexOf(v.content)).text8(v.channel).raw(v.data),
  (r) => ({ content: r.oneOf(directKinds), channel: r.text8(channelBytesMax), data: r.raw(r.remaining) }),
);
