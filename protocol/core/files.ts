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
import type { Picture } from './picture.ts';
import { TreeWatch } from './tree-watch.ts';

interface FileState {
  readonly key: FileKey;
  readonly sender: NodeId;
  readonly session: SessionId;
  readonly file: number;
  readonly chunks: number;
  /** All chunks before this one are stored. */
  next: number;
  /** The link that it comes by; 0 for one's own. */
  from: LinkId;
  /** What each neighbour last reported of its side of the tree. */
  readonly sides: Map<LinkId, { readonly complete: number; readonly peers: number }>;
  /** Where it was last reported, and what. */
  toldTo: LinkId;
  told: string;
}

/** What one neighbour lacks of one file. */
interface Sending {
  /** The next chunk to be read and sent. */
  next: number;
  /** It has taken all chunks before this one. */
  taken: number;
  /** All chunks before this one were sent to it, perhaps in vain. */
  sent: number;
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
  readonly #picture: Picture;
  readonly #files = new Map<FileKey, FileState>();
  readonly #receivers = new Map<LinkId, Receiver>();
  #reportAtMs = Infinity;
  /** When a neighbour has rested (rule F4). */
  #pumpAtMs = Infinity;
  readonly #watch: TreeWatch;

  constructor(ctx: Context, links: Links, picture: Picture) {
    this.#ctx = ctx;
    this.#links = links;
    this.#picture = picture;
    this.#watch = new TreeWatch(links, picture);
  }

  /**
   * Looks for manifests and cancellations in the messages of an accepted packet; `from` is the link it came by, 0 for own. `isShown`:
   * whether its messages are for the user, and not of before a newcomer that has no wish for them.
   */
  announced(packet: VerifiedPacket<'message'>, messages: readonly Message[], from: LinkId, isShown: boolean): void {
    for (const message of messages) {
      if (message.content === 'file') this.#add(packet, message.data, from, isShown);
      else if (message.content === 'cancel') this.#cancelled(packet, message.data);
    }
  }

  #add(packet: VerifiedPacket<'message'>, data: Uint8Array, from: LinkId, isShown: boolean): void {
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
      from,
      sides: new Map(),
      toldTo: 0,
      told: '',
    });
    this.#ctx.emit({ kind: 'file', file: key, sender, manifest, isShown });
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
    if (this.#files.size === 0) return;
    this.#tell(link, [...this.#files.keys()]);
    this.#reportSoon();
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
        // Nor need what was reported to it have come.
        const state = this.#files.get(key);
        if (state?.toldTo === link.id) state.told = '';
        if (sending) sending.next = sending.taken = next;
        else if (files.size < 2 * filesMax) files.set(key, { next, taken: next, sent: next, reading: 0 });
      }
    }
    // Who asks may have lost what was said of its own chunks.
    if (action === 'pull') {
      this.#tell(link, [...files.keys()], 'confirm');
      this.#reportSoon();
    }
    this.pump(link);
  }

  // Chunks in.

  receive(link: LinkState, packet: VerifiedPacket<'chunk'>): void {
    const chunk = chunkBody.decode(packet.body);
    if (chunk === undefined) return;
    const state = this.#files.get(fileKey(packet.senderId, packet.header.session, chunk.file));
    const index = packet.header.seq;
    if (state === undefined || index >= state.chunks || index > state.next) return;
    if (index < state.next) {
      // Also of a file that is whole: what its neighbour holds to be under way keeps everything else back.
      this.#tell(link, [state.key], 'confirm');
      return;
    }
    state.next++;
    state.from = link.id;
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
      if (state === undefined || state.from === link.id) continue;
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
      receiver.pace.sent(key, index, this.#ctx.nowMs, index < sending.sent);
      sending.sent = Math.max(sending.sent, index + 1);
      this.#links.send(link, passOn(packet, this.#ctx.self));
    }
    this.pump(link);
  }

  // Progress, towards the sender.

  progressed(link: LinkState, body: ProgressBody): void {
    const state = this.#files.get(fileKey(body.sender, body.session, body.file));
    if (state === undefined || !isTreeLink(link)) return;
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
    this.#lookAround();
    if (this.#ctx.nowMs < this.#reportAtMs) return;
    this.#reportAtMs = Infinity;
    for (const state of this.#files.values()) this.#report(state);
  }

  /** Who hangs elsewhere, or is gone, is counted anew. */
  #lookAround(): void {
    if (!this.#watch.changed()) return;
    for (const link of this.#receivers.keys()) if (!this.#links.get(link)) this.#receivers.delete(link);
    if (this.#files.size > 0) this.#reportSoon();
  }

  /** The neighbour behind whom its sender is; where the picture is not whole, the one that the file came by or the parent. */
  #towards({ sender, from }: FileState): LinkState | undefined {
    if (this.#picture.isFull) return this.#picture.towards(sender);
    return this.#links.get(from) ?? this.#links.parent();
  }

  #report(state: FileState): void {
    const { sender, session, file, key } = state;
    const isOwn = state.from === 0;
    const link = isOwn ? undefined : this.#towards(state);
    let complete = !isOwn && state.next >= state.chunks ? 1 : 0;
    let peers = isOwn ? 0 : 1;
    for (const [id, side] of state.sides) {
      if (this.#links.get(id) === undefined) {
        state.sides.delete(id);
      } else if (id !== link?.id) {
        complete += side.complete;
        peers += side.peers;
      }
    }
    const told = `${complete}/${peers}`;
    const toldTo = link?.id ?? 0;
    if ((link === undefined && !isOwn) || (told === state.told && toldTo === state.toldTo)) return;
    state.told = told;
    state.toldTo = toldTo;
    if (link === undefined) this.#ctx.emit({ kind: 'fileProgress', file: key, complete, peers });
    else this.#links.send(link, this.#ctx.factory.newProgress({ sender, session, file, complete, peers }));
  }
}
