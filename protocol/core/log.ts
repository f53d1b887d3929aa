/** The one log: every packet this peer accepted, in the order it accepted them (rules L1, L2). */
import { logAgeMaxMs } from '../limits.ts';
import type { LinkId, StreamKey } from '../types.ts';
import { packetSize, type VerifiedPacket } from '../wire/packet.ts';

export interface LogEntry {
  readonly key: StreamKey;
  readonly packet: VerifiedPacket<'message'>;
  readonly sizeBytes: number;
  /** Link it came by; 0 for one's own. It is not sent back there. */
  readonly from: LinkId;
  readonly atMs: number;
}

/** Entries have positions that only grow; `start` is the oldest one still held, `end` the next to be given. */
export class Log {
  readonly #packetsMax: number;
  readonly #bytesMax: number;
  #entries: LogEntry[] = [];
  /** Index in `#entries` of the oldest entry that was not evicted. */
  #first = 0;
  /** Position of `#entries[0]`. */
  #base = 0;
  bytes = 0;

  constructor(packetsMax: number, bytesMax: number) {
    this.#packetsMax = packetsMax;
    this.#bytesMax = bytesMax;
  }

  get start(): number {
    return this.#base + this.#first;
  }

  get end(): number {
    return this.#base + this.#entries.length;
  }

  get length(): number {
    return this.#entries.length - this.#first;
  }

  at(position: number): LogEntry | undefined {
    return position < this.start ? undefined : this.#entries[position - this.#base];
  }

  /** Adds an entry and evicts the oldest beyond the limits; the evicted are passed to `evicted`. */
  append(
    key: StreamKey,
    packet: VerifiedPacket<'message'>,
    from: LinkId,
    nowMs: number,
    evicted: (entry: LogEntry) => void,
  ): void {
    const sizeBytes = packetSize(packet);
    this.#entries.push({ key, packet, sizeBytes, from, atMs: nowMs });
    this.bytes += sizeBytes;
    while (this.length > this.#packetsMax || this.bytes > this.#bytesMax) this.#evict(evicted);
    this.expire(nowMs, evicted);
  }

  /** Evicts what is older than the age limit. */
  expire(nowMs: number, evicted: (entry: LogEntry) => void): void {
    for (let oldest = this.at(this.start); oldest && nowMs - oldest.atMs > logAgeMaxMs; oldest = this.at(this.start)) {
      this.#evict(evicted);
    }
  }

  #evict(evicted: (entry: LogEntry) => void): void {
    const entry = this.#entries[this.#first];
    if (entry === undefined) return;
    this.bytes -= entry.sizeBytes;
    this.#first++;
    // Compacting now and then, not at each eviction, keeps eviction constant-time on average.
    if (this.#first > 256 && this.#first * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#first);
      this.#base += this.#first;
      this.#first = 0;
    }
    evicted(entry);
  }
}
