/**
 * The loop: takes the earliest event, hands it to the core it concerns, carries out what the core wants, and lets the
 * checkers look. One object is one run; everything in it follows from the options.
 */
import type { CoreInput, CoreOutput, PlaceView } from '../core/io.ts';
import { noNode, type NodeId, type PacketDigest } from '../types.ts';
import { toHex } from '../wire/bytes.ts';
import { packetTypes, type Packet, type VerifiedPacket } from '../wire/packet.ts';
import { Deliveries } from './checkers/deliveries.ts';
import { Heals } from './checkers/heals.ts';
import { LossesChecker } from './checkers/losses.ts';
import { ReceiptsChecker } from './checkers/receipts.ts';
import { TreeChecker } from './checkers/tree.ts';
import { checkPacket } from './checkers/wire.ts';
import { EventQueue } from './event-queue.ts';
import { eventKinds } from './events.ts';
import { floodRate, Hostiles } from './hostile.ts';
import type { LinkEnd } from './link-end.ts';
import { Network } from './network.ts';
import type { SimOptions } from './options.ts';
import { RootWorld, type RootSocket } from './root-world.ts';
import { SimRng } from './rng.ts';
import { SimPeer, type Ending } from './sim-peer.ts';
import { Trace } from './trace.ts';
import { describeInput, describeOutput, inputCodes } from './trace-text.ts';

/** What a checker found: the first one ends the run. */
export interface Failure {
  readonly checker: string;
  readonly message: string;
  readonly atMs: number;
}

/** Rooms up to this size have every change of a view checked at once; larger ones once a second. */
const checkAtOncePeersMax = 100;
/** Time between two looks at the whole room, ms. */
const tickMs = 1_000;
/** A core that asks for more timer inputs than this in a second turns in circles. */
const timersPerTickMax = 600;

/**
 * Whether an input can change who hangs from whom by itself. Others change views too (edges far away, paths, round trips);
 * those are looked at once a second.
 */
function movesPeers(input: CoreInput): boolean {
  if (input.kind === 'packet') {
    const { type } = input.packet.header;
    return type === 'hello' || type === 'leave';
  }
  return input.kind === 'linkDown' || input.kind === 'rootPacket';
}

export class Simulation {
  readonly options: SimOptions;
  readonly rng: SimRng;
  readonly queue = new EventQueue();
  readonly network: Network;
  readonly root: RootWorld;
  readonly trace: Trace;
  readonly deliveries: Deliveries;
  readonly heals: Heals;
  readonly tree: TreeChecker;
  readonly receipts: ReceiptsChecker;
  readonly losses: LossesChecker;
  /** `undefined` in a room where everybody is honest. */
  readonly hostiles: Hostiles | undefined;
  /** Everybody who ever was, by index. */
  readonly peers: SimPeer[] = [];
  /** Everybody who is, in no order. */
  readonly live: SimPeer[] = [];
  readonly joinMs: number[] = [];
  nowMs = 0;
  failure: Failure | undefined;
  events = 0;
  /** Reunion packets sent by peers, on links and to the root. */
  reunionsSent = 0;
  /** When a peer last told the root of a new place, ms. */
  movedAtMs = 0;
  /** Message packets that arrived at peers. */
  messagesIn = 0;
  /** Called once a second of virtual time; returns whether the run is over. */
  onTick: () => boolean = () => false;

  /** Called when a core says that a sender forked. Nobody does, unless a test makes it so. */
  onForked: (peer: SimPeer, node: NodeId) => void = (peer, node) => {
    this.fail('forks', `${peer.name} says that ${node} forked`);
  };

  readonly #ids = new Map<Uint8Array, NodeId>();
  readonly #dirty: SimPeer[] = [];
  readonly #atOnce: boolean;
  /** Whether the input being handled may have changed somebody's parent or clients. */
  #structural = false;
  /** Digests given out. */
  #digests = 0;

  constructor(options: SimOptions, traceLines = 0) {
    this.options = options;
    this.rng = new SimRng(options.seed, 1_000);
    this.trace = new Trace(traceLines);
    this.network = new Network(this.queue, this.rng.fork(1), options);
    this.root = new RootWorld(this.queue, this.network, this.rng.fork(2), options, (packet) => this.#verify(packet));
    this.deliveries = new Deliveries(this);
    this.heals = new Heals(this);
    this.tree = new TreeChecker(this);
    this.receipts = new ReceiptsChecker(this);
    this.losses = new LossesChecker(this);
    this.network.lost = (from, packet) => {
      this.losses.lost(from, this.#verify(packet));
    };
    this.hostiles = options.hostileShare > 0 ? new Hostiles(this, this.rng.fork(12)) : undefined;
    this.#atOnce = options.peers <= checkAtOncePeersMax;
  }

  fail(checker: string, message: string): void {
    this.failure ??= { checker, message, atMs: this.nowMs };
    if (this.trace.readable) this.trace.line(this.nowMs, 'FAIL', `${checker}: ${message}`);
  }

  note(who: string, text: string): void {
    if (this.trace.readable) this.trace.line(this.nowMs, who, text);
  }

  // Peers.

  /** A new peer; with `publicKey`, one that has the key of another. */
  join(publicKey?: Uint8Array): SimPeer {
    const rate = this.hostiles?.isOne(this.peers.length) ? floodRate : undefined;
    const peer = new SimPeer(this.peers.length, this.nowMs, this.options, this.rng, publicKey, rate);
    this.peers.push(peer);
    peer.liveAt = this.live.push(peer) - 1;
    this.#ids.set(peer.publicKey, peer.id);
    if (this.network.partition) peer.side = this.rng.int(0, 1);
    this.note(
      peer.name,
      `joins as ${peer.id.slice(0, 8)}, k ${peer.clientsMax} ${peer.role}${peer.hidden ? ' hidden' : ''}`,
    );
    this.hostiles?.joined(peer);
    this.root.connect(peer);
    return peer;
  }

  /** A peer's life ends here and now. */
  end(peer: SimPeer, ending: Ending): void {
    if (!peer.alive) return;
    peer.alive = false;
    peer.ending = ending;
    peer.inbox = [];
    const moved = this.live.pop();
    if (moved && moved !== peer) {
      this.live[peer.liveAt] = moved;
      moved.liveAt = peer.liveAt;
    }
    this.note(peer.name, `is gone: ${ending}`);
    this.tree.ended(peer);
  }

  leave(peer: SimPeer): void {
    this.feed(peer, { kind: 'leave', pause: false });
  }

  // The loop.

  run(): void {
    this.queue.push(tickMs, eventKinds.action, () => {
      this.#tick();
    });
    while (this.failure === undefined && this.queue.pop()) {
      this.events++;
      this.nowMs = this.network.nowMs = this.root.nowMs = this.queue.timeMs;
      try {
        this.#dispatch(this.queue.kind, this.queue.a, this.queue.b);
      } catch (error) {
        // A core never throws for what a network can cause: this is a finding like any other.
        this.fail('throw', error instanceof Error ? (error.stack ?? error.message) : String(error));
      }
    }
  }

  /** Calls `act` at a virtual time, ms. */
  at(timeMs: number, act: () => void): void {
    this.queue.push(Math.max(this.nowMs, timeMs), eventKinds.action, act);
  }

  #tick(): void {
    this.#look();
    for (const peer of this.live) {
      if (peer.timersFired > timersPerTickMax)
        this.fail('timers', `${peer.name} took ${peer.timersFired} timers in 1 s`);
      peer.timersFired = 0;
    }
    this.tree.tick();
    this.losses.tick();
    if (this.failure === undefined && this.onTick()) this.#stop();
    else
      this.queue.push(this.nowMs + tickMs, eventKinds.action, () => {
        this.#tick();
      });
  }

  #stop(): void {
    while (this.queue.pop());
  }

  #dispatch(kind: number, a: unknown, b: unknown): void {
    switch (kind) {
      case eventKinds.packet: {
        const end = a as LinkEnd;
        if (end.phase !== 'open' || !end.peer.alive) return;
        const packet = b as Packet;
        if (packet.header.type === 'message') this.messagesIn++;
        this.feed(end.peer, { kind: 'packet', link: end.link, packet: this.#verify(packet), attested: true });
        return;
      }
      case eventKinds.timer:
        this.#timer(a as SimPeer);
        return;
      case eventKinds.toPeer: {
        const socket = a as RootSocket;
        if (socket.up && socket.peer.socket === socket) {
          this.feed(socket.peer, { kind: 'rootPacket', packet: this.#verify(b as Packet), attested: true });
        }
        return;
      }
      case eventKinds.toRoot:
        this.trace.add(this.nowMs * 1000, (a as RootSocket).peer.index, 63, 0, (a as RootSocket).id);
        this.root.arrived(a as RootSocket, b as Packet);
        return;
      case eventKinds.rootTimer:
        this.root.timer(a);
        return;
      case eventKinds.sealed:
        this.feed(a as SimPeer, { kind: 'sealed', packet: b as VerifiedPacket });
        return;
      case eventKinds.drain: {
        const end = a as LinkEnd;
        const bytes = this.network.takeDrained(end);
        if (bytes > 0) this.feed(end.peer, { kind: 'linkDrained', link: end.link, bytes });
        return;
      }
      case eventKinds.action:
        (a as () => void)();
        return;
      default:
        this.#dispatchLink(kind, a, b);
    }
  }

  #dispatchLink(kind: number, a: unknown, b: unknown): void {
    const end = a as LinkEnd;
    const socket = a as RootSocket;
    switch (kind) {
      case eventKinds.linkUp:
        if (end.phase === 'open') {
          this.feed(end.peer, { kind: 'linkUp', link: end.link, binding: this.network.binding(end) });
        }
        return;
      case eventKinds.linkDown:
        if (this.network.downed(end)) this.feed(end.peer, { kind: 'linkDown', link: end.link });
        return;
      case eventKinds.signal:
        if (end.phase !== 'closed') {
          this.feed(end.peer, { kind: 'linkSignal', link: end.link, data: b as Uint8Array });
        }
        return;
      case eventKinds.open:
        this.network.opened(end);
        return;
      case eventKinds.socketOpen:
        this.root.opened(socket);
        return;
      case eventKinds.socketUp:
        if (this.root.up(socket)) this.feed(socket.peer, { kind: 'rootUp' });
        return;
      case eventKinds.socketDown:
        if (this.root.down(socket)) this.feed(socket.peer, { kind: 'rootDown' });
        return;
      case eventKinds.socketClosed:
        this.root.closed(socket);
        return;
    }
  }

  // Cores.

  /** Hands an input to a peer's core and carries out what comes of it. A frozen peer's inputs wait. */
  feed(peer: SimPeer, input: CoreInput): void {
    if (!peer.alive) return;
    if (peer.frozen) {
      peer.inbox.push(input);
      return;
    }
    const packet = 'packet' in input ? input.packet : undefined;
    const type = packet === undefined ? 0 : packetTypes[packet.header.type].code;
    this.trace.add(
      Math.round(this.nowMs * 1000),
      peer.index,
      inputCodes[input.kind] ?? 0,
      type,
      packet?.header.seq ?? 0,
    );
    if (this.trace.readable) this.note(peer.name, describeInput(this, peer, input));
    this.#structural = movesPeers(input);
    const { core } = peer;
    core.handle(input, peer.localMs(this.nowMs));
    for (let output = core.poll(); output !== undefined; output = core.poll()) this.#carryOut(peer, output);
    if (peer.dirty) {
      if (this.#atOnce && this.#structural) this.#look();
      else if (this.heals.isPending(peer)) this.heals.changed(peer, core.place());
    }
    this.#arm(peer);
  }

  #carryOut(peer: SimPeer, output: CoreOutput): void {
    if (this.trace.readable) this.note(peer.name, describeOutput(this, peer, output));
    switch (output.kind) {
      case 'send':
        checkPacket(this, peer, output.packet, 'link');
        if (output.packet.header.type === 'reunion') this.reunionsSent++;
        this.network.send(peer, output.link, output.packet);
        return;
      case 'sendRoot':
        checkPacket(this, peer, output.packet, 'root');
        if (output.packet.header.type === 'reunion') this.reunionsSent++;
        if (output.packet.action === 'confirm') this.movedAtMs = this.nowMs;
        this.root.send(peer, this.hostiles ? this.hostiles.toRoot(peer, output.packet) : output.packet);
        return;
      case 'seal':
        this.#seal(peer, output.packet);
        return;
      case 'deliver':
        this.deliveries.delivered(peer, output.packet);
        return;
      case 'gap':
        this.deliveries.gap(peer, output.sender, output.session, output.from, output.to);
        return;
      case 'receipts':
        this.receipts.told(peer, output);
        return;
      case 'typing':
        this.receipts.typing(peer, output);
        return;
      case 'openLink':
        this.network.open(peer, output.link, output.initiator);
        return;
      case 'closeLink':
        this.#structural = true;
        this.network.close(peer, output.link);
        return;
      case 'signalLink':
        this.network.signal(peer, output.link, output.data);
        return;
      case 'state':
        this.#stateChanged(peer, output.state, output.reason);
        return;
      case 'tree':
        this.#changed(peer);
        return;
      case 'error':
        if (output.code === 'forked' && output.node !== undefined) this.onForked(peer, output.node);
        // Another peer has this one's key and place: its shell gives way.
        if (output.code === 'replaced') {
          this.at(this.nowMs, () => {
            peer.replaced = true;
            this.leave(peer);
          });
        }
        return;
      default:
        // What only people and files are interested in.
        return;
    }
  }

  #stateChanged(peer: SimPeer, state: SimPeer['state'], reason: string): void {
    peer.state = state;
    this.#changed(peer);
    if (state === 'attached' && peer.attachedAtMs === Infinity) {
      peer.attachedAtMs = this.nowMs;
      this.joinMs.push(this.nowMs - peer.joinedAtMs);
    }
    if (state !== 'left') return;
    // The shell closes what is left. A peer that was asked to leave or replaced is over.
    this.network.closeAll(peer, true);
    this.root.hangUp(peer, 0);
    this.end(
      peer,
      reason === 'user' ? (peer.replaced ? 'replaced' : 'left') : reason === 'replaced' ? 'replaced' : 'refused',
    );
    if (peer.ending === 'refused') this.fail('state', `${peer.name} gave up: ${reason}`);
  }

  #changed(peer: SimPeer): void {
    if (peer.dirty) return;
    peer.dirty = true;
    this.#dirty.push(peer);
  }

  /** Shows the checkers every peer whose view changed. */
  #look(): void {
    for (let peer = this.#dirty.pop(); peer; peer = this.#dirty.pop()) {
      peer.dirty = false;
      if (!peer.alive) continue;
      const view = peer.core.place();
      this.tree.changed(peer, view);
      this.heals.changed(peer, view);
    }
  }

  /** Seals at once: nothing is signed here, and what was said in clear is the body. */
  #seal(peer: SimPeer, packet: Packet): void {
    let sealed: VerifiedPacket = { ...packet, senderId: peer.id, plainText: packet.body };
    if (packet.header.type === 'message') {
      // A number of its own is as good as a hash where nobody makes the same packet twice.
      const digest = (++this.#digests).toString(16).padStart(32, '0') as PacketDigest;
      sealed = { ...sealed, prev: peer.lastDigest, digest };
      peer.lastDigest = digest;
    }
    if (packet.header.type === 'message') this.deliveries.sealed(peer, sealed);
    this.queue.push(this.nowMs, eventKinds.sealed, peer, sealed);
  }

  /** What the shell's verifier adds: the id of the sender's key. Packets that were sealed here have it already. */
  #verify(packet: Packet): VerifiedPacket {
    const known = packet as Packet & { senderId?: NodeId };
    if (known.senderId !== undefined) return known as VerifiedPacket;
    let id = this.#ids.get(packet.sender);
    if (id === undefined) {
      id = toHex(packet.sender.subarray(0, 16)) as NodeId;
      this.#ids.set(packet.sender, id);
    }
    // Written into the packet itself: a copy of each would be a good part of what a large run allocates.
    known.senderId = id;
    return known as VerifiedPacket;
  }

  // Timers.

  #arm(peer: SimPeer): void {
    if (!peer.alive) return;
    const due = peer.core.nextTimeoutMs();
    if (due === undefined) return;
    let atMs = Math.max(Math.floor(this.nowMs) + 1, peer.virtualMs(due));
    // A hidden page's timers run once a second.
    if (peer.hidden) atMs = Math.ceil(atMs / 1_000) * 1_000 + (peer.index % 997);
    if (atMs >= peer.timerAtMs) return;
    peer.timerAtMs = atMs;
    this.queue.push(atMs, eventKinds.timer, peer);
  }

  #timer(peer: SimPeer): void {
    // An earlier one was set instead.
    if (this.nowMs !== peer.timerAtMs || !peer.alive) return;
    peer.timerAtMs = Infinity;
    if (peer.frozen) return;
    const due = peer.core.nextTimeoutMs();
    if (due !== undefined && due <= peer.localMs(this.nowMs)) {
      peer.timersFired++;
      this.feed(peer, { kind: 'timer' });
    } else {
      this.#arm(peer);
    }
  }

  freeze(peer: SimPeer, forMs: number): void {
    if (peer.frozen) return;
    this.note(peer.name, `freezes for ${Math.round(forMs)} ms`);
    peer.frozen = true;
    this.root.froze(peer);
    this.heals.froze(peer);
    this.at(this.nowMs + forMs, () => {
      this.thaw(peer);
    });
  }

  /** A page goes to sleep in the browser's cache: it says LEAVE, and comes back with what it had. */
  pause(peer: SimPeer, forMs: number): void {
    this.note(peer.name, `pauses for ${Math.round(forMs)} ms`);
    this.feed(peer, { kind: 'leave', pause: true });
    this.root.hangUp(peer, 0);
    this.feed(peer, { kind: 'rootDown' });
    this.network.closeAll(peer, true);
    peer.frozen = peer.paused = true;
    this.at(this.nowMs + forMs, () => {
      this.thaw(peer);
    });
  }

  /** Everything that waited is handled in one go, then the timers. */
  thaw(peer: SimPeer): void {
    if (!peer.frozen || !peer.alive) return;
    this.note(peer.name, `thaws with ${peer.inbox.length} inputs`);
    peer.frozen = false;
    peer.thawedAtMs = this.nowMs;
    const { inbox } = peer;
    peer.inbox = [];
    for (const input of inbox) this.feed(peer, input);
    this.feed(peer, { kind: 'timer' });
    if (peer.paused) this.root.comeBack(peer);
  }

  /** The end of a peer's link that leads to its parent, as its core sees it. */
  parentEnd(peer: SimPeer, view: PlaceView = peer.core.place()): LinkEnd | undefined {
    const link = view.links.find((each) => each.role === 'parent');
    return link && peer.links.get(link.link);
  }

  nameOfKey(publicKey: Uint8Array): string {
    return this.nameOf(this.#ids.get(publicKey) ?? noNode);
  }

  /** The peer that an id belongs to, for messages to people. */
  nameOf(id: NodeId): string {
    if (id === noNode) return 'nobody';
    for (let i = this.peers.length - 1; i >= 0; i--) if (this.peers[i]?.id === id) return `p${i}`;
    return id.slice(0, 8);
  }
}
