/**
 * How many chunks of files may be under way to one neighbour (rule F4). What waits at the far end, or in a processor that has
 * too much to do, delays messages as much as what waits in a channel: so the pace follows the time until the far end says that
 * it has taken a chunk, as TCP Vegas follows round-trip times (Brakmo and Peterson 1995).
 */
import { chunksUnderWayMax } from '../limits.ts';
import type { FileKey } from '../types.ts';

/** Chunks that may wait beside those that the link itself needs: with fewer the pace grows, with more it shrinks. */
const waitingMin = 1;
const waitingMax = 2;

interface Departure {
  readonly file: FileKey;
  readonly index: number;
  readonly atMs: number;
}

export class FilePace {
  /** Chunks that may be under way; a fraction counts once it is whole. */
  #window = waitingMax;
  /** The shortest time until a chunk was taken, ms: what it takes when nothing waits. */
  #shortestMs = Infinity;
  #isStarting = true;
  /** Chunks that were sent and not yet taken, oldest first. */
  #departures: Departure[] = [];

  get chunks(): number {
    return Math.floor(this.#window);
  }

  sent(file: FileKey, index: number, nowMs: number): void {
    this.#departures.push({ file, index, atMs: nowMs });
  }

  /** The far end has all chunks of a file before `next`. */
  taken(file: FileKey, next: number, nowMs: number): void {
    const isTaken = (one: Departure): boolean => one.file === file && one.index < next;
    const newest = this.#departures.findLast(isTaken);
    if (newest === undefined) return;
    this.#departures = this.#departures.filter((one) => !isTaken(one));
    // Clocks are coarse: a chunk takes some time.
    this.#adapt(Math.max(1, nowMs - newest.atMs));
  }

  /** The far end asks for a file from another place: what is under way of it will not be taken. */
  restart(file: FileKey): void {
    this.#departures = this.#departures.filter((one) => one.file !== file);
  }

  #adapt(tookMs: number): void {
    this.#shortestMs = Math.min(this.#shortestMs, tookMs);
    const waiting = this.#window * (1 - this.#shortestMs / tookMs);
    if (waiting > waitingMin) this.#isStarting = false;
    // Each change is spread over the chunks of one round trip, but at the start the window doubles in one.
    const step = this.#isStarting ? 1 : 1 / this.#window;
    if (waiting < waitingMin) this.#window = Math.min(chunksUnderWayMax, this.#window + step);
    else if (waiting > waitingMax) this.#window = Math.max(1, this.#window - (waiting - waitingMax) / this.#window);
  }
}
