/** What this peer has of each stream: its frontier, what it holds back, and the digest that two neighbours compare. */
import { logAgeMaxMs, streamsMax } from '../limits.ts';
import { splitStreamKey, streamKey, type LinkId, type NodeId, type SessionId, type StreamKey } from '../types.ts';
import type { FrontierEntry } from '../wire/bodies.ts';
import { hashText, mixHash } from '../wire/bytes.ts';
import type { VerifiedPacket } from '../wire/packet.ts';

/** A packet that waits for the ones before it. */
export interface Held {
  readonly packet: VerifiedPacket<'message'>;
  readonly from: LinkId;
}

export interface StreamState {
  readonly key: StreamKey;
  readonly sender: NodeId;
  readonly session: SessionId;
  readonly hash: number;
  /** Everything below was accepted, or given up in a gap. */
  next: number;
  /** Oldest position that the log still holds; `next` when none. */
  oldest: number;
  /** Positions below were said before this peer came (rule L6); 1 for none. */
  pastUntil: number;
  /** The furthest `next` of a neighbour that cannot give what lies between: shows a hole that nothing follows. */
  ahead: number;
  held: Map<number, Held> | undefined;
  /** What the log holds of it, by position. */
  readonly logged: Map<number, VerifiedPacket<'message'>>;
  /** Since when something held waits, ms. */
  missingSinceMs: number;
  lastMs: number;
  presence: VerifiedPacket<'presence'> | undefined;
}

function presenceVersion(state: StreamState): number {
  return state.presence?.header.seq ?? 0;
}

function digestOf(state: StreamState): number {
  return (mixHash(state.hash, state.next) + mixHash(state.hash ^ 0x5bd1e995, presenceVersion(state))) >>> 0;
}

/** The table of streams. Bounded by `streamsMax` (rule L9). */
export class Streams {
  readonly #states = new Map<StreamKey, StreamState>();
  /** Streams that hold something back. */
  readonly waiting = new Set<StreamState>();
  /** Streams of which something that was said before this peer came is still to come. */
  readonly catchingUp = new Set<StreamState>();
  /** Sessions up to this one are refused when unknown: they may have been forgotten. */
  floor = '' as SessionId;
  /** Sum over all streams of a hash of what is had: equal sums, equal frontiers (but for one chance in 2^32). */
  digest = 0;
  heldPackets = 0;
  /** Whether nobody of this id is in the tree, as far as this peer was told: its streams may be forgotten. */
  readonly isDeparted: (node: NodeId) => boolean;

  constructor(isDeparted: (node: NodeId) => boolean) {
    this.isDeparted = isDeparted;
  }

  get(key: StreamKey): StreamState | undefined {
    return this.#states.get(key);
  }

  values(): IterableIterator<StreamState> {
    return this.#states.values();
  }

  get size(): number {
    return this.#states.size;
  }

  /** The stream, made with `next` when it is not known; `undefined` when its session was forgotten. */
  open(key: StreamKey, next: number, nowMs: number): StreamState | undefined {
    const known = this.#states.get(key);
    if (known) return known;
    if (this.isForgotten(key)) return undefined;
    if (this.#states.size >= streamsMax) this.#forgetOldest(nowMs);
    const state: StreamState = {
      key,
      ...splitStreamKey(key),
      hash: hashText(key),
      next,
      oldest: next,
      pastUntil: 1,
      ahead: 0,
      held: undefined,
      logged: new Map(),
      missingSinceMs: 0,
      lastMs: nowMs,
      presence: undefined,
    };
    this.#states.set(key, state);
    this.digest = (this.digest + digestOf(state)) >>> 0;
    return state;
  }

  isForgotten(key: StreamKey): boolean {
    return this.floor !== '' && splitStreamKey(key).session <= this.floor;
  }

  /** Forgets a quarter of the departed streams whose packets have left every log, oldest sessions first. */
  #forgetOldest(nowMs: number): void {
    const candidates = [...this.#states.values()]
      .filter((state) => nowMs - state.lastMs > logAgeMaxMs && this.isDeparted(state.sender))
      .sort((a, b) => (a.session < b.session ? -1 : 1));
    for (const { key, session } of candidates.slice(0, Math.max(1, candidates.length >> 2))) {
      if (session > this.floor) this.floor = session;
      this.remove(key);
    }
  }

  /** Forgets a stream and what waits of it. */
  remove(key: StreamKey): void {
    const state = this.#states.get(key);
    if (state === undefined) return;
    this.digest = (this.digest - digestOf(state)) >>> 0;
    this.waiting.delete(state);
    this.catchingUp.delete(state);
    this.heldPackets -= state.held?.size ?? 0;
    state.held = undefined;
    this.#states.delete(key);
  }

  /** Moves the frontier. */
  advance(state: StreamState, next: number, nowMs: number): void {
    this.digest = (this.digest - digestOf(state)) >>> 0;
    state.next = next;
    state.lastMs = nowMs;
    if (next >= state.pastUntil) this.catchingUp.delete(state);
    this.digest = (this.digest + digestOf(state)) >>> 0;
  }

  /** Takes a presence packet when it is newer. */
  setPresence(state: StreamState, packet: VerifiedPacket<'presence'>): boolean {
    if (packet.header.seq <= presenceVersion(state)) return false;
    this.digest = (this.digest - digestOf(state)) >>> 0;
    state.presence = packet;
    this.digest = (this.digest + digestOf(state)) >>> 0;
    return true;
  }

  /** All that is had, as frontier entries. */
  frontier(): FrontierEntry[] {
    return Array.from(this.#states.values(), entryOf);
  }

  /** The entries that differ from what the far end says it has, its unknown streams included. */
  differences(theirs: ReadonlyMap<StreamKey, FrontierEntry>): FrontierEntry[] {
    const entries: FrontierEntry[] = [];
    for (const state of this.#states.values()) {
      const their = theirs.get(state.key);
      if (their?.next !== state.next || their.presence !== presenceVersion(state)) entries.push(entryOf(state));
    }
    for (const their of theirs.values()) {
      const key = streamKey(their.sender, their.session);
      if (!this.#states.has(key)) entries.push({ ...their, next: 0, oldest: 0, presence: 0 });
    }
    return entries;
  }
}

function entryOf(state: StreamState): FrontierEntry {
  return {
    sender: state.sender,
    session: state.session,
    next: state.next,
    oldest: state.oldest,
    presence: presenceVersion(state),
  };
}
