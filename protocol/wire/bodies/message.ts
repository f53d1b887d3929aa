/** What people and programs say, and who they are (chapter M). */
import { channelBytesMax, nameBytesMax } from '../../limits.ts';
import { noNode, type NodeId, type PeerRole } from '../../types.ts';
import { codec, roles } from './codec.ts';

/** presence, push: who a sender is. The header's seq is its version; the highest wins. */
export interface PresenceBody {
  readonly name: string;
  readonly role: PeerRole;
  /** When the person joined, ms since 1970 by its own clock. */
  readonly sinceMs: number;
  readonly away: boolean;
  /** 32 bytes: the X25519 key that direct messages to the sender are sealed to (rule S8). Zeros: it takes none. */
  readonly sealingKey?: Uint8Array;
}
const noSealingKey = new Uint8Array(32);
export const presenceBody = codec<PresenceBody>(
  (w, v) =>
    w
      .text8(v.name)
      .u8(roles.indexOf(v.role))
      .u48(v.sinceMs)
      .u8(Number(v.away))
      .raw(v.sealingKey ?? noSealingKey),
  (r) => ({
    name: r.text8(nameBytesMax),
    role: r.oneOf(roles),
    sinceMs: r.u48(),
    away: r.bool(),
    sealingKey: r.raw(32),
  }),
);

/**
 * `file`: a manifest (data as `manifestBody`); `cancel`: its sender took a file back (data as `cancelBody`); `sealed`: for its
 * addressee only (rule S7), what it holds is in `directBody`; `reply`: a text that answers a message (data as `replyBody`);
 * `fileKey`: what opens a file for one (data as `fileSecretBody`), only ever within what is sealed.
 */
export const contentKinds = ['text', 'bytes', 'file', 'cancel', 'sealed', 'reply', 'fileKey'] as const;

/** One thing that a person or program sends. */
export interface Message {
  readonly content: (typeof contentKinds)[number];
  /** UTF-8 of a text, or the bytes. */
  readonly data: Uint8Array;
  /** Receiver of a direct message, or `noNode` for everybody. */
  readonly to: NodeId;
  /** Channel within the room; empty for the room itself. */
  readonly channel: string;
}

/** The plain text of a message packet: one or more messages, so that a busy sender's share a signature (rule M2). */
export const messagesBody = codec<readonly Message[]>(
  (w, v) => {
    for (const m of v) w.u8(contentKinds.indexOf(m.content)).id(m.to).text8(m.channel).u16(m.data.length).raw(m.data);
  },
  (r) => {
    const messages: Message[] = [];
    do {
      const content = r.oneOf(contentKinds);
      const to = r.id(16) as NodeId;
      const channel = r.text8(channelBytesMax);
      messages.push({ content, to, channel, data: r.raw(r.u16()) });
    } while (!r.failed && !r.done);
    return messages;
  },
);

/** Bytes that sealing adds to a message for one: a key, a tag, kind and length of the channel (rule S7). */
const sealingBytes = 32 + 16 + 2;

/** Bytes a message adds to a message packet, at most. */
export function messageSize(message: Message): number {
  const sealing = message.to === noNode ? 0 : sealingBytes;
  return 1 + 16 + 1 + message.channel.length * 3 + 2 + message.data.length + sealing;
}
