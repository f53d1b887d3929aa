/** A file that this program sends: read chunk by chunk as neighbours ask for it. */
import { chunkBytesMax } from '../protocol/limits.ts';
import type { FileKey, NodeId } from '../protocol/types.ts';
import { type Manifest } from '../protocol/wire/bodies.ts';
import type { Packet, VerifiedPacket } from '../protocol/wire/packet.ts';
import { BanyanError, type FileTransfer, type TransferProgress } from './api.ts';
import { blockChunks, BlockReader } from './block-reader.ts';
import type { Bytes } from './crypto/provider.ts';
import type { CheckedFile } from './options.ts';
import { Teller } from './teller.ts';

type Chunk = VerifiedPacket<'chunk'>;

/** Sealed chunks kept for the next neighbour that asks, so that one is signed once. */
const sealedMax = 16;

export interface OutgoingPorts {
  readonly self: NodeId;
  seal(file: number, index: number, data: Uint8Array): Promise<Packet>;
  /** Others in the room as far as is known. */
  readonly others: () => number;
  /** Its sender takes it back, or it cannot be read any more. */
  withdrawn(file: Outgoing): void;
}

export class Outgoing implements FileTransfer {
  readonly id: FileKey;
  readonly name: string;
  readonly type: string;
  readonly to?: NodeId;
  readonly done: Promise<void>;
  error: BanyanError | undefined;
  /** Whether everybody was told of it. */
  isAnnounced = false;
  /** Lets go of what was stored for it. */
  onEnd: (() => void) | undefined;
  readonly #file: number;
  readonly #ports: OutgoingPorts;
  readonly #sealed = new Map<number, Promise<Packet>>();
  readonly #teller = new Teller(() => this.progress);
  #source: BlockReader | undefined;
  #size: number;
  /** Chunks that were read, up to the furthest. */
  #read = 0;
  #have = 0;
  #known = 0;
  #expected = 0;
  #isSettled = false;
  #settle: { readonly resolve: () => void; readonly reject: (error: BanyanError) => void } | undefined;

  constructor(id: FileKey, file: number, checked: CheckedFile, signal: AbortSignal | undefined, ports: OutgoingPorts) {
    this.id = id;
    this.name = checked.name;
    this.type = checked.type;
    if (checked.to !== undefined) this.to = checked.to;
    this.#file = file;
    this.#size = checked.size ?? 0;
    this.#ports = ports;
    const onAbort = (): void => {
      this.#withdraw(new BanyanError('aborted', 'sending the file was called off'));
    };
    this.done = new Promise<void>((resolve, reject) => {
      this.#settle = { resolve, reject };
    }).finally(() => {
      signal?.removeEventListener('abort', onAbort);
    });
    this.done.catch(() => undefined);
    signal?.addEventListener('abort', onAbort);
    if (signal?.aborted === true) onAbort();
  }

  get progress(): TransferProgress {
    return {
      bytes: Math.min(this.#read * chunkBytesMax, this.#size),
      size: this.#size,
      have: this.#have,
      of: Math.max(this.#known, this.#expected, this.#have),
    };
  }

  onProgress(listener: (progress: TransferProgress) => void): () => void {
    return this.#teller.on(listener);
  }

  cancel(): void {
    this.#withdraw(new BanyanError('cancelled', 'the file was taken back'));
  }

  #withdraw(error: BanyanError): void {
    if (this.error) return;
    this.end(error);
    this.#ports.withdrawn(this);
  }

  // What the room does with it.

  get manifest(): Manifest {
    return { file: this.#file, sizeBytes: this.#size, chunkBytes: chunkBytesMax, name: this.name, type: this.type };
  }

  /** From now on chunks may be asked for. */
  readFrom(source: Blob): void {
    this.#source = new BlockReader(source, blockChunks * chunkBytesMax);
    this.#size = source.size;
    this.#expected = this.#ports.others();
  }

  /** The packet of a chunk, sealed. Rejects, and ends the file, when its bytes cannot be had any more. */
  async read(index: number): Promise<Chunk> {
    let sealed = this.#sealed.get(index);
    if (sealed === undefined) {
      sealed = this.#seal(index);
      this.#sealed.set(index, sealed);
      const [oldest] = this.#sealed.keys();
      if (this.#sealed.size > sealedMax && oldest !== undefined) this.#sealed.delete(oldest);
    }
    // It crosses its first edge now.
    return { ...(await sealed), hops: 0, senderId: this.#ports.self } as Chunk;
  }

  async #seal(index: number): Promise<Packet> {
    let data: Bytes | undefined;
    try {
      const from = index * chunkBytesMax;
      data = await this.#source?.read(from, Math.min(from + chunkBytesMax, this.#size));
    } catch {
      // Told below.
    }
    if (data === undefined) {
      const error = new BanyanError('file-unreadable', 'the file changed, or can be read no more');
      this.#withdraw(error);
      throw error;
    }
    if (index >= this.#read) {
      this.#read = index + 1;
      this.#teller.soon();
    }
    return this.#ports.seal(this.#file, index, data);
  }

  /** What the others report: how many of them have all of it, and how many know of it. */
  reported(complete: number, peers: number): void {
    this.#have = complete;
    this.#known = peers;
    this.lookAgain();
    this.#teller.soon();
  }

  /** Reports or the room changed: perhaps everybody has it who is to have it. */
  lookAgain(): void {
    // Who left is waited for no longer; who came later gets it, and is not waited for unless it says that it wants it.
    if (!this.isAnnounced || this.#isSettled) return;
    this.#expected = Math.min(this.#expected, this.#ports.others());
    if (this.#have < this.#known || this.#known < this.#expected) return;
    this.#isSettled = true;
    this.#settle?.resolve();
    this.#teller.now();
  }

  /** It does not go on. */
  end(error: BanyanError): void {
    if (this.error) return;
    this.error = error;
    this.#sealed.clear();
    this.#source = undefined;
    this.#settle?.reject(error);
    this.onEnd?.();
    this.#teller.now();
  }
}
