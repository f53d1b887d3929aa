/** The root and the sockets to it: the same root core that the server runs, with crashes, outages and cut sockets. */
import type { RootInput, RootOptions } from '../root/io.ts';
import { RootCore } from '../root/root-core.ts';
import type { SocketId } from '../types.ts';
import type { Packet, RootBoundPacket, VerifiedPacket } from '../wire/packet.ts';
import type { EventQueue } from './event-queue.ts';
import { eventKinds } from './events.ts';
import type { Network } from './network.ts';
import type { SimOptions } from './options.ts';
import type { SimRng } from './rng.ts';
import { simOrigin, wallStartMs, type SimPeer } from './sim-peer.ts';

/** A cut or silent socket is given up by both ends after this long: ping interval and timeout, ms. */
const socketDeadAfterMs = 18_000;
/** Shortest and longest wait of a peer's shell before it connects again, ms. */
const reconnectMinMs = 500;
const reconnectMaxMs = 5_000;

/** One peer's connection to the root. */
export class RootSocket {
  readonly id: SocketId;
  readonly peer: SimPeer;
  /** Whether the root has it open. */
  open = false;
  /** Whether the peer was told that it is up. */
  up = false;
  /** Nothing passes; what is sent waits, as TCP would send it again. */
  cut = false;
  lastToRootMs = 0;
  lastToPeerMs = 0;
  heldToRoot: Packet[] = [];
  heldToPeer: Packet[] = [];

  constructor(id: SocketId, peer: SimPeer) {
    this.id = id;
    this.peer = peer;
  }
}

export class RootWorld {
  core: RootCore | undefined;
  /** Counts the root's lives: what was under way to an older one is lost. */
  generation = 0;
  nowMs = 0;
  packetsIn = 0;
  readonly #queue: EventQueue;
  readonly #network: Network;
  readonly #rng: SimRng;
  readonly #options: RootOptions;
  readonly #verify: (packet: Packet) => VerifiedPacket;
  readonly #sockets = new Map<SocketId, RootSocket>();
  #nextSocket = 1;
  #timerAtMs = Infinity;

  constructor(
    queue: EventQueue,
    network: Network,
    rng: SimRng,
    options: SimOptions,
    verify: (packet: Packet) => VerifiedPacket,
  ) {
    this.#queue = queue;
    this.#network = network;
    this.#rng = rng;
    this.#verify = verify;
    this.#options = {
      // Nobody forges anything here, and nothing is verified.
      signer: { publicKey: new Uint8Array(32), sign: () => new Uint8Array(64) },
      clientsMax: 8,
      ticketLifeMs: 15_000,
      socketsPerAddressMax: 1_000_000,
      socketsMax: 1_000_000,
      roomPeersMax: 1_000_000,
      balance: options.balance,
    };
  }

  // The root's life.

  start(): void {
    this.core = new RootCore(this.#rng.fork(11), Math.floor(wallStartMs + this.nowMs), this.#options);
    this.#arm();
  }

  /** The process is gone: every socket with it. Peers notice at once or, when the machine went, by their pings. */
  crash(): void {
    this.core = undefined;
    this.generation++;
    this.#timerAtMs = Infinity;
    const machineGone = this.#rng.chance(0.25);
    for (const socket of [...this.#sockets.values()]) {
      socket.open = false;
      this.#sockets.delete(socket.id);
      const noticeMs = machineGone || socket.cut ? this.#rng.between(10_000, socketDeadAfterMs) : 0;
      this.#queue.push(this.nowMs + noticeMs + socket.peer.rootLatencyMs, eventKinds.socketDown, socket);
    }
  }

  /** The root's clock, ms since 1970. */
  #clockMs(): number {
    return wallStartMs + this.nowMs;
  }

  #handle(input: RootInput): void {
    const { core } = this;
    if (core === undefined) return;
    core.handle(input, this.#clockMs());
    for (let output = core.poll(); output !== undefined; output = core.poll()) {
      const socket = this.#sockets.get(output.socket);
      if (socket === undefined) continue;
      if (output.kind === 'send') {
        if (socket.cut) socket.heldToPeer.push(output.packet);
        else this.#toPeer(socket, output.packet);
      } else {
        this.#end(socket);
      }
    }
    this.#arm();
  }

  #arm(): void {
    const due = this.core?.nextTimeoutMs();
    if (due === undefined) return;
    const atMs = Math.max(Math.floor(this.nowMs) + 1, Math.ceil(due - wallStartMs));
    if (atMs >= this.#timerAtMs) return;
    this.#timerAtMs = atMs;
    this.#queue.push(atMs, eventKinds.rootTimer, this.generation);
  }

  timer(generation: unknown): void {
    if (generation !== this.generation || this.nowMs !== this.#timerAtMs) return;
    this.#timerAtMs = Infinity;
    const due = this.core?.nextTimeoutMs();
    if (due !== undefined && due <= this.#clockMs()) this.#handle({ kind: 'timer' });
    else this.#arm();
  }

  // Sockets.

  /** A peer's shell connects. */
  connect(peer: SimPeer): void {
    const socket = new RootSocket(this.#nextSocket++, peer);
    peer.socket = socket;
    this.#queue.push(this.nowMs + 2 * peer.rootLatencyMs, eventKinds.socketOpen, socket);
  }

  opened(socket: RootSocket): void {
    const { peer } = socket;
    if (!peer.alive || peer.socket !== socket) return;
    if (this.core === undefined || this.isCut(peer) || peer.frozen) {
      this.#reconnect(peer);
      return;
    }
    socket.open = true;
    this.#sockets.set(socket.id, socket);
    socket.lastToPeerMs = this.nowMs + peer.rootLatencyMs;
    this.#queue.push(socket.lastToPeerMs, eventKinds.socketUp, socket);
    const ip = `10.${(peer.index >> 16) & 255}.${(peer.index >> 8) & 255}.${peer.index & 255}`;
    this.#handle({ kind: 'open', socket: socket.id, ip, port: 40_000 + (peer.index % 20_000), origin: simOrigin });
  }

  /** A paused page is shown again. */
  comeBack(peer: SimPeer): void {
    peer.paused = false;
    if (peer.alive && peer.socket === undefined) this.connect(peer);
  }

  #reconnect(peer: SimPeer): void {
    if (!peer.alive) return;
    peer.socket = undefined;
    peer.reconnectMs = Math.min(reconnectMaxMs, Math.max(reconnectMinMs, peer.reconnectMs * 2));
    this.#queue.push(this.nowMs + peer.reconnectMs * this.#rng.between(0.5, 1.5), eventKinds.action, () => {
      if (peer.alive && !peer.paused && peer.socket === undefined) this.connect(peer);
    });
  }

  /** The peer's end learns that its socket is up: whether the core is to be told. */
  up(socket: RootSocket): boolean {
    if (!socket.peer.alive || socket.peer.socket !== socket) return false;
    socket.up = true;
    socket.peer.reconnectMs = 0;
    return true;
  }

  /** The peer's end learns that its socket is down: whether the core is to be told. The shell connects again. */
  down(socket: RootSocket): boolean {
    if (!socket.peer.alive || socket.peer.socket !== socket) return false;
    const wasUp = socket.up;
    this.#reconnect(socket.peer);
    return wasUp;
  }

  /** The root's end learns that a socket is closed. */
  closed(socket: RootSocket): void {
    if (!socket.open) return;
    socket.open = false;
    this.#sockets.delete(socket.id);
    this.#handle({ kind: 'close', socket: socket.id });
  }

  /** The root ends a socket, behind what it sent. */
  #end(socket: RootSocket): void {
    this.#queue.push(this.nowMs, eventKinds.socketClosed, socket);
    const atMs = Math.max(socket.lastToPeerMs, this.nowMs + socket.peer.rootLatencyMs);
    this.#queue.push(atMs, eventKinds.socketDown, socket);
  }

  /** A peer's own end goes away. `silentMs`: how long until the root notices. */
  hangUp(peer: SimPeer, silentMs: number): void {
    const { socket } = peer;
    peer.socket = undefined;
    if (socket === undefined) return;
    const atMs = Math.max(socket.lastToRootMs, this.nowMs + silentMs + peer.rootLatencyMs);
    this.#queue.push(atMs, eventKinds.socketClosed, socket);
  }

  // Packets.

  send(peer: SimPeer, packet: RootBoundPacket): void {
    const { socket } = peer;
    if (socket === undefined || !socket.up) return;
    if (socket.cut) socket.heldToRoot.push(packet);
    else this.#toRoot(socket, packet);
  }

  #toRoot(socket: RootSocket, packet: Packet): void {
    socket.lastToRootMs = Math.max(socket.lastToRootMs, this.nowMs + socket.peer.rootLatencyMs);
    this.#queue.push(socket.lastToRootMs, eventKinds.toRoot, socket, packet);
  }

  #toPeer(socket: RootSocket, packet: Packet): void {
    socket.lastToPeerMs = Math.max(socket.lastToPeerMs, this.nowMs + socket.peer.rootLatencyMs);
    this.#queue.push(socket.lastToPeerMs, eventKinds.toPeer, socket, packet);
  }

  arrived(socket: RootSocket, packet: Packet): void {
    if (!socket.open) {
      // A new process knows nothing of the connection and resets it.
      if (this.core !== undefined) {
        this.#queue.push(this.nowMs + socket.peer.rootLatencyMs, eventKinds.socketDown, socket);
      }
      return;
    }
    this.packetsIn++;
    this.#handle({ kind: 'packet', socket: socket.id, packet: this.#verify(packet), admitted: true });
  }

  // Cut sockets.

  /** Whether a partition keeps a peer from the root. */
  isCut(peer: SimPeer): boolean {
    const { partition } = this.#network;
    if (partition === undefined) return false;
    return partition.rootSide === 3 || (partition.rootSide !== 2 && partition.rootSide !== peer.side);
  }

  /** Brings all sockets in line with a partition that started or ended. */
  applyPartition(peers: readonly SimPeer[]): void {
    for (const { socket } of peers) {
      if (socket === undefined || !socket.open) continue;
      const cut = this.isCut(socket.peer);
      if (cut === socket.cut) continue;
      socket.cut = cut;
      if (cut) this.#giveUpLater(socket);
      else this.#flush(socket);
    }
  }

  #flush(socket: RootSocket): void {
    const { heldToRoot, heldToPeer } = socket;
    socket.heldToRoot = [];
    socket.heldToPeer = [];
    for (const packet of heldToRoot) this.#toRoot(socket, packet);
    for (const packet of heldToPeer) this.#toPeer(socket, packet);
  }

  #giveUpLater(socket: RootSocket): void {
    const { partition } = this.#network;
    this.#queue.push(this.nowMs + socketDeadAfterMs, eventKinds.action, () => {
      if (!socket.cut || this.#network.partition !== partition) return;
      this.#queue.push(this.nowMs, eventKinds.socketClosed, socket);
      this.#queue.push(this.nowMs, eventKinds.socketDown, socket);
    });
  }

  /** A frozen peer answers no pings: the root gives it up, and it learns that when it thaws. */
  froze(peer: SimPeer): void {
    const { socket } = peer;
    if (socket === undefined) return;
    this.#queue.push(this.nowMs + socketDeadAfterMs, eventKinds.action, () => {
      if (!peer.frozen || peer.socket !== socket) return;
      this.#queue.push(this.nowMs, eventKinds.socketClosed, socket);
      this.#queue.push(this.nowMs, eventKinds.socketDown, socket);
    });
  }
}
