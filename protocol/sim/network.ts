/**
 * Virtual WebRTC: connections that cost what real ones cost, with latency, jitter and bandwidth, and that die in all
 * the ways real ones do. One-to-one, in order.
 */
import { packetSize, type Packet } from '../wire/packet.ts';
import type { LinkId } from '../types.ts';
import type { EventQueue } from './event-queue.ts';
import { eventKinds } from './events.ts';
import { LinkEnd } from './link-end.ts';
import type { SimOptions } from './options.ts';
import { pairHash, type SimRng } from './rng.ts';
import type { SimPeer } from './sim-peer.ts';

/** Kinds of signals, the first byte of a signal's data; the serial number of the end that made it follows. */
const offer = 0;
const answer = 1;
const candidate = 2;

/** Round trips from the last signal to an open channel: ICE, DTLS (two), SCTP with the channel's own opening. */
const handshakeRoundTrips = 4;
/** Time to gather: an offer or answer is there after the first, each of two candidates after another, ms. */
const gatherMs = [3, 12, 20];
/** Bytes that leave a buffer before the core is told. Small next to the core's window of 64 KiB. */
const drainReportBytes = 4_096;
/** A direction that stalls for this long is given up by both ends' ICE, ms. */
export const iceFailsAfterMs = 30_000;

/** Two sets of peers that cannot reach each other. */
export interface Partition {
  readonly startedAtMs: number;
  /** The side that reaches the root; 2 both, 3 neither. */
  readonly rootSide: number;
}

export type CutMode = 'clean' | 'silent' | 'one-way' | 'half-open' | 'swallow';

export class Network {
  partition: Partition | undefined;
  frameLossChance: number;
  closeLostChance: number;
  readonly #queue: EventQueue;
  readonly #rng: SimRng;
  readonly #options: SimOptions;
  #reachable = false;
  readonly #salt: number;
  readonly #ends = new Map<number, LinkEnd>();
  #nextSerial = 1;
  /** Virtual time, set by the loop before anything is called, ms. */
  nowMs = 0;
  framesLost = 0;
  /** Told of each message that is lost on a link that lives on. */
  lost: ((from: LinkEnd, packet: Packet) => void) | undefined;
  /** What a hostile sender makes of a packet on one of its links; `undefined` to keep it back. */
  tamper: ((from: LinkEnd, to: LinkEnd, packet: Packet) => Packet | undefined) | undefined;
  linksOpened = 0;

  constructor(queue: EventQueue, rng: SimRng, options: SimOptions) {
    this.#queue = queue;
    this.#rng = rng;
    this.#options = options;
    this.#salt = rng.uint32();
    this.frameLossChance = options.frameLossChance;
    this.closeLostChance = options.closeLostChance;
  }

  // Connecting.

  /** A core asks for a connection. The initiator offers at once, the other end answers when the offer is there. */
  open(peer: SimPeer, link: LinkId, initiator: boolean): void {
    const end = new LinkEnd(this.#nextSerial++, peer, link, initiator);
    peer.links.set(link, end);
    this.#ends.set(end.serial, end);
    if (initiator) this.#gather(end, offer);
  }

  #gather(end: LinkEnd, description: number): void {
    gatherMs.forEach((afterMs, i) => {
      const data = signalData(i === 0 ? description : candidate, end.serial);
      this.#queue.push(this.nowMs + afterMs, eventKinds.signal, end, data);
    });
  }

  /** A core hands in a signal that came by the root. */
  signal(peer: SimPeer, link: LinkId, data: Uint8Array): void {
    const end = peer.links.get(link);
    if (end?.phase !== 'signalling') return;
    const from = this.#ends.get(serialOf(data));
    if (from === undefined || from.peer === peer) return;
    if (data[0] === candidate) {
      end.candidates++;
    } else if (data[0] === (end.initiator ? answer : offer) && !end.described) {
      end.described = true;
      end.other = from;
      if (!end.initiator) this.#gather(end, answer);
    }
    const { other } = end;
    if (other?.other !== end || !this.#ready(end) || !this.#ready(other)) return;
    const first = end.initiator ? end : other;
    const second = end.initiator ? other : end;
    first.phase = second.phase = 'opening';
    const latencyMs = this.latencyMs(first.peer, second.peer);
    first.latencyMs = second.latencyMs = latencyMs;
    first.bytesPerMs = second.peer.inBytesPerMs;
    second.bytesPerMs = first.peer.inBytesPerMs;
    const handshakeMs = handshakeRoundTrips * 2 * latencyMs + this.#rng.between(1, 30);
    if (!this.unreachable(first.peer, second.peer)) {
      this.#queue.push(this.nowMs + handshakeMs, eventKinds.open, first);
    }
  }

  #ready(end: LinkEnd): boolean {
    return end.phase === 'signalling' && end.described && end.candidates > 0;
  }

  /** The handshake is over, unless somebody is away: then it goes on. Called by the loop with the initiator's end. */
  opened(first: LinkEnd): void {
    const second = first.other;
    if (second === undefined || first.phase !== 'opening' || second.phase !== 'opening') return;
    if (this.blocked(first.peer, second.peer) || first.peer.frozen || second.peer.frozen) {
      this.#queue.push(this.nowMs + 500, eventKinds.open, first);
      return;
    }
    this.linksOpened++;
    // Either end may see its channel open first.
    const skewMs = this.#rng.between(0, first.latencyMs);
    const firstLeads = this.#rng.chance(0.5);
    first.upAtMs = this.nowMs + (firstLeads ? 0 : skewMs);
    second.upAtMs = this.nowMs + (firstLeads ? skewMs : 0);
    for (const end of [first, second]) {
      end.phase = 'open';
      end.busyUntilMs = end.upAtMs;
      this.#queue.push(end.upAtMs, eventKinds.linkUp, end);
    }
    first.lastArrivalMs = second.upAtMs;
    second.lastArrivalMs = first.upAtMs;
  }

  /** 32 bytes that both ends of a connection have in common. */
  binding(end: LinkEnd): Uint8Array {
    const serials = [end.serial, end.other?.serial ?? 0].sort((a, b) => a - b);
    const out = new Uint8Array(32);
    serials.forEach((serial, i) => {
      for (let at = 0; at < 4; at++) out[4 * i + at] = serial >>> (8 * at);
    });
    return out;
  }

  // What depends on a pair.

  /** One way between two peers, ms: the same whenever they meet; short ones are commoner than long ones. */
  latencyMs(a: SimPeer, b: SimPeer): number {
    const [low, high] = this.#options.latencyMs;
    const unit = pairHash(this.#salt, a.index, b.index) / 0x100000000;
    return low + (high - low) * unit * unit;
  }

  /** Ends what keeps pairs apart for good. */
  makeReachable(): void {
    this.#reachable = true;
  }

  /** Whether two peers can never have a link, as with some pairs of address translators. */
  unreachable(a: SimPeer, b: SimPeer): boolean {
    if (this.#reachable) return false;
    const unit = pairHash(this.#salt + 1, a.index, b.index) / 0x100000000;
    return unit < this.#options.unreachableShare;
  }

  blocked(a: SimPeer, b: SimPeer): boolean {
    return this.partition !== undefined && a.side !== b.side;
  }

  // Traffic.

  /** Sends a packet. A link that is not open drops it, as a closed channel does. */
  send(peer: SimPeer, link: LinkId, packet: Packet): void {
    const end = peer.links.get(link);
    if (end?.phase !== 'open' || end.other === undefined) return;
    const sizeBytes = packetSize(packet);
    end.unreportedBytes += sizeBytes;
    if (end.bytesPerMs !== Infinity) {
      end.busyUntilMs = Math.max(this.nowMs, end.busyUntilMs) + sizeBytes / end.bytesPerMs;
    }
    if (end.flow !== 'pass') {
      if (end.flow === 'stall') end.stalled?.push(packet);
      if (end.flow !== 'swallow') return;
    }
    this.#setDrain(end);
    if (packet.header.type === 'message') {
      if (end.flow === 'swallow') return;
      if (this.frameLossChance > 0 && this.#rng.chance(this.frameLossChance)) {
        this.framesLost++;
        this.lost?.(end, packet);
        return;
      }
    }
    const sent = this.tamper ? this.tamper(end, end.other, packet) : packet;
    if (sent) this.#deliver(end, end.other, sent);
  }

  /** Something that no core sent, or not at this time, goes out on a link; `false` when there is none any more. */
  inject(from: LinkEnd, packet: Packet): boolean {
    const { other } = from;
    if (from.phase !== 'open' || other === undefined || from.flow !== 'pass') return false;
    this.#deliver(from, other, packet);
    return true;
  }

  #deliver(from: LinkEnd, to: LinkEnd, packet: Packet): void {
    const departMs = from.bytesPerMs === Infinity ? this.nowMs : Math.max(this.nowMs, from.busyUntilMs);
    from.lastArrivalMs = Math.max(from.lastArrivalMs, departMs + this.#tripMs(from));
    this.#queue.push(from.lastArrivalMs, eventKinds.packet, to, packet);
  }

  #tripMs(from: LinkEnd): number {
    const { jitterMs } = this.#options;
    return jitterMs > 0 ? from.latencyMs + this.#rng.unit() * jitterMs : from.latencyMs;
  }

  #setDrain(end: LinkEnd): void {
    if (end.drainSet || end.unreportedBytes < drainReportBytes) return;
    end.drainSet = true;
    if (end.bytesPerMs === Infinity) {
      this.#queue.push(this.nowMs, eventKinds.drain, end);
      return;
    }
    // When as much as is worth a report has left, and never at once again: rounding could make that for ever.
    const leftMs = end.busyUntilMs - (end.unreportedBytes - drainReportBytes) / end.bytesPerMs;
    this.#queue.push(Math.max(this.nowMs + 1, leftMs), eventKinds.drain, end);
  }

  /** Bytes that left the buffer since the core was last told. Called by the loop. */
  takeDrained(end: LinkEnd): number {
    end.drainSet = false;
    if (end.phase !== 'open' || end.flow === 'vanish' || end.flow === 'stall') return 0;
    const waiting =
      end.bytesPerMs === Infinity ? 0 : Math.ceil(Math.max(0, end.busyUntilMs - this.nowMs) * end.bytesPerMs);
    const bytes = Math.max(0, end.unreportedBytes - waiting);
    end.unreportedBytes -= bytes;
    this.#setDrain(end);
    return bytes;
  }

  // Ends.

  /** A core closes a link. Its far end is told behind all that was sent, if the direction still passes. */
  close(peer: SimPeer, link: LinkId): void {
    const end = peer.links.get(link);
    if (end) this.#closeEnd(end, !this.#rng.chance(this.closeLostChance));
  }

  #closeEnd(end: LinkEnd, tellOther: boolean): void {
    const { other } = end;
    const wasOpen = end.phase === 'open';
    this.#forget(end);
    if (other === undefined || other.phase === 'closed') return;
    if (wasOpen && tellOther) {
      if (end.flow === 'stall') end.stalled?.push('close');
      else if (end.flow !== 'vanish') this.#notify(end, other);
    } else {
      end.stalled = undefined;
    }
    other.flow = 'vanish';
    // What the other end had queued when the path stalled has nowhere to go.
    other.stalled = undefined;
  }

  #notify(end: LinkEnd, other: LinkEnd): void {
    end.lastArrivalMs = Math.max(end.lastArrivalMs, this.nowMs + this.#tripMs(end));
    this.#queue.push(end.lastArrivalMs, eventKinds.linkDown, other);
  }

  #forget(end: LinkEnd): void {
    end.phase = 'closed';
    end.peer.links.delete(end.link);
    this.#ends.delete(end.serial);
  }

  /** The notice of a close arrived, or ICE gave up: whether the core is to be told. Called by the loop. */
  downed(end: LinkEnd): boolean {
    if (end.phase === 'closed') return false;
    this.#forget(end);
    return true;
  }

  /** A peer is gone with all its links. */
  closeAll(peer: SimPeer, tellOthers: boolean): void {
    for (const end of [...peer.links.values()]) this.#closeEnd(end, tellOthers);
  }

  /** Breaks an open link from outside. For the modes with a side, `end` is the one whose sending breaks. */
  cut(end: LinkEnd, mode: CutMode): void {
    const { other } = end;
    if (other === undefined || end.phase !== 'open' || other.phase !== 'open') return;
    switch (mode) {
      case 'clean':
        this.#queue.push(this.nowMs, eventKinds.linkDown, end);
        this.#queue.push(this.nowMs + this.#rng.between(0, 2 * end.latencyMs), eventKinds.linkDown, other);
        end.flow = other.flow = 'vanish';
        break;
      case 'silent':
        end.flow = other.flow = 'vanish';
        break;
      case 'one-way':
        end.flow = 'vanish';
        break;
      case 'half-open':
        this.#queue.push(this.nowMs, eventKinds.linkDown, end);
        end.flow = other.flow = 'vanish';
        break;
      case 'swallow':
        end.flow = 'swallow';
        break;
    }
  }

  /** Stops all traffic between the sides. What is sent waits, and links that wait too long fail. */
  startPartition(partition: Partition): void {
    this.partition = partition;
    const stalled: LinkEnd[] = [];
    for (const end of this.#ends.values()) {
      if (end.phase !== 'open' || end.other === undefined || !this.blocked(end.peer, end.other.peer)) continue;
      if (end.flow !== 'pass') continue;
      end.flow = 'stall';
      end.stalled = [];
      stalled.push(end);
    }
    this.#queue.push(this.nowMs + iceFailsAfterMs, eventKinds.action, () => {
      if (this.partition !== partition) return;
      for (const end of stalled) if (end.flow === 'stall') this.#queue.push(this.nowMs, eventKinds.linkDown, end);
    });
  }

  endPartition(): void {
    this.partition = undefined;
    for (const end of this.#ends.values()) this.#resume(end);
    // An end that was closed meanwhile still owes its notice.
    for (const end of this.#ends.values()) if (end.other?.phase === 'closed') this.#resume(end.other);
  }

  #resume(end: LinkEnd): void {
    if (end.flow !== 'stall') return;
    const { other, stalled = [] } = end;
    end.flow = 'pass';
    end.stalled = undefined;
    if (other === undefined) return;
    for (const item of stalled) {
      if (item === 'close') this.#notify(end, other);
      else this.#deliver(end, other, item);
    }
    this.#setDrain(end);
  }

  /** Whether a link's end still has somebody to talk to: for the checkers. */
  isWhole(end: LinkEnd): boolean {
    return this.isUp(end) && end.flow === 'pass' && end.other?.flow === 'pass';
  }

  /** The same, where a path that swallows messages is one too: nobody can tell before something is said on it. */
  isUp(end: LinkEnd): boolean {
    const passes = ({ phase, flow }: LinkEnd): boolean => phase === 'open' && (flow === 'pass' || flow === 'swallow');
    return end.other !== undefined && passes(end) && passes(end.other);
  }
}

function signalData(kind: number, serial: number): Uint8Array {
  return Uint8Array.of(kind, serial, serial >>> 8, serial >>> 16, serial >>> 24);
}

function serialOf(data: Uint8Array): number {
  return ((data[1] ?? 0) | ((data[2] ?? 0) << 8) | ((data[3] ?? 0) << 16) | ((data[4] ?? 0) << 24)) >>> 0;
}
