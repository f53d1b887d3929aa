/** How many register at a root or in a room, and what that means for the next ones (rules R10, A12). */
import { joinBurstSeconds, workBitsMax, workBitsMin } from '../limits.ts';

export class JoinRate {
  readonly #perSecond: number;
  readonly #burst: number;
  /** Registrations beyond what the seconds since let through. */
  #level = 0;
  #atMs = 0;

  /** `perSecond`: registrations that are let through without work for as long as they come. */
  constructor(perSecond: number) {
    this.#perSecond = perSecond;
    this.#burst = perSecond * joinBurstSeconds;
  }

  /** One more registered. */
  note(nowMs: number): void {
    this.#pass(nowMs);
    // No more than twice the burst: what is over in a moment is forgotten soon.
    this.#level = Math.min(this.#level + 1, this.#burst * 2);
  }

  /** Whether more came lately than are let through. */
  isAbove(nowMs: number): boolean {
    this.#pass(nowMs);
    return this.#level > this.#burst;
  }

  /** Bits of work for the next challenge: none up to the burst, then 10, and one more for each tenth of a burst, up to 16. */
  workBits(nowMs: number): number {
    if (!this.isAbove(nowMs)) return 0;
    const tenths = Math.floor(((this.#level - this.#burst) / this.#burst) * 10);
    return Math.min(workBitsMax, workBitsMin + tenths);
  }

  #pass(nowMs: number): void {
    const passedMs = Math.max(0, nowMs - this.#atMs);
    this.#level = Math.max(0, this.#level - (passedMs / 1_000) * this.#perSecond);
    this.#atMs = nowMs;
  }
}
