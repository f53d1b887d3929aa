/** The SDK: `joinRoom`. Puts a peer together from its ports, and shows it as a `Room`. */
import { linkBurst, linkRatePerSecond, logBytesMax, logPacketsMax, originBurst, originRatePerSecond, reunionPeriodMs } from '../protocol/limits.ts';
import { Peer, type PacketSeen, type UserOutput } from '../protocol/peer.ts';
import { noNode, type NodeId, type PeerState } from '../protocol/types.ts';
import { messagesBody, type PresenceBody } from '../protocol/wire/bodies.ts';
import { toHex } from '../protocol/wire/bytes.ts';
import {
  BanyanError,
  type JoinDetail,
  type Member,
  type Message,
  type MessageId,
  type Probe,
  type ReasonCode,
  type Room,
  type RoomEvents,
  type RoomOptions,
  type RoomState,
  type RoomStats,
  type SendOptions,
  type TreePeer,
  type TreeView,
} from './api.ts';
import { cryptoProvider } from './crypto/choose.ts';
import { Emitter } from './emitter.ts';
import { MessageQueue } from './message-queue.ts';
import { checkMessage, checkOptions, normalizeName, type CheckedOptions } from './options.ts';
import { watchPage } from './page-events.ts';
import { deriveRoom, parseRoomLink } from './room-link.ts';
import { missingWebRtc, rtcLinks, type RtcCounts } from './rtc-link.ts';
import { Sealer } from './seal.ts';
import { connectRoot } from './socket-root-link.ts';

/** What differs between a browser and Node, and what measurements change. */
export interface Surroundings {
  readonly origin: string;
  readonly wrtc?: unknown;
  /** Own message packets a second and burst; without limit in measurements. */
  readonly originRate?: { readonly perSecond: number; readonly burst: number };
}

/** How long a join that hears nothing of the root waits before it fails, ms. */
const rootPatienceMs = 20_000;
/** How long a probe may take, ms. */
const probeTimeoutMs = 10_000;
/** Answers of the root after which trying again is pointless. */
const fatal: ReadonlySet<ReasonCode> = new Set(['admission', 'origin', 'full', 'replaced', 'challenge']);

function aborted(): BanyanError {
  return new BanyanError('aborted', 'joining was called off');
}

/** Joins the room of a link; resolves when attached. Errors: `BanyanError` with codes as in docs/sdk.md. */
export async function joinRoomIn(link: string, options: RoomOptions, place: Surroundings): Promise<Room> {
  const checked = checkOptions(options);
  const { rootUrl, secret } = parseRoomLink(link);
  const missing = missingWebRtc(place.wrtc);
  if (missing !== undefined) throw new BanyanError('no-webrtc', missing);
  if (options.signal?.aborted === true) throw aborted();
  const provider = await cryptoProvider();
  const keys = await deriveRoom(secret, provider);
  const sealer = await Sealer.create(provider, keys);
  const links = rtcLinks({ iceServers: checked.iceServers, provider, wrtc: place.wrtc });
  const room = new LiveRoom(link, keys.room, checked, place, sealer, links, (events) => connectRoot(rootUrl, events));
  await room.joined(options.signal);
  return room;
}

class LiveRoom implements Room {
  readonly id: string;
  readonly link: string;
  readonly secureContext: boolean;
  readonly #peer: Peer;
  readonly #options: CheckedOptions;
  readonly #counts: RtcCounts;
  readonly #events = new Emitter<RoomEvents>();
  readonly #members = new Map<NodeId, Member>();
  readonly #queues = new Set<MessageQueue>();
  /** Sends that wait to come back sealed, in their order. */
  readonly #sends: { readonly resolve: (id: MessageId) => void; readonly reject: (error: BanyanError) => void }[] = [];
  readonly #probes = new Map<number, (probe: Omit<Probe, 'tookMs'>) => void>();
  readonly #stopWatching: () => void;
  readonly #startedMs = performance.now();
  readonly #sinceMs = Date.now();
  #name: string;
  #isAway = false;
  #joinMs: number | undefined;
  #reason: ReasonCode | undefined;
  #nextProbe = 1;
  #wakeTimer: ReturnType<typeof setTimeout> | undefined;
  #treeCache: TreeView | undefined;
  #onFatal: ((error: BanyanError) => void) | undefined;

  constructor(
    link: string,
    id: string,
    options: CheckedOptions,
    place: Surroundings,
    sealer: Sealer,
    links: ReturnType<typeof rtcLinks>,
    connect: ConstructorParameters<typeof Peer>[0]['connectRoot'],
  ) {
    this.link = link;
    this.id = id;
    this.secureContext = typeof isSecureContext === 'undefined' || isSecureContext;
    this.#options = options;
    this.#name = options.name === '' ? `Guest ${sealer.id.slice(0, 4)}` : options.name;
    this.#counts = links.counts;
    const { perSecond = originRatePerSecond, burst = originBurst } = place.originRate ?? {};
    this.#peer = new Peer(
      {
        clock: { nowMs: () => performance.now() },
        rng: { uint32: () => crypto.getRandomValues(new Uint32Array(1))[0] ?? 0 },
        signer: sealer,
        verifier: sealer,
        links,
        connectRoot: connect,
        userInterface: {
          output: (output) => {
            this.#output(output);
          },
          packet: (seen) => {
            this.#packet(seen);
          },
        },
        wakeAt: (atMs) => {
          this.#wakeAt(atMs);
        },
      },
      {
        room: id,
        origin: place.origin,
        clientsMax: options.clientsMax,
        role: options.role,
        hidden: false,
        history: options.history,
        reunionPeriodMs,
        originRatePerSecond: perSecond,
        originBurst: burst,
        linkRatePerSecond,
        linkBurst,
        logPacketsMax,
        logBytesMax,
        disabled: new Set(),
      },
    );
    this.#stopWatching = watchPage({
      hidden: (isHidden) => {
        this.#setHidden(isHidden);
      },
      gone: () => {
        this.#peer.pause();
      },
      restored: () => {
        this.#peer.start();
      },
      awake: () => {
        this.#peer.resume();
      },
    });
    this.#tellPresence();
    this.#peer.start();
  }

  // Joining.

  /** Resolves when attached; rejects, and leaves, when that cannot be. */
  async joined(signal: AbortSignal | undefined): Promise<void> {
    try {
      await new Promise<void>((resolve, reject) => {
        const patience = setTimeout(() => {
          if (this.detail === 'connecting-to-root') {
            reject(new BanyanError('root-unreachable', 'the root does not answer at the address of the link'));
          }
        }, rootPatienceMs);
        const finish = (error?: BanyanError): void => {
          clearTimeout(patience);
          signal?.removeEventListener('abort', onAbort);
          off();
          this.#onFatal = undefined;
          if (error) reject(error);
          else resolve();
        };
        const onAbort = (): void => {
          finish(aborted());
        };
        const off = this.#events.on('state', ({ state }) => {
          if (state === 'attached') finish();
        });
        signal?.addEventListener('abort', onAbort);
        this.#onFatal = finish;
        if (signal?.aborted === true) onAbort();
        else if (this.state === 'attached') finish();
      });
    } catch (error) {
      await this.leave();
      throw error;
    }
  }

  // What a room shows.

  get self(): Member {
    return this.#member(this.#peer.id, this.#presence(), true);
  }

  get state(): RoomState {
    return roomState(this.#peer.view().state);
  }

  get detail(): JoinDetail {
    return joinDetail(this.#peer.view().state, this.#reason !== undefined);
  }

  get reason(): ReasonCode | undefined {
    return this.#reason;
  }

  get rootReachable(): boolean {
    return this.#peer.view().rootReachable;
  }

  get members(): ReadonlyMap<NodeId, Member> {
    return this.#members;
  }

  get tree(): TreeView {
    this.#treeCache ??= this.#makeTree();
    return this.#treeCache;
  }

  #makeTree(): TreeView {
    const view = this.#peer.view();
    const peers = new Map<NodeId, TreePeer>();
    for (const [id, parent] of view.edges) peers.set(id, { id, parent: parent === id ? undefined : parent });
    if (!peers.has(view.id)) peers.set(view.id, { id: view.id, parent: view.head ? undefined : view.parent });
    const roundTripMs = new Map<NodeId, number>();
    for (const link of view.links) if (link.rttMs !== undefined) roundTripMs.set(link.node, link.rttMs);
    return {
      parent: view.parent,
      head: view.head,
      clients: view.clients,
      backup: view.links.find((link) => link.role === 'backupOut')?.node,
      path: view.path,
      depth: view.path.length,
      roomSize: view.roomSize,
      peers,
      roundTripMs,
    };
  }

  stats(): RoomStats {
    const totals = this.#peer.counters();
    const { logPackets, logBytes } = this.#peer.view();
    return {
      packetsIn: totals.packetsIn,
      packetsOut: totals.packetsOut,
      bytesIn: totals.bytesIn,
      bytesOut: totals.bytesOut,
      delivered: totals.delivered,
      duplicates: totals.duplicates,
      gaps: totals.gaps,
      badPackets: totals.badPackets,
      heals: totals.heals,
      joinMs: this.#joinMs,
      lastHealMs: totals.heals > 0 ? totals.lastHealMs : undefined,
      logPackets,
      logBytes,
      connectionsMade: this.#counts.made,
      connectionsOpen: this.#counts.open,
    };
  }

  journal(): string {
    const { id, session } = this.#peer.view();
    return JSON.stringify({ id, session, options: this.#options, entries: this.#peer.journal }, (_key, value: unknown) =>
      value instanceof Uint8Array ? { hex: toHex(value) } : value,
    );
  }

  // What a room does.

  send(body: string | Uint8Array, options: SendOptions = {}): Promise<MessageId> {
    try {
      const data = checkMessage(body, options);
      if (options.signal?.aborted === true) throw new BanyanError('aborted', 'sending was called off');
      const { to = noNode, channel = '' } = options;
      const content = typeof body === 'string' ? 'text' : 'bytes';
      return this.#send({ content, data, to, channel });
    } catch (error) {
      return Promise.reject(error as BanyanError);
    }
  }

  #send(message: Parameters<Peer['send']>[0][number]): Promise<MessageId> {
    return new Promise((resolve, reject) => {
      this.#sends.push({ resolve, reject });
      const answer = this.#peer.send([message], Date.now());
      if (answer === 'accepted') return;
      this.#sends.pop();
      const text = answer === 'left' ? 'this room was left' : 'more is being sent than goes out: wait for earlier sends';
      reject(new BanyanError(answer === 'left' ? 'left-room' : 'busy', text));
    });
  }

  messages(options: { signal?: AbortSignal } = {}): AsyncIterable<Message> {
    const queue = new MessageQueue(() => {
      this.#queues.delete(queue);
    });
    this.#queues.add(queue);
    options.signal?.addEventListener(
      'abort',
      () => {
        queue.end();
      },
      { once: true },
    );
    if (options.signal?.aborted === true || this.state === 'left') queue.end();
    return queue;
  }

  on<K extends keyof RoomEvents>(event: K, listener: (e: RoomEvents[K]) => void, options?: { signal?: AbortSignal }): () => void {
    return this.#events.on(event, listener, options);
  }

  rename(name: string): Promise<void> {
    const clean = normalizeName(name);
    if (clean === '') return Promise.reject(new BanyanError('argument', 'a name needs at least one visible character'));
    this.#name = clean;
    this.#tellPresence();
    return Promise.resolve();
  }

  probe(): Promise<Probe> {
    const number = this.#nextProbe++;
    const startedMs = performance.now();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#probes.delete(number);
        reject(new BanyanError('unconfirmed', 'no answer came from the way to the root'));
      }, probeTimeoutMs);
      this.#probes.set(number, (probe) => {
        clearTimeout(timer);
        resolve({ ...probe, tookMs: performance.now() - startedMs });
      });
      this.#peer.probe(number);
    });
  }

  leave(): Promise<void> {
    if (this.state !== 'left') this.#peer.leave();
    clearTimeout(this.#wakeTimer);
    this.#stopWatching();
    for (const queue of this.#queues) queue.end();
    for (const { reject } of this.#sends.splice(0)) reject(new BanyanError('left-room', 'this room was left'));
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.leave();
  }

  // Presence.

  #presence(): PresenceBody {
    return { name: this.#name, role: this.#options.role, sinceMs: this.#sinceMs, away: this.#isAway };
  }

  #tellPresence(): void {
    this.#peer.setPresence(this.#presence(), Date.now());
  }

  #setHidden(isHidden: boolean): void {
    if (this.#isAway === isHidden) return;
    this.#isAway = isHidden;
    this.#peer.setOffer(this.#options.clientsMax, this.#options.role, isHidden);
    this.#tellPresence();
  }

  #member(id: NodeId, presence: PresenceBody, self: boolean): Member {
    return { id, ...presence, tag: id.slice(0, 8), self };
  }

  // The peer's news.

  #wakeAt(atMs: number): void {
    clearTimeout(this.#wakeTimer);
    this.#wakeTimer = setTimeout(
      () => {
        this.#peer.run();
      },
      Math.max(0, Math.ceil(atMs - performance.now())),
    );
  }

  #output(output: UserOutput): void {
    switch (output.kind) {
      case 'deliver':
        this.#deliver(output.packet);
        break;
      case 'gap':
        this.#events.emit('gap', {
          from: output.sender,
          session: output.session,
          fromSeq: output.from,
          toSeq: output.to,
        });
        break;
      case 'presence':
        this.#appeared(this.#member(output.node, output.presence, output.self));
        break;
      case 'absent': {
        const member = this.#members.get(output.node);
        this.#members.delete(output.node);
        if (member) this.#events.emit('leave', member);
        break;
      }
      case 'state':
        this.#stateChanged(output.state, output.reason);
        break;
      case 'tree':
        this.#treeCache = undefined;
        if (this.#events.has('tree')) this.#events.emit('tree', this.tree);
        break;
      case 'probe': {
        const { path, rootReachable } = output;
        this.#probes.get(output.probe)?.({ path, rootReachable });
        this.#probes.delete(output.probe);
        break;
      }
      case 'error':
        this.#failed(output.code);
        break;
      default:
        break;
    }
  }

  #deliver(packet: Extract<UserOutput, { kind: 'deliver' }>['packet']): void {
    const { session, seq, timeMs } = packet.header;
    const self = packet.senderId === this.#peer.id;
    const contents = messagesBody.decode(packet.plainText ?? packet.body) ?? [];
    for (const [index, content] of contents.entries()) {
      const id = `${packet.senderId}:${session}:${seq}:${index}`;
      if (self) this.#sends.shift()?.resolve(id);
      const { to, channel, data } = content;
      const isMine = self || to === noNode || to === this.#peer.id;
      if (!isMine || (content.content !== 'text' && content.content !== 'bytes')) continue;
      const message: Message = {
        id,
        from: packet.senderId,
        ...(content.content === 'text' ? { text: new TextDecoder().decode(data) } : { bytes: data }),
        ...(to === noNode ? {} : { to }),
        ...(channel === '' ? {} : { channel }),
        sentAt: timeMs,
        receivedAt: Date.now(),
        hops: packet.hops,
        self,
      };
      this.#events.emit('message', message);
      for (const queue of this.#queues) queue.push(message);
    }
  }

  #appeared(member: Member): void {
    const known = this.#members.has(member.id);
    this.#members.set(member.id, member);
    this.#events.emit(known ? 'member' : 'join', member);
  }

  #stateChanged(state: PeerState, reason: ReasonCode): void {
    this.#treeCache = undefined;
    this.#reason = reason === 'none' ? undefined : reason;
    if (state === 'attached') this.#joinMs ??= performance.now() - this.#startedMs;
    const view = this.#peer.view();
    const parent = view.connectingTo ?? view.parent;
    this.#events.emit('state', {
      state: roomState(state),
      detail: joinDetail(state, false),
      reason,
      ...(parent === undefined ? {} : { parent }),
    });
  }

  #failed(code: ReasonCode): void {
    const error = new BanyanError(code, `the room reports: ${code}`);
    if (fatal.has(code)) this.#onFatal?.(error);
    this.#events.emit('error', error);
    if (code === 'replaced' && this.state !== 'left') void this.leave();
  }

  #packet({ direction, packet, peer, bytes }: PacketSeen): void {
    if (!this.#events.has('packet')) return;
    const { type, seq } = packet.header;
    const sender = packet.sender.every((byte) => byte === 0) ? noNode : packet.node.id;
    this.#events.emit('packet', { direction, type, action: packet.action, peer, sender, bytes, atMs: Date.now(), seq });
  }
}

function roomState(state: PeerState): RoomState {
  if (state === 'attached' || state === 'healing' || state === 'left') return state;
  return 'joining';
}

function joinDetail(state: PeerState, isHealing: boolean): JoinDetail {
  switch (state) {
    case 'registering':
      return 'registering';
    case 'advertising':
      return 'asking-for-parent';
    case 'connecting':
      return 'connecting-to-parent';
    case 'attached':
      return 'attached';
    default:
      return isHealing ? 'asking-for-parent' : 'connecting-to-root';
  }
}
