/**
 * A run: the world that options describe, and its loop, which takes the earliest event and hands it to whom it concerns. One
 * object is one run; everything in it follows from the options.
 *
 * event queue -> simulation -> shells -> core -> outputs -> shells -> network, root, checkers -> event queue
 */
import type { PlaceView } from '../core/io.ts';
import { noNode, type NodeId } from '../types.ts';
import type { Packet, VerifiedPacket } from '../wire/packet.ts';
import { Checkers } from './checkers/checkers.ts';
import { EventQueue } from './event-queue.ts';
import { eventKinds } from './events.ts';
import { floodRate, Hostiles } from './hostile.ts';
import { InstantCrypto } from './instant-crypto.ts';
import type { LinkEnd } from './link-end.ts';
import { Network } from './network.ts';
import type { SimOptions } from './options.ts';
import { RootWorld, type RootSocket } from './root-world.ts';
import { SimRng } from './rng.ts';
import { Shells } from './shells.ts';
import { SimPeer, type Ending } from './sim-peer.ts';
import { Trace } from './trace.ts';

/** What a checker found: the first one ends the run. */
export interface Failure {
  readonly checker: string;
  readonly message: string;
  readonly atMs: number;
}

/** Time between two looks at the whole room, ms. */
const tickMs = 1_000;

export class Simulation {
  readonly options: SimOptions;
  readonly rng: SimRng;
  readonly queue = new EventQueue();
  readonly network: Network;
  readonly root: RootWorld;
  readonly trace: Trace;
  readonly crypto = new InstantCrypto();
  readonly checkers: Checkers;
  readonly shells: Shells;
  /** `undefined` in a room where everybody is honest. */
  readonly hostiles: Hostiles | undefined;
  /** Everybody who ever was, by index. */
  readonly peers: SimPeer[] = [];
  /** Everybody who is, in no order. */
  readonly live: SimPeer[] = [];
  nowMs = 0;
  failure: Failure | undefined;
  events = 0;
  /** Message packets that arrived at peers. */
  messagesIn = 0;
  /** Called once a second of virtual time; returns whether the run is over. */
  onTick: () => boolean = () => false;

  /** Called when a core says that a sender forked. Nobody does, unless a test makes it so. */
  onForked: (peer: SimPeer, node: NodeId) => void = (peer, node) => {
    this.fail('forks', `${peer.name} says that ${node} forked`);
  };

  constructor(options: SimOptions, traceLines = 0) {
    this.options = options;
    this.rng = new SimRng(options.seed, 1_000);
    this.trace = new Trace(traceLines);
    this.network = new Network(this.queue, this.rng.fork(1), options);
    this.root = new RootWorld(this.queue, this.network, this.rng.fork(2), options, (packet) =>
      this.crypto.verify(packet),
    );
    this.checkers = new Checkers(this);
    this.network.lost = (from, packet) => {
      this.checkers.losses.lost(from, this.crypto.verify(packet));
    };
    this.shells = new Shells(this);
    this.hostiles = options.hostileShare > 0 ? new Hostiles(this, this.rng.fork(12)) : undefined;
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
    this.crypto.know(peer.publicKey, peer.id);
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
    this.checkers.ended(peer);
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
    this.checkers.tick();
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
    const { shells } = this;
    switch (kind) {
      case eventKinds.packet: {
        const end = a as LinkEnd;
        if (end.phase !== 'open' || !end.peer.alive) return;
        const packet = b as Packet;
        if (packet.header.type === 'message') this.messagesIn++;
        shells.feed(end.peer, { kind: 'packet', link: end.link, packet: this.crypto.verify(packet), attested: true });
        return;
      }
      case eventKinds.timer:
        shells.timer(a as SimPeer);
        return;
      case eventKinds.toPeer: {
        const socket = a as RootSocket;
        if (socket.up && socket.peer.socket === socket) {
          shells.feed(socket.peer, { kind: 'rootPacket', packet: this.crypto.verify(b as Packet), attested: true });
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
        shells.feed(a as SimPeer, { kind: 'sealed', packet: b as VerifiedPacket });
        return;
      case eventKinds.drain: {
        const end = a as LinkEnd;
        const bytes = this.network.takeDrained(end);
        if (bytes > 0) shells.feed(end.peer, { kind: 'linkDrained', link: end.link, bytes });
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
    const { shells } = this;
    const end = a as LinkEnd;
    const socket = a as RootSocket;
    switch (kind) {
      case eventKinds.linkUp:
        if (end.phase === 'open') {
          shells.feed(end.peer, { kind: 'linkUp', link: end.link, binding: this.network.binding(end) });
        }
        return;
      case eventKinds.linkDown:
        if (this.network.downed(end)) shells.feed(end.peer, { kind: 'linkDown', link: end.link });
        return;
      case eventKinds.signal:
        if (end.phase !== 'closed') {
          shells.feed(end.peer, { kind: 'linkSignal', link: end.link, data: b as Uint8Array });
        }
        return;
      case eventKinds.open:
        this.network.opened(end);
        return;
      case eventKinds.socketOpen:
        this.root.opened(socket);
        return;
      case eventKinds.socketUp:
        if (this.root.up(socket)) shells.feed(socket.peer, { kind: 'rootUp' });
        return;
      case eventKinds.socketDown:
        if (this.root.down(socket)) shells.feed(socket.peer, { kind: 'rootDown' });
        return;
      case eventKinds.socketClosed:
        this.root.closed(socket);
        return;
    }
  }

  /** The end of a peer's link that leads to its parent, as its core sees it. */
  parentEnd(peer: SimPeer, view: PlaceView = peer.core.place()): LinkEnd | undefined {
    const link = view.links.find((each) => each.role === 'parent');
    return link && peer.links.get(link.link);
  }

  nameOfKey(publicKey: Uint8Array): string {
    return this.nameOf(this.crypto.idOf(publicKey) ?? noNode);
  }

  /** The peer that an id belongs to, for messages to people. */
  nameOf(id: NodeId): string {
    if (id === noNode) return 'nobody';
    for (let i = this.peers.length - 1; i >= 0; i--) if (this.peers[i]?.id === id) return `p${i}`;
    return id.slice(0, 8);
  }
}
