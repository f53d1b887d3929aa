/**
 * Reads a blob in small parts that follow each other, by blocks: each `slice` of a blob asks another process of the browser, which
 * takes a millisecond or more when the machine is busy.
 */
import type { Bytes } from './crypto/provider.ts';

/** Chunks of a file in a block: a quarter of a megabyte. */
export const blockChunks = 16;
/** Blocks kept: neighbours that are sent the same file are not all as far. */
const blocksMax = 2;

export class BlockReader {
  readonly #blob: Blob;
  readonly #blockBytes: number;
  /** Oldest first. */
  readonly #blocks = new Map<number, Promise<Bytes>>();

  constructor(blob: Blob, blockBytes: number) {
    this.#blob = blob;
    this.#blockBytes = blockBytes;
  }

  /** A copy of the bytes from `from` up to `to`, fewer where the blob ends. Rejects when the blob can be read no more. */
  async read(from: number, to: number): Promise<Bytes> {
    const end = Math.min(to, this.#blob.size);
    const bytes = new Uint8Array(Math.max(0, end - from));
    for (let at = from; at < end;) {
      const number = Math.floor(at / this.#blockBytes);
      const block = await this.#block(number);
      const part = block.subarray(at - number * this.#blockBytes, end - number * this.#blockBytes);
      // A file that became shorter.
      if (part.length === 0) throw new RangeError('the blob ends before its size');
      bytes.set(part, at - from);
      at += part.length;
    }
    return bytes;
  }

  #block(number: number): Promise<Bytes> {
    const known = this.#blocks.get(number);
    if (known) return known;
    const from = number * this.#blockBytes;
    const block = this.#blob
      .slice(from, from + this.#blockBytes)
      .arrayBuffer()
      .then((buffer) => new Uint8Array(buffer));
    this.#blocks.set(number, block);
    // What failed once may be read later.
    block.catch(() => this.#blocks.delete(number));
    const [oldest] = this.#blocks.keys();
    if (this.#blocks.size > blocksMax && oldest !== undefined) this.#blocks.delete(oldest);
    return block;
  }
}
