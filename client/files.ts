/**
 * The files of a room: what this program sends, what others send, and where the bytes of both are. The core says which chunk
 * goes where (rules F1 to F7); here they are read, sealed, stored and shown.
 */
import { filesMax, progressPeriodMs } from '../protocol/limits.ts';
import type { Peer, UserOutput } from '../protocol/peer.ts';
import { Recent } from '../protocol/recent.ts';
import { fileKey, noNode, type FileKey, type LinkId, type NodeId } from '../protocol/types.ts';
import { cancelBody, manifestBody, type Manifest, type Message } from '../protocol/wire/bodies.ts';
import { fileSecretBody, openedLayout, type FileSecret } from '../protocol/wire/bodies/direct.ts';
import type { VerifiedPacket } from '../protocol/wire/packet.ts';
import { BanyanError, type FileOptions, type FileTransfer, type IncomingFile } from './api.ts';
import { storageError, type FileStore } from './file-store.ts';
import { Incoming, type Opened } from './incoming-file.ts';
import { checkFile, checkFileSize, type CheckedFile } from './options.ts';
import { Outgoing } from './outgoing-file.ts';
import type { Sealer } from './seal.ts';
import { spool } from './spool.ts';

export type FileOutput = Extract<UserOutput, { kind: 'file' | 'chunk' | 'readChunk' | 'fileProgress' | 'fileGone' }>;

type Answer = ReturnType<Peer['send']>;
type Chunk = VerifiedPacket<'chunk'>;

/** How long a file of somebody who is gone may stand still before it is given up, ms. */
const orphanPatienceMs = 30_000;

export interface FilePorts {
  readonly sealer: Sealer;
  readonly peer: Peer;
  /** Called once, when the first byte is to be kept. */
  openStore(): Promise<FileStore>;
  /** Sends something that is no message to a person. */
  post(content: 'file' | 'fileKey' | 'cancel', data: Uint8Array, to: NodeId): Answer;
  /** Others in the room as far as is known. */
  readonly others: () => number;
  isHere(node: NodeId): boolean;
  /** Throws `unknown-member` when nothing can be sealed to this one. */
  checkReach(node: NodeId): void;
  announced(file: IncomingFile): void;
  failed(error: BanyanError): void;
}

export class RoomFiles {
  readonly #ports: FilePorts;
  readonly #incoming = new Map<FileKey, Incoming>();
  readonly #outgoing = new Map<FileKey, Outgoing>();
  /** Others' files that the core forgot and the program keeps. */
  readonly #kept = new Set<Incoming>();
  /** To whom and when files were announced, between the message and the core's word. */
  readonly #sent = new Map<FileKey, { readonly atMs: number; readonly to: NodeId | undefined }>();
  /** Of files that are sealed to this peer, between that message and the one that announces them. */
  readonly #secrets = new Recent<FileSecret>(filesMax);
  /** Answers to the core's reads, in the order of each link: a chunk out of its order is lost (rule F2). */
  readonly #answers = new Map<LinkId, Promise<void>>();
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  #store: Promise<FileStore> | undefined;
  /** Bytes of others' files and of streams that the store holds or was promised. */
  #heldBytes = 0;
  #nextFile = 1;
  #hasLeft = false;

  constructor(ports: FilePorts) {
    this.#ports = ports;
  }

  #openStore(): Promise<FileStore> {
    this.#store ??= this.#ports.openStore();
    return this.#store;
  }

  // Sending.

  send(source: Blob | ReadableStream<Uint8Array>, options: FileOptions): FileTransfer {
    const checked = checkFile(source, options);
    if (this.#hasLeft) throw new BanyanError('left-room', 'this room was left');
    const { peer, sealer, others } = this.#ports;
    let secret;
    if (checked.to !== undefined) {
      this.#ports.checkReach(checked.to);
      const secretKey = crypto.getRandomValues(new Uint8Array(32));
      secret = { key: secretKey, cipher: sealer.direct.fileSealer(secretKey) };
    }
    const file = this.#nextFile++;
    const key = fileKey(peer.id, peer.packetFactory.session, file);
    const stop = new AbortController();
    const outgoing = new Outgoing(key, file, checked, options.signal, {
      self: peer.id,
      others,
      secret,
      seal: async (number, index, data) => sealer.seal(peer.packetFactory.newChunk(number, index, data)),
      withdrawn: (withdrawn) => {
        stop.abort(withdrawn.error);
        if (withdrawn.isAnnounced) this.#takeBack(file, key);
      },
    });
    this.#outgoing.set(key, outgoing);
    if (outgoing.error) this.#outgoing.delete(key);
    else if (source instanceof Blob) this.#announce(outgoing, source);
    else void this.#sendStream(outgoing, source, checked, stop.signal);
    return outgoing;
  }

  async #sendStream(
    outgoing: Outgoing,
    stream: ReadableStream<Uint8Array>,
    { size: statedBytes }: CheckedFile,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      const store = await this.#openStore();
      const bytesMax = store.bytesMax - this.#heldBytes;
      const spooled = await spool(stream, outgoing.id.replaceAll(':', '-'), store, { statedBytes, bytesMax, signal });
      const { size } = spooled.blob;
      this.#heldBytes += size;
      outgoing.onEnd = () => {
        this.#heldBytes -= size;
        void store.drop(spooled.pieces);
      };
      this.#announce(outgoing, spooled.blob);
    } catch (error) {
      this.#outgoing.delete(outgoing.id);
      outgoing.end(storageError(error));
    }
  }

  #announce(outgoing: Outgoing, source: Blob): void {
    outgoing.readFrom(source);
    const { manifest, secret, to = noNode } = outgoing;
    checkFileSize(manifest.sizeBytes);
    // What opens it goes first: it is announced to who can read it.
    let answer: Answer = 'accepted';
    if (secret) answer = this.#ports.post('fileKey', fileSecretBody.encode(secret), to);
    if (answer === 'accepted') answer = this.#ports.post('file', manifestBody.encode(manifest), to);
    if (answer === 'accepted') {
      outgoing.isAnnounced = true;
      return;
    }
    this.#outgoing.delete(outgoing.id);
    const busy = new BanyanError('busy', 'more is being sent than goes out: wait for earlier sends');
    outgoing.end(answer === 'left' ? new BanyanError('left-room', 'this room was left') : busy);
  }

  /** Tells everybody. While messages queue up, later. */
  #takeBack(file: number, key: FileKey): void {
    const answer = this.#ports.post('cancel', cancelBody.encode({ file }), noNode);
    if (answer !== 'busy') return;
    // No chunk goes out meanwhile.
    this.#outgoing.delete(key);
    this.#later(progressPeriodMs, () => {
      this.#takeBack(file, key);
    });
  }

  #later(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, ms);
    this.#timers.add(timer);
  }

  // The core's word.

  /** A message packet in its place, before the core's `file` output for a manifest in it. */
  delivered(packet: VerifiedPacket<'message'>, messages: readonly Message[]): void {
    this.#sent.clear();
    for (const { content, data, to } of messages) {
      const secret = content === 'fileKey' && to === this.#ports.peer.id ? fileSecretBody.decode(data) : undefined;
      if (secret) this.#secrets.set(fileKey(packet.senderId, packet.header.session, secret.file), secret);
      const manifest = content === 'file' ? manifestBody.decode(data) : undefined;
      if (manifest === undefined) continue;
      const key = fileKey(packet.senderId, packet.header.session, manifest.file);
      this.#sent.set(key, { atMs: packet.header.timeMs, to: to === noNode ? undefined : to });
    }
  }

  output(output: FileOutput): void {
    switch (output.kind) {
      case 'file':
        this.#announced(output);
        break;
      case 'chunk':
        this.#incoming.get(output.file)?.take(output.packet);
        break;
      case 'readChunk':
        this.#read(output.link, output.file, output.index);
        break;
      case 'fileProgress':
        this.#outgoing.get(output.file)?.reported(output.complete, output.peers);
        break;
      case 'fileGone':
        this.#gone(output.file, output.cancelled);
        break;
    }
  }

  #announced({ file: key, sender, manifest, isShown }: Extract<FileOutput, { kind: 'file' }>): void {
    const { peer, sealer } = this.#ports;
    // What an earlier visit under the same key sent is somebody's like any other.
    if (key === fileKey(peer.id, peer.packetFactory.session, manifest.file)) return;
    const sent = this.#sent.get(key) ?? { atMs: Date.now(), to: undefined };
    this.#sent.delete(key);
    const store = this.#openStore();
    const opened = sent.to === peer.id ? this.#opened(key, manifest) : undefined;
    const incoming = new Incoming(key, sender, manifest, sent, {
      store,
      sealer,
      opened,
      failed: (file, error) => {
        this.#fail(file, error);
      },
    });
    this.#incoming.set(key, incoming);
    void this.#reserve(incoming, store);
    if (!this.#ports.isHere(sender)) this.absent(sender);
    // What names this peer and is not sealed to it, others could read: it is carried and not shown, as with messages (rule S8).
    if (isShown && (sent.to === undefined || opened)) this.#ports.announced(incoming);
  }

  #opened(key: FileKey, manifest: Manifest): Opened | undefined {
    const secret = this.#secrets.get(key);
    const layout = openedLayout(manifest);
    const cipher = secret && this.#ports.sealer.direct.fileOpener(secret.key);
    return cipher && layout && { ...secret, ...layout, cipher };
  }

  /** Finds room for a file: the oldest complete ones that nobody asked to keep make it. */
  async #reserve(incoming: Incoming, opened: Promise<FileStore>): Promise<void> {
    this.#heldBytes += incoming.size;
    try {
      const { bytesMax } = await opened;
      if (incoming.size > bytesMax) throw new RangeError('larger than all the room');
      for (const other of this.#incoming.values()) {
        if (this.#heldBytes <= bytesMax) return;
        if (other.isComplete && !other.isKept) this.#ports.peer.dropFile(other.id);
      }
      if (this.#heldBytes > bytesMax) throw new RangeError('full');
    } catch (error) {
      this.#fail(incoming, storageError(error));
    }
  }

  #fail(incoming: Incoming, error: BanyanError): void {
    if (!this.#incoming.has(incoming.id)) return;
    this.#forget(incoming, error);
    this.#ports.peer.dropFile(incoming.id);
    this.#ports.failed(error);
  }

  #forget(incoming: Incoming, error: BanyanError): void {
    this.#incoming.delete(incoming.id);
    this.#heldBytes -= incoming.size;
    incoming.end(error);
  }

  #gone(key: FileKey, cancelled: boolean): void {
    const error = cancelled
      ? new BanyanError('cancelled', 'its sender took the file back')
      : new BanyanError('file-gone', 'the file made room for newer ones');
    const outgoing = this.#outgoing.get(key);
    this.#outgoing.delete(key);
    outgoing?.end(error);
    const incoming = this.#incoming.get(key);
    if (incoming === undefined) return;
    if (incoming.isComplete && incoming.isKept) {
      this.#incoming.delete(key);
      this.#kept.add(incoming);
    } else this.#forget(incoming, error);
  }

  #read(link: LinkId, key: FileKey, index: number): void {
    const file = this.#outgoing.get(key) ?? this.#incoming.get(key);
    const reading: Promise<Chunk | undefined> = Promise.resolve(file?.read(index)).catch(() => undefined);
    const answer = (this.#answers.get(link) ?? Promise.resolve()).then(async () => {
      const packet = await reading;
      if (this.#answers.get(link) === answer) this.#answers.delete(link);
      if (!this.#hasLeft) this.#ports.peer.chunkRead(link, key, index, packet);
    });
    this.#answers.set(link, answer);
  }

  // The room's.

  /** Somebody is gone: what nobody sends on any more is given up. */
  absent(node: NodeId): void {
    for (const file of this.#incoming.values()) {
      if (file.from === node && !file.isComplete) this.#watch(file, orphanPatienceMs);
    }
  }

  #watch(file: Incoming, afterMs: number): void {
    this.#later(afterMs, () => {
      if (file.isComplete || !this.#incoming.has(file.id) || this.#ports.isHere(file.from)) return;
      const restMs = orphanPatienceMs - (performance.now() - file.lastMs);
      if (restMs > 0) this.#watch(file, restMs);
      else this.#fail(file, new BanyanError('file-gone', 'its sender left before everything was sent'));
    });
  }

  treeChanged(): void {
    if (this.#outgoing.size === 0) return;
    const others = this.#ports.others();
    for (const file of this.#outgoing.values()) file.othersAre(others);
  }

  async leave(): Promise<void> {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    for (const timer of this.#timers) clearTimeout(timer);
    const error = new BanyanError('left-room', 'this room was left');
    for (const file of [...this.#outgoing.values(), ...this.#incoming.values(), ...this.#kept]) file.end(error);
    this.#outgoing.clear();
    this.#incoming.clear();
    this.#kept.clear();
    await (await this.#store?.catch(() => undefined))?.close();
  }
}
