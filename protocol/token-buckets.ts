/** A token bucket for each key: so many a second, and a burst. */
interface Bucket {
  tokens: number;
  atMs: number;
}

/** Buckets kept before those that are full again are forgotten: a full one says the same as none. */
const bucketsMax = 4_096;

export class TokenBuckets {
  readonly #buckets = new Map<string, Bucket>();
  #sweepAt = bucketsMax;

  /** How many are remembered. */
  get size(): number {
    return this.#buckets.size;
  }

  /**
   * What is left in a bucket after taking `count` (0 to look): below zero when it was not there. Debts are remembered down to a
   * burst. `burst` and `perSecond` belong to the key and are the same at each call.
   */
  take(key: string, count: number, perSecond: number, burst: number, nowMs: number): number {
    let bucket = this.#buckets.get(key);
    if (bucket === undefined) {
      this.#sweep(perSecond, burst, nowMs);
      bucket = { tokens: burst, atMs: nowMs };
      this.#buckets.set(key, bucket);
    }
    const gained = (Math.max(0, nowMs - bucket.atMs) / 1_000) * perSecond;
    bucket.tokens = Math.max(-burst, Math.min(burst, bucket.tokens + gained) - count);
    bucket.atMs = nowMs;
    return bucket.tokens;
  }

  #sweep(perSecond: number, burst: number, nowMs: number): void {
    if (this.#buckets.size < this.#sweepAt) return;
    // From empty to full: whoever was not seen for this long has all its tokens back.
    const fullAfterMs = (2 * burst * 1_000) / perSecond;
    for (const [key, { atMs }] of this.#buckets) if (nowMs - atMs > fullAfterMs) this.#buckets.delete(key);
    this.#sweepAt = Math.max(bucketsMax, this.#buckets.size * 2);
  }
}
