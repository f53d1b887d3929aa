/** Seeded random numbers: the only source of chance in the simulator. Same seed, same numbers, on any engine. */
import type { Rng } from '../ports.ts';

/** One step of splitmix32: turns any 32-bit number into a well-mixed one. */
export function mix32(value: number): number {
  let h = (value + 0x9e3779b9) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x21f0aaad);
  h = Math.imul(h ^ (h >>> 15), 0x735a2d97);
  return (h ^ (h >>> 15)) >>> 0;
}

/** A number in 0 .. 2^32 - 1 that depends on nothing but its arguments and not on their order in `a` and `b`. */
export function pairHash(salt: number, a: number, b: number): number {
  const low = a < b ? a : b;
  const high = a < b ? b : a;
  return mix32(mix32(mix32(salt) ^ low) ^ (high + 0x5bd1));
}

/** sfc32: 128 bits of state, passes PractRand; integers only, so that every engine agrees. */
export class SimRng implements Rng {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number, stream = 0) {
    this.#a = mix32(seed ^ Math.imul(stream, 0x85ebca6b));
    this.#b = mix32(this.#a ^ Math.floor(seed / 0x100000000));
    this.#c = mix32(this.#b ^ stream);
    for (let i = 0; i < 12; i++) this.uint32();
  }

  uint32(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** A generator of its own, so that one part's draws do not shift another's. */
  fork(stream: number): SimRng {
    return new SimRng(this.uint32(), stream);
  }

  /** Uniform in 0 .. 1, 1 excluded. */
  unit(): number {
    return this.uint32() / 0x100000000;
  }

  /** Uniform in `low` .. `high`. */
  between(low: number, high: number): number {
    return low + this.unit() * (high - low);
  }

  /** Uniform whole number in `low` .. `high`, both included. */
  int(low: number, high: number): number {
    return low + Math.floor(this.unit() * (high - low + 1));
  }

  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  /** One of some values, or `undefined` when there is none. */
  pick<T>(values: readonly T[]): T | undefined {
    return values[Math.floor(this.unit() * values.length)];
  }

  /** An index into `weights`, each as likely as its weight. */
  weighted(weights: readonly number[]): number {
    let total = 0;
    for (const weight of weights) total += weight;
    let left = this.unit() * total;
    for (let i = 0; i < weights.length; i++) {
      left -= weights[i] ?? 0;
      if (left < 0) return i;
    }
    return weights.length - 1;
  }

  /** Exponential with the given mean. By von Neumann's comparisons: a logarithm may differ between engines. */
  exponential(mean: number): number {
    for (let whole = 0; ; whole++) {
      const first = this.unit();
      let last = first;
      let run = 1;
      for (let next = this.unit(); next < last; next = this.unit()) {
        last = next;
        run++;
      }
      if (run % 2 === 1) return (whole + first) * mean;
    }
  }

  bytes(count: number): Uint8Array {
    const out = new Uint8Array(count);
    for (let i = 0; i < count; i++) out[i] = this.uint32() & 0xff;
    return out;
  }
}
