/** The SDK: `joinRoom`. Shows a peer at work as a `Room`. */
import { encodeJournal } from '../protocol/journal.ts';
import type { PacketSeen, UserOutput } from '../protocol/peer.ts';
import { noNode, type NodeId } from '../protocol/types.ts';
import type { Message as SentMessage } from '../protocol/wire/bodies.ts';
import {
  BanyanError,
  type FileOptions,
  type FileTransfer,
  type HistoryLimit,
  type JoinDetail,
  type Member,
  type Message,
  type MessageId,
  type Moderation,
  type ModerationChange,
  type Probe,
  type ReasonCode,
  type Room,
  type RoomEvents,
  type RoomOptions,
  type RoomState,
  type RoomStats,
  type SendOptions,
  type TreeView,
} from './api.ts';
import { aborted, hasLeft, Probes, Sends } from './awaited.ts';
import { cryptoProvider } from './crypto/choose.ts';
import { contentsOf } from './delivered.ts';
import { Emitter } from './emitter.ts';
import { browserStore } from './file-store.ts';
import { RoomFiles } from './files.ts';
import { Joining } from './joining.ts';
import { memberOf, Members } from './members.ts';
import { RoomModeration } from './moderation.ts';
import type * as PastModule from './past.ts';
import { Receipts } from './receipts.ts';
import { Typist } from './typist.ts';
import { MessageQueues } from './message-queue.ts';
import { checkChannel, checkMessage, checkOptions, normalizeName } from './options.ts';
import { deriveRoom, parseRoomLink } from './room-link.ts';
import { missingWebRtc, rtcLinks, type RtcLinks } from './rtc-link.ts';
import { Sealer } from './seal.ts';
import { Session, type SessionPorts, type Surroundings } from './session.ts';
import { RootDial } from './socket-root-link.ts';
import { joinDetail, roomState } from './standing.ts';
import { StandingTeller } from './standing-teller.ts';
import { roomStats } from './stats.ts';

export type { Surroundings } from './session.ts';

/** From joining to the loading of what direct messages need, ms: who joins together needs the machine for that. */
const directAfterMs = 2_000;

/** Joins the room of a link; resolves when attached. Errors: `BanyanError` with codes as in docs/sdk.md. */
export async function joinRoomIn(link: string, options: RoomOptions, place: Surroundings): Promise<Room> {
  const startedMs = performance.now();
  const checked = checkOptions(options);
  const { rootUrl, secret, owner } = parseRoomLink(link);
  const missing = missingWebRtc(place.wrtc);
  if (missing !== undefined) throw new BanyanError('no-webrtc', missing);
  if (options.signal?.aborted === true) throw aborted('joining');
  const dial = new RootDial(rootUrl);
  try {
    const provider = await cryptoProvider();
    const keys = await deriveRoom(secret, provider, owner);
    const sealer = await Sealer.create(provider, keys, checked.seed);
    if (checked.isOwner && sealer.id !== owner)
      throw new BanyanError('argument', 'ownerKey is not the key of the owner that the link names');
    const links = rtcLinks({ ...checked, provider, wrtc: place.wrtc });
    const room = new LiveRoom(link, startedMs, {
      room: keys.room,
      owner,
      options: checked,
      place,
      sealer,
      links,
      connectRoot: (events) => dial.connect(events),
    });
    // Loaded where it is asked for: a page that takes all of the past has no need of it.
    if (checked.historyLimit) room.limitPast(checked.historyLimit, await import('./past.ts'));
    if (options.onState) room.on('state', options.onState);
    await room.join(options.signal);
    return room;
  } finally {
    dial.drop();
  }
}

class LiveRoom implements Room {
  readonly id: string;
  readonly link: string;
  readonly secureContext: boolean;
  readonly #session: Session;
  readonly #sealer: Sealer;
  readonly #links: RtcLinks;
  readonly #events = new Emitter<RoomEvents>();
  readonly #files: RoomFiles;
  readonly #moderation: RoomModeration;
  readonly #receipts = new Receipts((receipt) => {
    this.#events.emit('receipt', receipt);
  });
  readonly #typist = new Typist((active, channel) => {
    this.#session.peer.setTyping(active, channel, Date.now());
  });
  readonly #members = new Members(this.#events);
  readonly #queues = new MessageQueues();
  readonly #joining = new Joining(this.#events, () => this.detail);
  readonly #standing: StandingTeller;
  readonly #sends = new Sends();
  readonly #probes = new Probes();
  readonly #startedMs: number;
  #past: PastModule.Past | undefined;
  #joinMs: number | undefined;
  #directTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(link: string, startedMs: number, ports: Omit<SessionPorts, 'userInterface'>) {
    this.link = link;
    this.id = ports.room;
    this.secureContext = typeof isSecureContext === 'undefined' || isSecureContext;
    this.#startedMs = startedMs;
    this.#sealer = ports.sealer;
    this.#links = ports.links;
    const userInterface = {
      output: (output: UserOutput) => {
        this.#output(output);
      },
      packet: (seen: PacketSeen) => {
        this.#packet(seen);
      },
    };
    this.#session = new Session({ ...ports, userInterface });
    this.#standing = new StandingTeller(this.#session, this.#events);
    this.#moderation = new RoomModeration({
      room: ports.room,
      owner: ports.owner ?? noNode,
      self: ports.sealer.id,
      here: () => this.#members.all.keys(),
      issue: (order, version) => {
        this.#session.peer.order(order, version, Date.now());
      },
    });
    const { openFileStore = browserStore } = ports.place;
    this.#files = new RoomFiles({
      sealer: ports.sealer,
      peer: this.#session.peer,
      openStore: () => openFileStore(ports.options.fileBytesMax),
      post: (content, data, to) => this.#sends.post(() => this.#hand({ content, data, to, channel: '' })),
      others: () => Math.max(0, this.#session.view().roomSize - 1),
      isHere: (node) => this.#members.all.has(node),
      checkReach: (node) => {
        this.#checkReach(node);
      },
      announced: (file) => {
        this.#events.emit('file', file);
      },
      failed: (error) => {
        this.#events.emit('error', error);
      },
    });
  }

  /** Tells the newest of what was said before only; to be called before `join`. */
  limitPast(limit: HistoryLimit, { Past }: typeof PastModule): void {
    this.#past = new Past(limit, (message) => {
      this.#tell(message);
    });
  }

  /** Starts; resolves when attached, rejects, and leaves, when that cannot be. */
  async join(signal: AbortSignal | undefined): Promise<void> {
    try {
      await this.#joining.wait(() => {
        this.#session.start();
      }, signal);
    } catch (error) {
      await this.leave();
      throw error;
    }
    this.#directTimer = setTimeout(() => void this.#sealer.direct.load(), directAfterMs);
  }

  // What a room shows.

  get self(): Member {
    return memberOf(this.#session.peer.id, this.#session.presence, true);
  }

  get state(): RoomState {
    return roomState(this.#session.view().state);
  }

  get detail(): JoinDetail {
    return joinDetail(this.#session.view());
  }

  get reason(): ReasonCode | undefined {
    return this.#standing.reason;
  }

  get rootReachable(): boolean {
    return this.#session.view().rootReachable;
  }

  get members(): ReadonlyMap<NodeId, Member> {
    return this.#members.all;
  }

  get tree(): TreeView {
    return this.#standing.tree;
  }

  stats(): RoomStats {
    return roomStats(this.#session.peer.counters(), this.#session.view(), this.#links.counts, this.#joinMs);
  }

  journal(): string {
    return encodeJournal(this.#session.peer.journal());
  }

  // What a room does.

  async send(body: string | Uint8Array, options: SendOptions = {}): Promise<MessageId> {
    const { content, data } = checkMessage(body, options);
    const { to = noNode, channel = '', signal } = options;
    if (signal?.aborted === true) throw aborted('sending');
    this.#checkMaySpeak();
    if (to !== noNode && this.state !== 'left') this.#checkReach(to);
    return this.#sends.wait(() => this.#hand({ content, data, to, channel }), signal);
  }

  #checkReach(to: NodeId): void {
    if (!this.#sealer.direct.canReach(to))
      throw new BanyanError(
        'unknown-member',
        'nobody of this id has been seen in the room, so nothing can be sealed to it',
      );
  }

  #checkMaySpeak(): void {
    if (this.state === 'left' || this.#moderation.view.maySpeak) return;
    throw new BanyanError('may-not-speak', 'the room’s owner ruled that only some may speak');
  }

  #hand(message: SentMessage): 'accepted' | 'busy' | 'left' {
    return this.#session.peer.send([message], Date.now());
  }

  typing(active = true, channel = ''): void {
    checkChannel(channel);
    if (this.state !== 'left' && this.#moderation.view.maySpeak) this.#typist.types(active, channel, performance.now());
  }

  sendFile(file: Blob | ReadableStream<Uint8Array>, options: FileOptions = {}): FileTransfer {
    this.#checkMaySpeak();
    return this.#files.send(file, options);
  }

  messages(options: { signal?: AbortSignal } = {}): AsyncIterable<Message> {
    const queue = this.#queues.open(options.signal);
    if (this.state === 'left') queue.end();
    return queue;
  }

  on<K extends keyof RoomEvents>(
    event: K,
    listener: (e: RoomEvents[K]) => void,
    options?: { signal?: AbortSignal },
  ): () => void {
    return this.#events.on(event, listener, options);
  }

  rename(name: string): Promise<void> {
    const clean = normalizeName(name);
    if (clean === '') {
      return Promise.reject(new BanyanError('argument', 'a name needs at least one visible character'));
    }
    if (this.state === 'left') return Promise.reject(hasLeft());
    this.#session.rename(clean);
    return Promise.resolve();
  }

  get moderation(): Moderation {
    return this.#moderation.view;
  }

  moderate(change: ModerationChange): Promise<void> {
    if (this.state === 'left') return Promise.reject(hasLeft());
    return this.#moderation.change(change);
  }

  async safetyTag(member: NodeId): Promise<string> {
    if (member === this.#session.peer.id) throw new BanyanError('argument', 'there is nobody to compare oneself with');
    if (!this.#members.all.has(member)) throw new BanyanError('unknown-member', 'nobody of this id is in the room');
    return this.#sealer.safetyTag(member);
  }

  probe(): Promise<Probe> {
    if (this.state === 'left') return Promise.reject(hasLeft());
    return this.#probes.ask((probe) => {
      this.#session.peer.probe(probe);
    });
  }

  async leave(): Promise<void> {
    const left = this.#session.leave();
    clearTimeout(this.#directTimer);
    this.#past?.end();
    this.#queues.end();
    this.#sends.leave();
    this.#probes.leave();
    this.#moderation.leave();
    await Promise.all([left, this.#files.leave()]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.leave();
  }

  // The peer's news.

  #output(output: UserOutput): void {
    switch (output.kind) {
      case 'deliver':
        this.#deliver(output);
        break;
      case 'caughtUp':
        this.#past?.end();
        break;
      case 'receipts':
        this.#receipts.output(output);
        break;
      case 'typing': {
        const { node: from, active, channel } = output;
        this.#events.emit('typing', { from, active, ...(channel === '' ? {} : { channel }) });
        break;
      }
      case 'gap': {
        const { sender, session, from, to } = output;
        this.#events.emit('gap', { from: sender, session, fromSeq: from, toSeq: to });
        break;
      }
      case 'presence':
        this.#members.present(memberOf(output.node, output.presence, output.self));
        break;
      case 'absent':
        this.#members.absent(output.node);
        this.#files.absent(output.node);
        break;
      case 'state':
        if (output.state === 'attached') this.#joinMs ??= performance.now() - this.#startedMs;
        this.#standing.stateChanged(output.reason);
        // Put out by the owner: the core is done already.
        if (output.state === 'left' && output.reason !== 'user') void this.leave();
        break;
      case 'tree':
        this.#standing.treeChanged();
        this.#files.treeChanged();
        break;
      case 'order':
        this.#moderation.output(output.order, output.version);
        this.#events.emit('moderation', this.moderation);
        break;
      case 'probe':
        this.#probes.answered(output);
        break;
      case 'error':
        this.#failed(output.code);
        break;
      case 'file':
      case 'chunk':
      case 'readChunk':
      case 'fileProgress':
      case 'fileGone':
        this.#files.output(output);
        break;
    }
  }

  #deliver({ packet, messages, isPast }: Extract<UserOutput, { kind: 'deliver' }>): void {
    const selfId = this.#session.peer.id;
    this.#files.delivered(packet, messages);
    const contents = contentsOf(packet, messages, selfId);
    // An earlier visit under the same key said it, and waits for nothing.
    const isOwn = packet.senderId === selfId && packet.header.session === this.#session.peer.packetFactory.session;
    if (isOwn) {
      this.#typist.spoke();
      const ids = contents.map(({ id }) => id);
      this.#receipts.sent(packet.header.seq, ids, messages);
    }
    for (const { id, message } of contents) {
      if (isOwn) this.#sends.sealed(id);
      if (message === undefined) continue;
      if (this.#past) this.#past.take(message, isPast);
      else this.#tell(message);
    }
  }

  #tell(message: Message): void {
    this.#events.emit('message', message);
    this.#queues.push(message);
  }

  #failed(code: ReasonCode): void {
    const error = new BanyanError(code, `the room reports: ${code}`);
    this.#joining.failed(code, error);
    this.#events.emit('error', error);
    if (code === 'replaced' && this.state !== 'left') void this.leave();
  }

  #packet({ direction, packet, peer, bytes }: PacketSeen): void {
    if (!this.#events.has('packet')) return;
    const { type, seq } = packet.header;
    const { action } = packet;
    const atMs = Date.now();
    const tell = (sender: NodeId): void => {
      this.#events.emit('packet', { direction, type, action, peer, sender, bytes, atMs, seq });
    };
    const sender = this.#sealer.idOf(packet.sender);
    if (sender instanceof Promise) void sender.then(tell);
    else tell(sender);
  }
}
