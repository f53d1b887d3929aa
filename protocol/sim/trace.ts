/** What happened, as one number that two runs can be compared by and, when wanted, as lines for people. */

/** 53 bits over (time, peer, kind, type, seq) of every event: equal hashes, equal runs. */
export class Trace {
  #low = 0x811c9dc5;
  #high = 0x1b873593;
  readonly #ring: string[] = [];
  #lines = 0;
  readonly #linesMax: number;

  /** `linesMax`: how many of the last lines are kept; 0 keeps none and costs nothing. */
  constructor(linesMax = 0) {
    this.#linesMax = linesMax;
  }

  /** Whether lines are kept: ask before making one. */
  get readable(): boolean {
    return this.#linesMax > 0;
  }

  /** Adds an event to the hash. All whole numbers; time in microseconds. */
  add(timeUs: number, peer: number, kind: number, type: number, seq: number): void {
    this.#word(timeUs);
    this.#word((peer << 12) ^ (kind << 6) ^ type);
    this.#word(seq);
  }

  #word(word: number): void {
    this.#low = Math.imul(this.#low ^ word, 0x01000193);
    this.#high = Math.imul(this.#high ^ (word >>> 7) ^ this.#low, 0x85ebca6b);
    this.#low ^= this.#high >>> 13;
  }

  line(timeMs: number, who: string, text: string): void {
    this.#ring[this.#lines++ % this.#linesMax] = `${(timeMs / 1000).toFixed(4).padStart(10)}  ${who.padEnd(6)} ${text}`;
  }

  /** The last lines, oldest first. */
  tail(): string[] {
    if (this.#lines <= this.#linesMax) return [...this.#ring];
    const at = this.#lines % this.#linesMax;
    return [...this.#ring.slice(at), ...this.#ring.slice(0, at)];
  }

  hash(): string {
    const high = (this.#high >>> 0) % 0x200000;
    return high.toString(16).padStart(6, '0') + (this.#low >>> 0).toString(16).padStart(8, '0');
  }
}
