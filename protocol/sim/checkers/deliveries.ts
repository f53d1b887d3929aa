/**
 * Exactly once and in order for each sender, after every delivery; complete, at the end. Counts positions, not
 * contents: a stream is numbered on sight and each receiver keeps two numbers a stream.
 */
import { streamKey, type NodeId, type SessionId } from '../../types.ts';
import { messagesBody } from '../../wire/bodies.ts';
import type { Packet } from '../../wire/packet.ts';
import type { SimOptions } from '../options.ts';
import type { SimPeer } from '../sim-peer.ts';
import type { Failing } from './failing.ts';

/** One sender's packets in one session. */
export interface Stream {
  readonly index: number;
  readonly origin: SimPeer;
  readonly session: SessionId;
  /** Position of the newest packet. */
  sealed: number;
  /** For each position from 1: when it was sealed, and how many packets and bytes had been sealed in the room by then. */
  readonly sealedAtMs: number[];
  readonly packetsBefore: number[];
  readonly bytesBefore: number[];
}

/** A newcomer that wants no history begins where its first parent's frontier says, which comes this long after the path. */
const baselineMs = 10_000;

/** Rooms up to this size have noted when each peer got each packet. */
const timesKeptPeersMax = 100;
/** How long a packet may take over a slow link with a full window, ms. */
const onItsWayMs = 10_000;
/** How long it may take over any other link, ms. */
const tripMs = 1_000;

type Positions = SimPeer['last'];

/** What this checker asks of a simulation. */
export interface DeliveriesWorld extends Failing {
  readonly nowMs: number;
  readonly options: Pick<SimOptions, 'peers' | 'logPacketsMax' | 'logBytesMax'>;
  readonly live: readonly SimPeer[];
}

/** What is missing at the end, or was counted until then. */
export interface Completeness {
  expected: number;
  delivered: number;
  /** The first thing that is missing, for people. */
  missing: string | undefined;
}

export class Deliveries {
  readonly streams: Stream[] = [];
  duplicates = 0;
  reorders = 0;
  /** Packets given up that should not have been, and those that had left every log or existed nowhere. */
  gaps = 0;
  excusedGaps = 0;
  /** Deliveries to others than the origin. */
  remote = 0;
  packetsSealed = 0;
  messagesSealed = 0;
  /** Bytes of all bodies. */
  bytesSealed = 0;
  readonly #world: DeliveriesWorld;
  readonly #bySender = new Map<Uint8Array, Stream[]>();
  readonly #sealedBy = new Map<SimPeer, number>();
  /** When each peer got each packet, ms: kept in rooms of which that is not too much. */
  readonly #heldSinceMs = new Map<SimPeer, Map<number, number>>();
  readonly #keepsTimes: boolean;
  readonly #ignored = new Set<Uint8Array | NodeId>();

  constructor(world: DeliveriesWorld) {
    this.#world = world;
    this.#keepsTimes = world.options.peers <= timesKeptPeersMax;
  }

  /** A core had a packet sealed: the next of its stream, holding its next messages. */
  sealed(peer: SimPeer, packet: Packet): void {
    const { session, seq } = packet.header;
    let stream = this.#find(packet.sender, session);
    if (stream === undefined) {
      const { length } = this.streams;
      stream = { index: length, origin: peer, session, sealed: 0, sealedAtMs: [], packetsBefore: [], bytesBefore: [] };
      this.streams.push(stream);
      const known = this.#bySender.get(packet.sender);
      if (known) known.push(stream);
      else this.#bySender.set(packet.sender, [stream]);
    }
    if (seq !== stream.sealed + 1 || stream.origin !== peer) {
      this.#world.fail('deliveries', `${peer.name} sealed #${seq} after #${stream.sealed}`);
    }
    stream.sealed = seq;
    stream.sealedAtMs[seq] = this.#world.nowMs;
    stream.packetsBefore[seq] = this.packetsSealed++;
    stream.bytesBefore[seq] = this.bytesSealed;
    this.bytesSealed += packet.body.length;
    this.#checkMessages(peer, packet);
  }

  #checkMessages(peer: SimPeer, packet: Packet): void {
    let said = this.#sealedBy.get(peer) ?? 0;
    for (const message of messagesBody.decode(packet.body) ?? []) {
      // What announces a file has no number.
      if (message.content !== 'bytes') continue;
      if (numberOf(message.data) !== ++said) {
        this.#world.fail('deliveries', `${peer.name} sealed message ${numberOf(message.data)} as number ${said} [M1]`);
      }
      this.messagesSealed++;
    }
    this.#sealedBy.set(peer, said);
  }

  #find(sender: Uint8Array, session: SessionId): Stream | undefined {
    const known = this.#bySender.get(sender);
    if (known) for (const stream of known) if (stream.session === session) return stream;
    return undefined;
  }

  /** What comes under this key was made up by somebody hostile, and is owed to nobody. */
  ignore(sender: Uint8Array, id: NodeId): void {
    this.#ignored.add(sender).add(id);
  }

  /** A core delivered a packet. */
  delivered(peer: SimPeer, packet: Packet): void {
    if (this.#ignored.has(packet.sender)) return;
    const { session, seq } = packet.header;
    const stream = this.#find(packet.sender, session);
    if (stream === undefined || seq > stream.sealed) {
      this.#world.fail('deliveries', `${peer.name} got #${seq} of a stream that was never sealed so`);
      return;
    }
    if (stream.origin !== peer) this.remote++;
    if (this.#keepsTimes) this.#noteHeld(peer, stream, seq);
    this.#advance(peer, stream, seq, seq);
  }

  /** Moves a receiver's position over `from` .. `to`. */
  #advance(peer: SimPeer, stream: Stream, from: number, to: number): boolean {
    const last = at(peer.last, stream.index);
    if (last === 0) {
      peer.first = put(peer.first, stream.index, from);
      if (from > 1 && this.#startsBefore(peer, stream, from)) {
        this.reorders++;
        this.#say(peer, stream, `began at #${from}, though it was attached before #${from - 1} was said [L6]`);
      }
    } else if (from <= last) {
      this.duplicates++;
      this.#say(peer, stream, `got #${from} after #${last} [M1]`);
      return false;
    } else if (from > last + 1) {
      this.reorders++;
      this.#say(peer, stream, `got #${from} after #${last}, without a gap [M1]`);
    }
    peer.last = put(peer.last, stream.index, to);
    return true;
  }

  /** Whether a receiver was already there when the packet before `from` was sealed. */
  #startsBefore(peer: SimPeer, stream: Stream, from: number): boolean {
    return this.#isOwed(peer, stream, from - 1) && !this.#mayHaveLeftLogs(stream, from - 1);
  }

  #say(peer: SimPeer, stream: Stream, what: string): void {
    this.#world.fail('deliveries', `${peer.name} ${what}; stream of ${stream.origin.name}`);
  }

  /** A core gave a range up. */
  gap(peer: SimPeer, sender: NodeId, session: SessionId, from: number, to: number): void {
    if (this.#ignored.has(sender)) return;
    const stream = this.streams.find((each) => each.session === session && each.origin.id === sender);
    if (stream === undefined || to < from) {
      this.#world.fail('gaps', `${peer.name} gave up #${from}..${to} of a stream that is not`);
      return;
    }
    const holder = this.#holderOf(peer, stream, from);
    if (!this.#advance(peer, stream, from, to)) return;
    peer.gapped = put(peer.gapped, stream.index, at(peer.gapped, stream.index) + to - from + 1);
    if (holder === undefined) {
      this.excusedGaps++;
      return;
    }
    this.gaps++;
    this.#say(peer, stream, `gave up #${from}..${to}, which ${holder.name} has [L7]`);
  }

  #mayHaveLeftLogs(stream: Stream, seq: number): boolean {
    const { options } = this.#world;
    const packets = this.packetsSealed - (stream.packetsBefore[seq] ?? 0);
    const bytes = this.bytesSealed - (stream.bytesBefore[seq] ?? 0);
    // A tenth less: a packet's own overhead counts, and what is under way has not pushed everything out yet.
    return packets > options.logPacketsMax * 0.9 || bytes > options.logBytesMax * 0.8;
  }

  /**
   * A neighbour whose log still holds a position, and that did not give it up itself: only neighbours are within reach of a
   * repair [L7].
   */
  #holderOf(peer: SimPeer, stream: Stream, seq: number): SimPeer | undefined {
    const key = streamKey(stream.origin.id, stream.session);
    const neighbours = new Set(peer.core.linkViews().map((link) => link.node));
    return this.#world.live.find(
      (each) =>
        neighbours.has(each.id) &&
        at(each.gapped, stream.index) === 0 &&
        each.core.holds(key, seq) &&
        !this.#cameLate(each, stream, seq),
    );
  }

  /** When a peer got a packet, ms; `undefined` when it did not, or the room is too large for that to be kept. */
  gotAtMs(peer: SimPeer, stream: Stream, seq: number): number | undefined {
    return this.#heldSinceMs.get(peer)?.get(stream.index * 1e6 + seq);
  }

  #noteHeld(peer: SimPeer, stream: Stream, seq: number): void {
    const times = this.#heldSinceMs.get(peer) ?? new Map<number, number>();
    this.#heldSinceMs.set(peer, times);
    times.set(stream.index * 1e6 + seq, this.#world.nowMs);
  }

  /** Whether a neighbour got a packet so late that it may still be on its way from there, when all others have lost it. */
  #cameLate(peer: SimPeer, stream: Stream, seq: number): boolean {
    const sinceMs = this.#heldSinceMs.get(peer)?.get(stream.index * 1e6 + seq) ?? 0;
    return this.#world.nowMs - sinceMs < (this.#mayHaveLeftLogs(stream, seq) ? onItsWayMs : tripMs);
  }

  /**
   * Whether everybody who lives has everything: of living origins all they said, of others all that anybody living has.
   * Whoever joined late needs what was said after it was attached, and all from where it began.
   */
  completeness(): Completeness {
    const { live } = this.#world;
    const result: Completeness = { expected: 0, delivered: 0, missing: undefined };
    for (const stream of this.streams) {
      let target = 0;
      if (stream.origin.alive) target = stream.sealed;
      else for (const peer of live) target = Math.max(target, at(peer.last, stream.index));
      if (target === 0) continue;
      for (const peer of live) {
        const last = at(peer.last, stream.index);
        const first = last > 0 ? at(peer.first, stream.index) : this.#firstOwed(peer, stream, target);
        if (first > target) continue;
        result.expected += target - first + 1;
        if (last > 0) result.delivered += last - first + 1 - at(peer.gapped, stream.index);
        if (last !== target) result.missing ??= `${peer.name} has #${last} of ${stream.origin.name}'s ${target}`;
      }
    }
    return result;
  }

  /** Whether a packet was said when a receiver was attached already, and had its parent's frontier. */
  #isOwed(peer: SimPeer, stream: Stream, seq: number): boolean {
    const sinceMs = peer.attachedAtMs + (peer.history ? 0 : baselineMs);
    return (stream.sealedAtMs[seq] ?? 0) > sinceMs;
  }

  /** The first position that a receiver without any must get. */
  #firstOwed(peer: SimPeer, stream: Stream, target: number): number {
    let first = target + 1;
    while (first > 1 && this.#isOwed(peer, stream, first - 1)) first--;
    return first;
  }

  /** Somebody whose messages have not all been sealed yet. */
  unsealed(): string | undefined {
    const peer = this.#world.live.find((each) => each.said > (this.#sealedBy.get(each) ?? 0));
    return peer && `${peer.name} has messages that were never sealed`;
  }
}

/** The number that the workload put into a message. */
export function numberOf(data: Uint8Array): number {
  return ((data[4] ?? 0) | ((data[5] ?? 0) << 8) | ((data[6] ?? 0) << 16)) >>> 0;
}

function at(values: Int32Array, index: number): number {
  return values[index] ?? 0;
}

function put(values: Positions, index: number, value: number): Positions {
  let grown = values;
  if (index >= values.length) {
    grown = new Int32Array(Math.max(index + 1, values.length * 2));
    grown.set(values);
  }
  grown[index] = value;
  return grown;
}
