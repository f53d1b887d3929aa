/** What is inside a message that is sealed to its addressee (rule S7). Nobody but the two ends ever decodes it. */
import { channelBytesMax, fileNameBytesMax, fileTypeBytesMax } from '../../limits.ts';
import { codec } from './codec.ts';
import { chunkCount, type Manifest } from './file.ts';

export const directKinds = ['text', 'bytes', 'reply', 'fileKey'] as const;

export interface DirectBody {
  readonly content: (typeof directKinds)[number];
  readonly channel: string;
  readonly data: Uint8Array;
}

export const directBody = codec<DirectBody>(
  (w, v) => w.u8(directKinds.indexOf(v.content)).text8(v.channel).raw(v.data),
  (r) => ({ content: r.oneOf(directKinds), channel: r.text8(channelBytesMax), data: r.raw(r.remaining) }),
);

/** The data of a `fileKey`: what opens the chunks of a file for one, and what its manifest does not say (rule F7). */
export interface FileSecret {
  readonly file: number;
  /** 32 bytes, good for this file only. */
  readonly key: Uint8Array;
  readonly name: string;
  readonly type: string;
}

export const fileSecretBody = codec<FileSecret>(
  (w, v) => w.u32(v.file).raw(v.key).text8(v.name).text8(v.type),
  (r) => ({ file: r.u32(), key: r.raw(32), name: r.text8(fileNameBytesMax), type: r.text8(fileTypeBytesMax) }),
);

/** Bytes that sealing adds to each chunk of a file for one. */
export const chunkTagBytes = 16;

type Layout = Pick<Manifest, 'sizeBytes' | 'chunkBytes'>;

/** How a file for one is announced whose sealed chunks are that long. */
export function sealedLayout(sizeBytes: number, chunkBytes: number): Layout {
  const chunks = Math.ceil(sizeBytes / (chunkBytes - chunkTagBytes));
  return { sizeBytes: sizeBytes + chunks * chunkTagBytes, chunkBytes };
}

/** The reverse: size, and bytes in each chunk, of what was sealed. `undefined` for what cannot have been. */
export function openedLayout(manifest: Manifest): Layout | undefined {
  const chunks = chunkCount(manifest);
  const sizeBytes = manifest.sizeBytes - chunks * chunkTagBytes;
  const chunkBytes = manifest.chunkBytes - chunkTagBytes;
  return chunkBytes > 0 && sizeBytes >= 0 && Math.ceil(sizeBytes / chunkBytes) === chunks
    ? { sizeBytes, chunkBytes }
    : undefined;
}
