/**
 * Files: a manifest in the log, then chunks that flow along the tree as they arrive. Each neighbour says how far it is,
 * and is sent what comes next; that one rule is sending, forwarding and resuming (rules F1 to F6). The bytes themselves
 * are stored by the shell: this part only knows counts.
 */
import { chunkBytesMax, chunkReadsMax, fileSizeMax, filesMax, fileWindowBytes, progressPeriodMs } from '../limits.ts';
import { fileKey, type FileKey, type LinkId, type NodeId, type SessionId } from '../types.ts';
import {
  cancelBody,
  chunkBody,
  chunkCount,
  manifestBody,
  type FileHave,
  type Message,
  type ProgressBody,
} from '../wire/bodies.ts';
import { passOn, type VerifiedPacket } from '../wire/packet.ts';
import type { Context } from './context.ts';
import { FilePace } from './file-pace.ts';
import { isTreeLink, type LinkState, type Links } from './links.ts';

interface FileState {
  readonly key: FileKey;
  readonly sender: NodeId;
  readonly session: SessionId;
  readonly file: number;
  readonly chunks: number;
  /** All chunks before this one are stored. */
  next: number;
  /** The link that leads to its sender; 0 for one's own. */
  towards: LinkId;
  /** What each other side of the tree last reported. */
  readonly sides: Map<LinkId, { readonly complete: number; readonly peers: number }>;
  reported: string;
}

/** What one neighbour lacks of one file. */
interface Sending {
  /** The next chunk to be read and sent. */
  next: number;
  /** It has taken all chunks before this one. */
  taken: number;
  reading: number;
}

/** All that one neighbour lacks. */
interface Receiver {
  readonly files: Map<FileKey, Sending>;
  readonly pace: FilePace;
}

export class Files {
  readonly #ctx: Context;
  readonly #links: Links;
  readonly #files = new Map<FileKey, FileState>();
  readonly #receivers = new Map<LinkId, Receiver>();
  #reportAtMs = Infinity;
  /** When a neighbour has rested (rule F4). */
  #pumpAtMs = Infinity;

  constructor(ctx: Context, links: Links) {
    this.#ctx = ctx;
    this.#links = links;
  }

  /** Looks for manifests and cancellations in the messages of a delivered packet; `from` is the link it came by, 0 for own. */
  delivered(packet: VerifiedPacket<'message'>, messages: readonly Message[], from: LinkId): void {
    for (const message of messages) {
      if (message.content === 'file') this.#announced(packet, message.data, from);
      else if (message.content === 'cancel') this.#cancelled(packet, message.data);
    }
  }

  #announced(packet: VerifiedPacket<'message'>, data: Uint8Array, from: LinkId): void {
    const manifest = manifestBody.decode(data);
    if (manifest === undefined || manifest.sizeBytes > fileSizeMax) return;
    const { senderId: sender } = packet;
    const { session } = packet.header;
    const key = fileKey(sender, session, manifest.file);
    if (this.#files.has(key)) return;
    if (this.#files.size >= filesMax) this.#makeRoom();
    const chunks = chunkCount(manifest);
    const isOwn = from === 0;
    this.#files.set(key, {
      key,
      sender,
      session,
      file: manifest.file,
      chunks,
      next: isOwn ? chunks : 0,
      towards: from,
      sides: new Map(),
      reported: '',
    });
    this.#ctx.emit({ kind: 'file', file: key, sender, manifest });
    for (const link of this.#links.tree()) {
      this.#tell(link, [key]);
      this.pump(link);
    }
    this.#reportSoon();
  }

  /** The oldest file that is complete makes room; without one, the oldest. */
  #makeRoom(): void {
    const states = [...this.#files.values()];
    const oldest = states.find((state) => state.next >= state.chunks) ?? states[0];
    if (oldest) this.drop(oldest.key);
  }

  #forget(key: FileKey, cancelled: boolean): void {
    if (!this.#files.delete(key)) return;
    for (const { files } of this.#receivers.values()) files.delete(key);
    this.#ctx.emit({ kind: 'fileGone', file: key, cancelled });
  }

  #cancelled(packet: VerifiedPacket<'message'>, data: Uint8Array): void {
    const cancel = cancelBody.decode(data);
    if (cancel) this.#forget(fileKey(packet.senderId, packet.header.session, cancel.file), true);
  }

  /** Keeps a file no longer. Neighbours are told as if it were complete here, or they would go on sending it. */
  drop(key: FileKey): void {
    const state = this.#files.get(key);
    if (state && state.next < state.chunks) {
      state.next = state.chunks;
      for (const link of this.#links.tree()) this.#tell(link, [key]);
    }
    this.#forget(key, false);
  }

  // What neighbours have.

  /** A tree link is new, or lost packets: say how far each file is. */
  introduce(link: LinkState): void {
    if (this.#files.size > 0) this.#tell(link, [...this.#files.keys()]);
  }

  #tell(link: LinkState, keys: readonly FileKey[], action: 'pull' | 'confirm' = 'pull'): void {
    const haves: FileHave[] = [];
    for (const key of keys) {
      const state = this.#files.get(key);
      if (state) haves.push({ sender: state.sender, session: state.session, file: state.file, next: state.next });
    }
    if (haves.length > 0) this.#links.send(link, this.#ctx.factory.newWant(haves, action));
  }

  wanted(link: LinkState, haves: readonly FileHave[], action: 'pull' | 'confirm'): void {
    let receiver = this.#receivers.get(link.id);
    if (receiver === undefined) this.#receivers.set(link.id, (receiver = { files: new Map(), pace: new FilePace() }));
    const { files, pace } = receiver;
    for (const { sender, session, file, next } of haves) {
      const key = fileKey(sender, session, file);
      const sending = files.get(key);
      if (action === 'confirm') {
        pace.taken(key, next, this.#ctx.nowMs);
        if (sending === undefined) continue;
        // It may have got more than was sent here, from elsewhere.
        sending.next = Math.max(sending.next, next);
        sending.taken = Math.max(sending.taken, next);
      } else {
        pace.restart(key);
        if (sending) sending.next = sending.taken = next;
        else if (files.size < 2 * filesMax) files.set(key, { next, taken: next, reading: 0 });
      }
    }
    // Who asks may have lost what was said of its own chunks.
    if (action === 'pull') this.#tell(link, [...files.keys()], 'confirm');
    this.pump(link);
  }

  linkEnded(link: LinkId): void {
    this.#receivers.delete(link);
    for (const state of this.#files.values()) {
      state.sides.delete(link);
      if (state.towards === link) state.towards = -1;
    }
    // Who is gone is waited for no longer.
    if (this.#files.size > 0) this.#reportSoon();
  }

  // Chunks in.

  receive(link: LinkState, packet: VerifiedPacket<'chunk'>): void {
    const chunk = chunkBody.decode(packet.body);
    if (chunk === undefined) return;
    const state = this.#files.get(fileKey(packet.senderId, packet.header.session, chunk.file));
    if (state === undefined || packet.header.seq > state.next || state.next >= state.chunks) return;
    if (packet.header.seq < state.next) {
      this.#tell(link, [state.key], 'confirm');
      return;
    }
    state.next++;
    state.towards = link.id;
    const done = state.next >= state.chunks;
    this.#ctx.emit({ kind: 'chunk', file: state.key, packet, done });
    this.#tell(link, [state.key], 'confirm');
    for (const other of this.#links.tree()) if (other.id !== link.id) this.pump(other);
    this.#reportSoon();
  }

  // Chunks out.

  /** Asks the shell for the chunks that this neighbour lacks, as far as its channel and its pace have room behind messages. */
  pump(link: LinkState): void {
    const receiver = this.#receivers.get(link.id);
    if (receiver === undefined || !isTreeLink(link)) return;
    let reading = 0;
    let underWay = 0;
    for (const sending of receiver.files.values()) {
      reading += sending.reading;
      underWay += sending.next - sending.taken;
    }
    for (const [key, sending] of receiver.files) {
      const state = this.#files.get(key);
      if (state === undefined || state.towards === link.id) continue;
      while (
        sending.next < state.next &&
        sending.reading < chunkReadsMax &&
        receiver.pace.readyAtMs(underWay) <= this.#ctx.nowMs &&
        link.queuedBytes + reading * chunkBytesMax < fileWindowBytes
      ) {
        reading++;
        underWay++;
        sending.reading++;
        this.#ctx.emit({ kind: 'readChunk', link: link.id, file: key, index: sending.next++ });
      }
      if (sending.next < state.next) this.#pumpSoon(receiver.pace.readyAtMs(underWay));
    }
  }

  #pumpSoon(atMs: number): void {
    if (atMs > this.#ctx.nowMs) this.#pumpAtMs = Math.min(this.#pumpAtMs, atMs);
  }

  read(link: LinkState, key: FileKey, index: number, packet: VerifiedPacket<'chunk'> | undefined): void {
    const receiver = this.#receivers.get(link.id);
    const sending = receiver?.files.get(key);
    if (receiver === undefined || sending === undefined) return;
    sending.reading = Math.max(0, sending.reading - 1);
    if (packet === undefined) {
      receiver.files.delete(key);
    } else if (this.#files.has(key) && index < sending.next) {
      receiver.pace.sent(key, index, this.#ctx.nowMs);
      this.#links.send(link, passOn(packet, this.#ctx.self));
    }
    this.pump(link);
  }

  // Progress, towards the sender.

  progressed(link: LinkState, body: ProgressBody): void {
    const state = this.#files.get(fileKey(body.sender, body.session, body.file));
    if (state === undefined || state.towards === link.id) return;
    state.sides.set(link.id, { complete: body.complete, peers: body.peers });
    this.#reportSoon();
  }

  #reportSoon(): void {
    this.#reportAtMs = Math.min(this.#reportAtMs, this.#ctx.nowMs + progressPeriodMs);
  }

  dueMs(): number {
    return Math.min(this.#reportAtMs, this.#pumpAtMs);
  }

  timer(): void {
    if (this.#ctx.nowMs >= this.#pumpAtMs) {
      this.#pumpAtMs = Infinity;
      for (const link of this.#links.tree()) this.pump(link);
    }
    if (this.#ctx.nowMs < this.#reportAtMs) return;
    this.#reportAtMs = Infinity;
    for (const state of this.#files.values()) this.#report(state);
  }

  #report(state: FileState): void {
    let complete = 0;
    let peers = 0;
    for (const side of state.sides.values()) {
      complete += side.complete;
      peers += side.peers;
    }
    const { sender, session, file, key } = state;
    if (state.towards === 0) {
      const reported = `${complete}/${peers}`;
      if (reported !== state.reported) this.#ctx.emit({ kind: 'fileProgress', file: key, complete, peers });
      state.reported = reported;
      return;
    }
    complete += state.next >= state.chunks ? 1 : 0;
    peers += 1;
    // When the link it came by is gone, its sender is somewhere above.
    const link = this.#links.get(state.towards) ?? this.#links.parent();
    const reported = `${link?.id ?? 0}:${complete}/${peers}`;
    if (link === undefined || reported === state.reported) return;
    state.reported = reported;
    this.#links.send(link, this.#ctx.factory.newProgress({ sender, session, file, complete, peers }));
  }
}
