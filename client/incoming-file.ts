/** A file of somebody else: received, kept and carried for others. */
import type { FileKey, NodeId } from '../protocol/types.ts';
import { chunkBody, chunkCount, type Manifest } from '../protocol/wire/bodies.ts';
import { flagEncrypted, type VerifiedPacket } from '../protocol/wire/packet.ts';
import { BanyanError, type FileProgress, type IncomingFile } from './api.ts';
import { ChunkFile, tailBytes } from './chunk-file.ts';
import type { FileCipher } from './crypto/hpke.ts';
import { concat } from './crypto/provider.ts';
import { storageError, type FileStore } from './file-store.ts';
import { cleanFileName } from './options.ts';
import type { Sealer } from './seal.ts';
import { Teller } from './teller.ts';

type Chunk = VerifiedPacket<'chunk'>;

/** Chunks kept as they came, for neighbours that are as far: a quarter of a megabyte. */
const freshMax = 16;

/** All that the chunks of a file have in common, without the bytes of the one it is taken from. */
function templateOf({ bytes: _bytes, plainText: _plainText, sender, ...rest }: Chunk): Chunk {
  const nothing = new Uint8Array(0);
  return { ...rest, sender: sender.slice(), validator: nothing, body: nothing };
}

/** What only the addressee of a file knows: how to open its chunks, and what is in them. */
export interface Opened extends Manifest {
  readonly cipher: FileCipher;
}

export interface IncomingPorts {
  readonly store: Promise<FileStore>;
  readonly sealer: Sealer;
  /** For a file that is sealed to this peer. It is kept as it is read, and sealed again for neighbours. */
  readonly opened?: Opened | undefined;
  /** It can neither be kept nor carried any more: to be dropped. */
  failed(file: Incoming, error: BanyanError): void;
}

export class Incoming implements IncomingFile {
  readonly id: FileKey;
  readonly from: NodeId;
  readonly name: string;
  readonly type: string;
  readonly size: number;
  readonly to?: NodeId;
  readonly sentAt: number;
  readonly done: Promise<Blob>;
  /** When its last chunk came, ms of `performance.now()`. */
  lastMs = performance.now();
  /** Whether the program asked to keep it. */
  isKept = false;
  error: BanyanError | undefined;
  readonly #manifest: Manifest;
  readonly #chunks: number;
  readonly #bytes: ChunkFile;
  readonly #ports: IncomingPorts;
  readonly #teller = new Teller(() => this.progress);
  readonly #fresh = new Map<number, Chunk>();
  #template: Chunk | undefined;
  #blob: Blob | undefined;
  #settle: { readonly resolve: (blob: Blob) => void; readonly reject: (error: BanyanError) => void } | undefined;

  constructor(
    id: FileKey,
    from: NodeId,
    manifest: Manifest,
    sent: { readonly atMs: number; readonly to: NodeId | undefined },
    ports: IncomingPorts,
  ) {
    this.id = id;
    this.from = from;
    const shown = ports.opened ?? manifest;
    this.name = cleanFileName(shown.name);
    this.type = shown.type;
    this.size = shown.sizeBytes;
    if (sent.to !== undefined) this.to = sent.to;
    this.sentAt = sent.atMs;
    this.#manifest = manifest;
    this.#chunks = chunkCount(manifest);
    this.#ports = ports;
    // What names a piece must fit a file system, too.
    this.#bytes = new ChunkFile(id.replaceAll(':', '-'), shown, ports.store, (error) => {
      ports.failed(this, storageError(error));
    });
    this.done = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    // Nobody need wait for it.
    this.done.catch(() => undefined);
    if (this.#chunks === 0) void this.#finish();
  }

  get progress(): FileProgress {
    return { bytes: this.#bytes.bytes, size: this.size };
  }

  /** Whether all of it is here and kept. */
  get isComplete(): boolean {
    return this.#blob !== undefined;
  }

  blob(): Blob | undefined {
    return this.#blob;
  }

  accept(): Promise<Blob> {
    this.isKept = true;
    return this.done;
  }

  cancel(): void {
    this.isKept = false;
    this.#end(new BanyanError('cancelled', 'this program does not want the file'));
  }

  onProgress(listener: (progress: FileProgress) => void): () => void {
    return this.#teller.on(listener);
  }

  // What the room does with it.

  /** The next chunk, in order. */
  take(chunk: Chunk): void {
    const { header, plainText, validator, hops } = chunk;
    const { opened } = this.#ports;
    const data = opened && plainText ? opened.cipher.open(header.seq, plainText) : plainText;
    // Only a packet that can be made again from its data and signature can be passed on.
    const isUsual = header.timeMs === 0 && header.flags === flagEncrypted && chunk.action === 'push';
    const isNext = header.seq === this.#bytes.next && data?.length === this.#bytes.lengthOf(header.seq);
    if (!isUsual || !isNext) {
      this.#ports.failed(this, new BanyanError('file-damaged', 'a part of the file is not what was announced'));
      return;
    }
    this.lastMs = performance.now();
    this.#template ??= templateOf(chunk);
    this.#bytes.append(data, concat(validator, Uint8Array.of(hops)));
    this.#fresh.set(header.seq, chunk);
    this.#fresh.delete(header.seq - freshMax);
    this.#teller.soon();
    if (this.#bytes.next === this.#chunks) void this.#finish();
  }

  async #finish(): Promise<void> {
    const blob = await this.#bytes.blob(this.type);
    this.#fresh.clear();
    // A piece that could not be kept has been told of already.
    if (blob === undefined || this.error) return;
    this.#blob = blob;
    this.#settle?.resolve(blob);
    this.#teller.now();
  }

  /** The packet of a chunk as it came, to be passed on. */
  async read(index: number): Promise<Chunk | undefined> {
    const fresh = this.#fresh.get(index);
    if (fresh) return fresh;
    const stored = await this.#bytes.read(index);
    const template = this.#template;
    if (stored === undefined || template === undefined) return undefined;
    const { opened } = this.#ports;
    const { tail } = stored;
    const data = opened ? opened.cipher.seal(index, stored.data) : stored.data;
    const body = chunkBody.encode({ file: this.#manifest.file, data });
    const header = { ...template.header, seq: index };
    const sealed = await this.#ports.sealer.restore({ ...template, header, body }, tail.slice(0, tailBytes - 1));
    return { ...sealed, hops: tail[tailBytes - 1] ?? 0, senderId: this.from } as Chunk;
  }

  #end(error: BanyanError): void {
    if (this.error) return;
    this.error = error;
    this.#blob = undefined;
    this.#settle?.reject(error);
    this.#teller.now();
  }

  /** It will not be here any more: its bytes go. */
  end(error: BanyanError): void {
    this.#end(error);
    this.#fresh.clear();
    void this.#bytes.drop();
  }
}
