/**
 * A file as it arrives: chunks gathered to pieces of some megabytes, which a store keeps. A piece holds the data of its chunks
 * and, behind them, what each chunk's packet needs to be made again. Memory: one piece, those being written,
 * and blocks of those being read.
 */
import { Recent } from '../protocol/recent.ts';
import { chunkCount, type Manifest } from '../protocol/wire/bodies.ts';
import { blockChunks, BlockReader } from './block-reader.ts';
import type { Bytes } from './crypto/provider.ts';
import type { FileStore } from './file-store.ts';

/** Chunks in a piece: 4 MiB of them, so that 2 GiB are some 520 pieces. */
const pieceChunks = 256;
/** Pieces whose blocks are kept: neighbours that come later are each at another place. Half a megabyte each. */
const readersMax = 4;
/** Bytes behind the data for each chunk: its signature, and how many edges it has crossed. */
export const tailBytes = 65;

type Layout = Pick<Manifest, 'sizeBytes' | 'chunkBytes'>;

export interface StoredChunk {
  readonly data: Bytes;
  readonly tail: Bytes;
}

interface PieceReader {
  readonly data: BlockReader;
  readonly tails: BlockReader;
}

export class ChunkFile {
  readonly #name: string;
  readonly #store: Promise<FileStore>;
  readonly #sizeBytes: number;
  readonly #chunkBytes: number;
  readonly #chunks: number;
  readonly #onFailed: (error: unknown) => void;
  readonly #pieces: (Blob | undefined)[] = [];
  /** Of the pieces that were last read from the store, by their numbers. */
  #readers = new Recent<PieceReader>(readersMax);
  /** The piece being filled, and those being written. */
  readonly #inMemory = new Map<number, Bytes>();
  /** Memory of a piece that was written: engines are slow to collect megabytes that lived for half a minute. */
  #spare: ArrayBuffer | undefined;
  readonly #writes: Promise<void>[] = [];
  #next = 0;
  #isGone = false;

  /** `name` is unique in the store; `onFailed` is told when a piece could not be kept. */
  constructor(name: string, layout: Layout, store: Promise<FileStore>, onFailed: (error: unknown) => void) {
    this.#name = name;
    this.#store = store;
    this.#sizeBytes = layout.sizeBytes;
    this.#chunkBytes = layout.chunkBytes;
    this.#chunks = chunkCount({ ...layout, file: 0, name: '', type: '' });
    this.#onFailed = onFailed;
  }

  /** Chunks that are here: all before this one. */
  get next(): number {
    return this.#next;
  }

  get bytes(): number {
    return Math.min(this.#next * this.#chunkBytes, this.#sizeBytes);
  }

  /** Length of a chunk's data: all are alike but the last. */
  lengthOf(index: number): number {
    return Math.min(this.#chunkBytes, this.#sizeBytes - index * this.#chunkBytes);
  }

  #chunksIn(piece: number): number {
    return Math.min(pieceChunks, this.#chunks - piece * pieceChunks);
  }

  #dataBytesIn(piece: number): number {
    const pieceBytes = pieceChunks * this.#chunkBytes;
    return Math.min(pieceBytes, this.#sizeBytes - piece * pieceBytes);
  }

  /** Takes the next chunk, of exactly `lengthOf(next)` bytes, and a tail of at most `tailBytes`. */
  append(data: Uint8Array, tail: Uint8Array): void {
    if (this.#isGone) return;
    const index = this.#next++;
    const piece = Math.floor(index / pieceChunks);
    const at = index % pieceChunks;
    const dataBytes = this.#dataBytesIn(piece);
    let bytes = this.#inMemory.get(piece);
    if (bytes === undefined) {
      bytes = this.#memory(dataBytes + this.#chunksIn(piece) * tailBytes);
      this.#inMemory.set(piece, bytes);
    }
    bytes.set(data, at * this.#chunkBytes);
    bytes.set(tail, dataBytes + at * tailBytes);
    if (at === this.#chunksIn(piece) - 1) this.#writes.push(this.#write(piece, bytes));
  }

  #memory(length: number): Bytes {
    const spare = this.#spare;
    this.#spare = undefined;
    // Only the last piece is shorter.
    return spare ? new Uint8Array(spare, 0, length) : new Uint8Array(length);
  }

  async #write(piece: number, bytes: Bytes): Promise<void> {
    try {
      const store = await this.#store;
      if (this.#isGone) return;
      this.#pieces[piece] = await store.keep(this.#nameOf(piece), bytes);
      this.#inMemory.delete(piece);
      this.#spare = bytes.buffer;
    } catch (error) {
      if (!this.#isGone) this.#onFailed(error);
    }
  }

  #nameOf(piece: number): string {
    return `${this.#name}-${piece}`;
  }

  /** A chunk that is here; `undefined` when it is not, or can be read no more. */
  async read(index: number): Promise<StoredChunk | undefined> {
    if (index >= this.#next || this.#isGone) return undefined;
    const piece = Math.floor(index / pieceChunks);
    const dataFrom = (index % pieceChunks) * this.#chunkBytes;
    const tailFrom = this.#dataBytesIn(piece) + (index % pieceChunks) * tailBytes;
    const dataTo = dataFrom + this.lengthOf(index);
    const tailTo = tailFrom + tailBytes;
    const bytes = this.#inMemory.get(piece);
    if (bytes) return { data: bytes.slice(dataFrom, dataTo), tail: bytes.slice(tailFrom, tailTo) };
    const reading = this.#reader(piece);
    if (reading === undefined) return undefined;
    try {
      const [data, tail] = await Promise.all([
        reading.data.read(dataFrom, dataTo),
        reading.tails.read(tailFrom, tailTo),
      ]);
      return { data, tail };
    } catch {
      return undefined;
    }
  }

  /** Data and tails lie apart, so each is read ahead by itself. */
  #reader(piece: number): PieceReader | undefined {
    const blob = this.#pieces[piece];
    return (
      blob &&
      this.#readers.getOr(`${piece}`, () => ({
        data: new BlockReader(blob, blockChunks * this.#chunkBytes),
        tails: new BlockReader(blob, pieceChunks * tailBytes),
      }))
    );
  }

  /** The whole file once its last chunk is here and everything is kept; `undefined` when that failed. */
  async blob(type: string): Promise<Blob | undefined> {
    await Promise.all(this.#writes);
    this.#spare = undefined;
    const parts: Blob[] = [];
    for (let piece = 0; piece * pieceChunks < this.#chunks; piece++) {
      const blob = this.#pieces[piece];
      if (blob === undefined) return undefined;
      parts.push(blob.slice(0, this.#dataBytesIn(piece)));
    }
    return new Blob(parts, { type });
  }

  /** Lets go of everything that is kept. */
  async drop(): Promise<void> {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#inMemory.clear();
    await Promise.all(this.#writes);
    this.#spare = undefined;
    const names = Array.from(this.#writes.keys(), (piece) => this.#nameOf(piece));
    this.#pieces.length = 0;
    this.#readers = new Recent(readersMax);
    const store = await this.#store.catch(() => undefined);
    if (names.length > 0) await store?.drop(names);
  }
}
