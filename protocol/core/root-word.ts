/**
 * How old the root's signed word is (rule U7). Clocks need not agree: the Ack says what the root's clock shows, and from then on
 * it goes as this peer's own does.
 */
import { attestationAgeMaxMs, clockDriftMax } from '../limits.ts';
import type { Attestation } from '../wire/attestation.ts';

export class RootWord {
  /** The root's clock less this peer's own, at least, ms; and when that was found, on the own clock. */
  #aheadMs: number | undefined;
  #foundAtMs = 0;

  /** The Ack brought the root's time. Another root, or the same one started anew, may have another clock. */
  registered(rootTimeMs: number, nowMs: number): void {
    this.#aheadMs = rootTimeMs - nowMs;
    this.#foundAtMs = nowMs;
  }

  /** Whether a word that the root did sign is new enough to say that the root is there. */
  isFresh({ timeMs }: Attestation, nowMs: number): boolean {
    if (this.#aheadMs === undefined) return false;
    const aheadMs = timeMs - nowMs;
    if (aheadMs >= this.#aheadMs) {
      // Signed, so the root's clock did show it: the Ack was longer on its way, or this peer's clock stood still in a sleep.
      this.#aheadMs = aheadMs;
      this.#foundAtMs = nowMs;
      return true;
    }
    return this.#aheadMs - aheadMs <= attestationAgeMaxMs + (nowMs - this.#foundAtMs) * clockDriftMax;
  }
}
