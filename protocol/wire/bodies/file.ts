/** Files: manifests, chunks, and how far everybody is (chapter F). */
import { chunkBytesMax, fileNameBytesMax, filesMax, fileTypeBytesMax } from '../../limits.ts';
import type { NodeId, SessionId } from '../../types.ts';
import { atLeastOne, bounded, codec } from './codec.ts';

/** What a sender says of a file before its chunks (rule F1). The message packet that carries it is signed. */
export interface Manifest {
  /** Number of the file within the sender's session. */
  readonly file: number;
  readonly sizeBytes: number;
  /** Bytes in each chunk but the last. */
  readonly chunkBytes: number;
  readonly name: string;
  /** Media type, may be empty. */
  readonly type: string;
}
export const manifestBody = codec<Manifest>(
  (w, v) => w.u32(v.file).u48(v.sizeBytes).u16(v.chunkBytes).text8(v.name).text8(v.type),
  (r) => ({
    file: r.u32(),
    sizeBytes: r.u48(),
    chunkBytes: atLeastOne(r, bounded(r, r.u16(), chunkBytesMax)),
    name: r.text8(fileNameBytesMax),
    type: r.text8(fileTypeBytesMax),
  }),
);

/** Chunks of a file of this size. An empty file has none. */
export function chunkCount(manifest: Manifest): number {
  return Math.ceil(manifest.sizeBytes / manifest.chunkBytes);
}

/** The data of a `cancel`. */
export const cancelBody = codec<{ readonly file: number }>(
  (w, v) => w.u32(v.file),
  (r) => ({ file: r.u32() }),
);

/** Bytes of a chunk's body before its data: the file's number stays readable, the data is encrypted behind it. */
export const chunkPrefixBytes = 4;

/** chunk, push: `seq` in the header is its index; the body is the file's number and the data. */
export const chunkBody = codec<{ readonly file: number; readonly data: Uint8Array }>(
  (w, v) => w.u32(v.file).raw(v.data),
  (r) => ({ file: r.u32(), data: r.raw(r.remaining) }),
);

/** How far a peer is with one file. */
export interface FileHave {
  readonly sender: NodeId;
  readonly session: SessionId;
  readonly file: number;
  /** The next chunk it lacks: it has all before. */
  readonly next: number;
}

/**
 * want: how far the sender is with files. pull: the other end sends on from there (rule F3); confirm: it has taken what was sent
 * up to there, and the other end may send more (rule F4).
 */
export const wantBody = codec<readonly FileHave[]>(
  (w, v) => {
    w.u8(v.length);
    for (const have of v) w.id(have.sender).id(have.session).u32(have.file).u32(have.next);
  },
  (r) =>
    Array.from({ length: bounded(r, r.u8(), filesMax) }, () => ({
      sender: r.id(16) as NodeId,
      session: r.id(8) as SessionId,
      file: r.u32(),
      next: r.u32(),
    })),
);

/** progress, push: towards a file's sender, how many peers on this side have it (rule F5). */
export interface ProgressBody {
  readonly sender: NodeId;
  readonly session: SessionId;
  readonly file: number;
  readonly complete: number;
  readonly peers: number;
}
export const progressBody = codec<ProgressBody>(
  (w, v) => w.id(v.sender).id(v.session).u32(v.file).u32(v.complete).u32(v.peers),
  (r) => ({
    sender: r.id(16) as NodeId,
    session: r.id(8) as SessionId,
    file: r.u32(),
    complete: r.u32(),
    peers: r.u32(),
  }),
);
