/** A file that this program sends: read chunk by chunk as neighbours ask for it. */
import { chunkBytesMax } from '../protocol/limits.ts';
import type { FileKey, NodeId } from '../protocol/types.ts';
import { type Manifest } from '../protocol/wire/bodies.ts';
import { chunkTagBytes, sealedLayout, type FileSecret } from '../protocol/wire/bodies/direct.ts';
import type { Packet, VerifiedPacket } from '../protocol/wire/packet.ts';
import { BanyanError, type FileTransfer, type TransferProgress } from './api.ts';
import { blockChunks, BlockReader } from './block-reader.ts';
import type { FileCipher } from './crypto/hpke.ts';
import type { Bytes } from './crypto/provider.ts';
import type { CheckedFile } from './options.ts';
import { Teller } from './teller.ts';

type Chunk = VerifiedPacket<'chunk'>;

/** Sealed chunks kept for the next neighbour that asks, so that one is signed once. */
const sealedMax = 16;

export interface OutgoingPorts {
  readonly self: NodeId;
  readonly seal: (file: number, index: number, data: Uint8Array) => Promise<Packet>;
  /** For a file that one member only is to read. */
  readonly secret: { readonly key: Uint8Array; readonly cipher: Promise<FileCipher> } | undefined;
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
  /** Bytes of the file in each chunk but the last. */
  readonly #chunkBytes: number;
  readonly #ports: OutgoingPorts;
  readonly #sealed = new Map<number, Promise<Packet>>();
  readonly #teller = new Teller(() => this.progress);
  #source: BlockReader | undefined;
  #size: number;
  /** Chunks that were read, up to the furthest. */
  #read = 0;
  /** As last reported: others that have all of it, and others that know of it. */
  #have = 0;
  #known = 0;
  /** Others that it was announced to and that are still there. */
  #expected = 0;
  /** Others in the room. */
  #others = 0;
  /** Whether anybody ever had all of it. */
  #wasHad = false;
  #isSettled = false;
  #settle: { readonly resolve: () => void; readonly reject: (error: BanyanError) => void } | undefined;

  constructor(id: FileKey, file: number, checked: CheckedFile, signal: AbortSignal | undefined, ports: OutgoingPorts) {
    this.id = id;
    this.name = checked.name;
    this.type = checked.type;
    if (checked.to !== undefined) this.to = checked.to;
    this.#file = file;
    this.#chunkBytes = chunkBytesMax - (ports.secret ? chunkTagBytes : 0);
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
      bytes: Math.min(this.#read * this.#chunkBytes, this.#size),
      size: this.#size,
      // Reports are a second old for each level of the tree, and unsigned: no more than there are.
      have: Math.min(this.#have, this.#others),
      of: Math.min(Math.max(this.#known, this.#expected, this.#have), this.#others),
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
    // What only one is to read is announced to everybody as so many bytes of nothing.
    if (this.#ports.secret) return { file: this.#file, name: '', type: '', ...sealedLayout(this.#size, chunkBytesMax) };
    return { file: this.#file, sizeBytes: this.#size, chunkBytes: chunkBytesMax, name: this.name, type: this.type };
  }

  /** What its addressee is told besides; `undefined` for a file that is for everybody. */
  get secret(): FileSecret | undefined {
    const { secret } = this.#ports;
    return secret && { file: this.#file, key: secret.key, name: this.name, type: this.type };
  }

  /** From now on chunks may be asked for. */
  readFrom(source: Blob): void {
    this.#source = new BlockReader(source, blockChunks * this.#chunkBytes);
    this.#size = source.size;
    this.#expected = this.#others = this.#ports.others();
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
      const from = index * this.#chunkBytes;
      data = await this.#source?.read(from, Math.min(from + this.#chunkBytes, this.#size));
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
    const { seal, secret } = this.#ports;
    return seal(this.#file, index, secret ? (await secret.cipher).seal(index, data) : data);
  }

  /** What the others report: how many of them have all of it, and how many know of it. */
  reported(complete: number, peers: number): void {
    this.#have = complete;
    this.#known = peers;
    this.#wasHad ||= complete > 0;
    this.#look();
    this.#teller.soon();
  }

  /** The room changed: who left is waited for no longer. */
  othersAre(others: number): void {
    if (!this.isAnnounced || others === this.#others) return;
    this.#others = others;
    // To nobody so far: it is for those who come first, or are seen again. Who comes later is not waited for without asking for it.
    this.#expected = this.#expected > 0 || this.#wasHad ? Math.min(this.#expected, others) : others;
    this.#look();
    this.#teller.soon();
  }

  /** Perhaps everybody has it who is to have it. What nobody ever had is given out still. */
  #look(): void {
    if (this.#isSettled || !this.#wasHad || this.#have < this.#known || this.#known < this.#expected) return;
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
