/**
 * How fast a peer reads what its neighbours say themselves (rule S9). The first hop is where a flood can be held back: only there
 * does it come alone. Everybody else's packets on the same link are not counted, so that catching up is as fast as it can be.
 */
import { neighbourBurstShare, neighbourRateShare } from './limits.ts';
import type { NodeId } from './types.ts';

interface Bucket {
  tokens: number;
  atMs: number;
}

/** Buckets kept before those that are full again are forgotten. */
const bucketsMax = 256;

export interface OriginRate {
  readonly originRatePerSecond: number;
  readonly originBurst: number;
}

export class Reading {
  readonly #perSecond: number;
  readonly #burst: number;
  /** By neighbour and not by link: who connects again has no more than before. */
  readonly #buckets = new Map<NodeId, Bucket>();

  constructor({ originRatePerSecond, originBurst }: OriginRate) {
    this.#perSecond = originRatePerSecond * neighbourRateShare;
    this.#burst = Math.max(1, originBurst * neighbourBurstShare);
  }

  /** Takes one packet of a neighbour's own, if it may be read now; otherwise the time at which it may, ms. */
  take(node: NodeId, nowMs: number): true | number {
    const bucket = this.#bucketOf(node, nowMs);
    bucket.tokens = Math.min(this.#burst, bucket.tokens + (Math.max(0, nowMs - bucket.atMs) / 1_000) * this.#perSecond);
    bucket.atMs = nowMs;
    if (bucket.tokens < 1) return nowMs + Math.max(1, ((1 - bucket.tokens) / this.#perSecond) * 1_000);
    bucket.tokens--;
    return true;
  }

  #bucketOf(node: NodeId, nowMs: number): Bucket {
    let bucket = this.#buckets.get(node);
    if (bucket === undefined) {
      if (this.#buckets.size >= bucketsMax) this.#sweep(nowMs);
      this.#buckets.set(node, (bucket = { tokens: this.#burst, atMs: nowMs }));
    }
    return bucket;
  }

  #sweep(nowMs: number): void {
    const fullAfterMs = (this.#burst / this.#perSecond) * 1_000;
    for (const [node, { atMs }] of this.#buckets) if (nowMs - atMs > fullAfterMs) this.#buckets.delete(node);
  }
}
