/**
 * How fast a peer reads what its neighbours say themselves (rule S9). The first hop is where a flood can be held back: only there
 * does it come alone. Everybody else's packets on the same link are not counted, so that catching up is as fast as it can be.
 */
import { neighbourBurstShare, neighbourRateShare } from '../limits.ts';
import { TokenBuckets } from '../token-buckets.ts';
import type { NodeId } from '../types.ts';

export interface OriginRate {
  readonly originRatePerSecond: number;
  readonly originBurst: number;
}

export class Reading {
  readonly #perSecond: number;
  readonly #burst: number;
  /** By neighbour and not by link: who connects again has no more than before. */
  readonly #buckets = new TokenBuckets();

  constructor({ originRatePerSecond, originBurst }: OriginRate) {
    this.#perSecond = originRatePerSecond * neighbourRateShare;
    this.#burst = Math.max(1, originBurst * neighbourBurstShare);
  }

  /** Takes one packet of a neighbour's own, if it may be read now; otherwise the time at which it may, ms. */
  take(node: NodeId, nowMs: number): true | number {
    const left = this.#buckets.take(node, 0, this.#perSecond, this.#burst, nowMs);
    if (left < 1) return nowMs + Math.max(1, ((1 - left) / this.#perSecond) * 1_000);
    this.#buckets.take(node, 1, this.#perSecond, this.#burst, nowMs);
    return true;
  }
}
