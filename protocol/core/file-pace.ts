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
/**
 * Waiting behind one's own chunks explains a time as many times the shortest as chunks are under way. This much beyond, the far end
 * is busy with something else: messages, or chunks of others.
 */
const busyFactor = 2;
/**
 * Below one, the window is the share of the time that is not rest. With a half, talk took four times as long as without a file where
 * nine peers share a processor; with a quarter, twice.
 */
const windowMin = 0.25;
const shareStep = 0.2;
/** Longest rest, ms: who is slow for a moment is soon tried again. */
const restMsMax = 200;
/** The shortest time counts for one to two of these, ms: a neighbour may become slower for good. */
const shortestPeriodMs = 30_000;

interface Departure {
  readonly file: FileKey;
  readonly index: number;
  readonly atMs: number;
  /** It was sent before. */
  readonly isAgain: boolean;
}

/** The shortest of the times of the last one to two periods, ms. */
class RecentMinimum {
  #periodStartMs = -Infinity;
  #beforeMs = Infinity;
  #currentMs = Infinity;

  take(ms: number, nowMs: number): void {
    if (nowMs - this.#periodStartMs >= shortestPeriodMs) {
      this.#beforeMs = this.#currentMs;
      this.#currentMs = Infinity;
      this.#periodStartMs = nowMs;
    }
    this.#currentMs = Math.min(this.#currentMs, ms);
  }

  get valueMs(): number {
    return Math.min(this.#beforeMs, this.#currentMs);
  }
}

export class FilePace {
  /** Chunks that may be under way; above one, a fraction counts once it is whole. */
  #window = 2;
  /** What a chunk takes when nothing waits. */
  readonly #shortest = new RecentMinimum();
  #isStarting = true;
  /** With a window below one, the far end has its processor to itself until then. */
  #restUntilMs = -Infinity;
  /** Chunks that were sent and not yet taken, oldest first. */
  #departures: Departure[] = [];

  /** When the next chunk may be sent while `underWay` are: `-Infinity` is now, `Infinity` once one was taken. */
  readyAtMs(underWay: number): number {
    if (underWay >= Math.max(1, Math.floor(this.#window))) return Infinity;
    return underWay === 0 ? this.#restUntilMs : -Infinity;
  }

  sent(file: FileKey, index: number, nowMs: number, isAgain = false): void {
    this.#departures.push({ file, index, atMs: nowMs, isAgain });
  }

  /** The far end has all chunks of a file before `next`. */
  taken(file: FileKey, next: number, nowMs: number): void {
    const isTaken = (one: Departure): boolean => one.file === file && one.index < next;
    const [first, ...more] = this.#departures.filter(isTaken);
    if (first === undefined) return;
    this.#departures = this.#departures.filter((one) => !isTaken(one));
    // Only what was sent once and is answered by itself shows a time. The answer to what was sent again may be to the first copy (Karn
    // and Partridge 1987), and an answer to several says that others brought them. Taken for a round trip, such a time makes every
    // true one seem long for a minute.
    if (more.length > 0 || first.isAgain) return;
    // Clocks are coarse: a chunk takes some time.
    this.#adapt(Math.max(1, nowMs - first.atMs), nowMs);
  }

  /** The far end asks for a file from another place: what is under way of it will not be taken. */
  restart(file: FileKey): void {
    this.#departures = this.#departures.filter((one) => one.file !== file);
  }

  #adapt(tookMs: number, nowMs: number): void {
    this.#shortest.take(tookMs, nowMs);
    const shortestMs = this.#shortest.valueMs;
    const isBusy = tookMs > busyFactor * shortestMs * Math.max(1, this.#window);
    const waiting = this.#window * (1 - shortestMs / tookMs);
    if (isBusy || waiting > waitingMin) this.#isStarting = false;
    if (isBusy) this.#window = Math.max(windowMin, this.#window * (1 - shareStep));
    else if (this.#window < 1) this.#window = Math.min(1, this.#window * (1 + shareStep));
    // Each change is spread over the chunks of one round trip, but at the start the window doubles in one.
    else if (waiting < waitingMin)
      this.#window = Math.min(chunksUnderWayMax, this.#window + (this.#isStarting ? 1 : 1 / this.#window));
    else if (waiting > waitingMax) this.#window = Math.max(1, this.#window - (waiting - waitingMax) / this.#window);
    this.#restUntilMs = this.#window < 1 ? nowMs + Math.min(restMsMax, tookMs * (1 / this.#window - 1)) : -Infinity;
  }
}
