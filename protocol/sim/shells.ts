/**
 * What the page does around its core, for every peer: hands it inputs, carries out what comes of them, keeps its one timer, and
 * sleeps when the page does.
 */
import type { CoreInput, CoreOutput } from '../core/io.ts';
import type { NodeId } from '../types.ts';
import { packetTypes, type Packet, type RootBoundPacket } from '../wire/packet.ts';
import type { Checkers } from './checkers/checkers.ts';
import type { Failing } from './checkers/failing.ts';
import type { EventQueue } from './event-queue.ts';
import { eventKinds } from './events.ts';
import { FileShelves } from './file-shelves.ts';
import type { InstantCrypto } from './instant-crypto.ts';
import type { Network } from './network.ts';
import type { RootWorld } from './root-world.ts';
import { hiddenTimerMs, type Ending, type SimPeer } from './sim-peer.ts';
import { describeInput, describeOutput, inputCodes, type Names } from './trace-text.ts';
import type { Trace } from './trace.ts';

/** What the shells ask of a simulation. */
export interface ShellsWorld extends Failing, Names {
  readonly nowMs: number;
  readonly queue: EventQueue;
  readonly trace: Trace;
  readonly network: Network;
  readonly root: RootWorld;
  readonly crypto: InstantCrypto;
  readonly checkers: Checkers;
  /** What the root gets instead of a packet, where not everybody is honest. */
  readonly hostiles: { toRoot(peer: SimPeer, packet: RootBoundPacket): RootBoundPacket } | undefined;
  note(who: string, text: string): void;
  /** Calls `act` at a virtual time, ms. */
  at(timeMs: number, act: () => void): void;
  /** A peer's life ends here and now. */
  end(peer: SimPeer, ending: Ending): void;
  /** A core says that a sender forked. */
  onForked(peer: SimPeer, node: NodeId): void;
}

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

export class Shells {
  readonly #world: ShellsWorld;
  readonly #shelves: FileShelves;
  /** Whether the input being handled may have changed somebody's parent or clients. */
  #structural = false;

  constructor(world: ShellsWorld) {
    this.#world = world;
    this.#shelves = new FileShelves(world, (peer, input) => {
      this.feed(peer, input);
    });
  }

  /** Hands an input to a peer's core and carries out what comes of it. A frozen peer's inputs wait. */
  feed(peer: SimPeer, input: CoreInput): void {
    if (!peer.alive) return;
    if (peer.frozen) {
      peer.inbox.push(input);
      return;
    }
    const world = this.#world;
    const packet = 'packet' in input ? input.packet : undefined;
    const type = packet === undefined ? 0 : packetTypes[packet.header.type].code;
    world.trace.add(
      Math.round(world.nowMs * 1000),
      peer.index,
      inputCodes[input.kind] ?? 0,
      type,
      packet?.header.seq ?? 0,
    );
    if (world.trace.readable) world.note(peer.name, describeInput(world, peer, input));
    this.#structural = movesPeers(input);
    const { core } = peer;
    core.handle(input, peer.localMs(world.nowMs));
    for (let output = core.poll(); output !== undefined; output = core.poll()) this.#carryOut(peer, output);
    world.checkers.handled(peer, this.#structural);
    this.#arm(peer);
  }

  leave(peer: SimPeer): void {
    this.feed(peer, { kind: 'leave', pause: false });
  }

  #carryOut(peer: SimPeer, output: CoreOutput): void {
    const world = this.#world;
    const { checkers } = world;
    if (world.trace.readable) world.note(peer.name, describeOutput(world, peer, output));
    switch (output.kind) {
      case 'send':
        checkers.sent(peer, output.packet, 'link');
        world.network.send(peer, output.link, output.packet);
        return;
      case 'sendRoot':
        checkers.sent(peer, output.packet, 'root');
        world.root.send(peer, world.hostiles ? world.hostiles.toRoot(peer, output.packet) : output.packet);
        return;
      case 'seal':
        this.#seal(peer, output.packet);
        return;
      case 'deliver':
      case 'caughtUp':
      case 'gap':
      case 'receipts':
      case 'typing':
        checkers.told(peer, output);
        return;
      case 'openLink':
        world.network.open(peer, output.link, output.initiator);
        return;
      case 'closeLink':
        this.#structural = true;
        world.network.close(peer, output.link);
        return;
      case 'signalLink':
        world.network.signal(peer, output.link, output.data);
        return;
      case 'state':
        this.#stateChanged(peer, output.state, output.reason);
        return;
      case 'tree':
        checkers.changed(peer);
        return;
      case 'error':
        if (output.code === 'forked' && output.node !== undefined) world.onForked(peer, output.node);
        // Another peer has this one's key and place: its shell gives way.
        if (output.code === 'replaced') {
          world.at(world.nowMs, () => {
            peer.replaced = true;
            this.leave(peer);
          });
        }
        return;
      case 'file':
      case 'chunk':
      case 'readChunk':
      case 'fileProgress':
      case 'fileGone':
        this.#shelves.carryOut(peer, output);
        checkers.files.told(peer, output);
        return;
      default:
        // What only people are interested in.
        return;
    }
  }

  #stateChanged(peer: SimPeer, state: SimPeer['state'], reason: string): void {
    const world = this.#world;
    peer.state = state;
    world.checkers.changed(peer);
    if (state === 'attached' && peer.attachedAtMs === Infinity) {
      peer.attachedAtMs = world.nowMs;
      world.checkers.joined(peer);
    }
    if (state !== 'left') return;
    // The shell closes what is left. A peer that was asked to leave or replaced is over.
    world.network.closeAll(peer, true);
    world.root.hangUp(peer, 0);
    world.end(
      peer,
      reason === 'user' ? (peer.replaced ? 'replaced' : 'left') : reason === 'replaced' ? 'replaced' : 'refused',
    );
    if (peer.ending === 'refused') world.fail('state', `${peer.name} gave up: ${reason}`);
  }

  /** What was sealed comes back at once, as the next event. */
  #seal(peer: SimPeer, packet: Packet): void {
    const { nowMs, queue, crypto, checkers } = this.#world;
    const sealed = crypto.seal(peer, packet);
    if (packet.header.type === 'message') checkers.deliveries.sealed(peer, sealed);
    queue.push(nowMs, eventKinds.sealed, peer, sealed);
  }

  // Timers.

  #arm(peer: SimPeer): void {
    if (!peer.alive) return;
    const due = peer.core.nextTimeoutMs();
    if (due === undefined) return;
    const { nowMs, queue } = this.#world;
    let atMs = Math.max(Math.floor(nowMs) + 1, peer.virtualMs(due));
    // A hidden page's timers run seldom.
    if (peer.hidden) atMs = Math.ceil(atMs / hiddenTimerMs) * hiddenTimerMs + (peer.index % 997);
    if (atMs >= peer.timerAtMs) return;
    peer.timerAtMs = atMs;
    queue.push(atMs, eventKinds.timer, peer);
  }

  /** A peer's timer fires. */
  timer(peer: SimPeer): void {
    const { nowMs } = this.#world;
    // An earlier one was set instead.
    if (nowMs !== peer.timerAtMs || !peer.alive) return;
    peer.timerAtMs = Infinity;
    if (peer.frozen) return;
    const due = peer.core.nextTimeoutMs();
    if (due !== undefined && due <= peer.localMs(nowMs)) {
      peer.timersFired++;
      this.feed(peer, { kind: 'timer' });
    } else {
      this.#arm(peer);
    }
  }

  // Sleep.

  freeze(peer: SimPeer, forMs: number): void {
    if (peer.frozen) return;
    const world = this.#world;
    world.note(peer.name, `freezes for ${Math.round(forMs)} ms`);
    peer.frozen = true;
    world.root.froze(peer);
    world.checkers.heals.froze(peer);
    world.at(world.nowMs + forMs, () => {
      this.thaw(peer);
    });
  }

  /** A page goes to sleep in the browser's cache: it says LEAVE, and comes back with what it had. */
  pause(peer: SimPeer, forMs: number): void {
    const world = this.#world;
    world.note(peer.name, `pauses for ${Math.round(forMs)} ms`);
    this.feed(peer, { kind: 'leave', pause: true });
    world.root.hangUp(peer, 0);
    this.feed(peer, { kind: 'rootDown' });
    world.network.closeAll(peer, true);
    peer.frozen = peer.paused = true;
    world.at(world.nowMs + forMs, () => {
      this.thaw(peer);
    });
  }

  /** Everything that waited is handled in one go, then the timers. */
  thaw(peer: SimPeer): void {
    if (!peer.frozen || !peer.alive) return;
    const world = this.#world;
    world.note(peer.name, `thaws with ${peer.inbox.length} inputs`);
    peer.frozen = false;
    peer.thawedAtMs = world.nowMs;
    const { inbox } = peer;
    peer.inbox = [];
    for (const input of inbox) this.feed(peer, input);
    this.feed(peer, { kind: 'timer' });
    if (peer.paused) world.root.comeBack(peer);
  }
}
