/** What one address may do to the root: sockets at once, sockets a second, packets a second (rule R11). */
import {
  addressPacketsBurstMin,
  addressPacketsPerSocketBurst,
  addressPacketsPerSocketSecond,
  opensBurstMin,
  opensPerSocketBurst,
  opensPerSocketSecond,
} from '../protocol/limits.ts';
import { addressPrefixes, type AddressPrefix } from './addresses.ts';
import { TokenBuckets } from '../protocol/token-buckets.ts';

/** Connections beyond an address's bounds that wait to be told so; more are cut without a word. */
const refusalsWaitingMax = 64;

/** How many of something each prefix has. */
class Counts {
  readonly #counts = new Map<string, number>();

  /** Whether one more fits everywhere. */
  hasRoom(prefixes: readonly AddressPrefix[], max: number, extra = 0): boolean {
    return prefixes.every(({ key, share }) => (this.#counts.get(key) ?? 0) < max * share + extra);
  }

  change(prefixes: readonly AddressPrefix[], by: 1 | -1): void {
    for (const { key } of prefixes) {
      const count = (this.#counts.get(key) ?? 0) + by;
      if (count > 0) this.#counts.set(key, count);
      else this.#counts.delete(key);
    }
  }
}

export class AddressGuard {
  readonly #max: number;
  readonly #nowMs: () => number;
  readonly #connections = new Counts();
  readonly #sockets = new Counts();
  readonly #opens = new TokenBuckets();
  readonly #packets = new TokenBuckets();

  /** `socketsMax`: sockets of one address; the other bounds grow with it. `nowMs`: a clock that never goes back. */
  constructor(socketsMax: number, nowMs: () => number) {
    this.#max = socketsMax;
    this.#nowMs = nowMs;
  }

  /** Whether an address that goes on although it is refused is worth a handshake. */
  mayKnock(address: string): boolean {
    return this.#leastOpens(addressPrefixes(address), 0) > -refusalsWaitingMax;
  }

  /**
   * A connection came: `in`, `late` when it is one too many for this second, and is to be told so, or `cut` without a word.
   * Unless cut, it is to be given back with `closed`.
   */
  opened(address: string): 'in' | 'late' | 'cut' {
    const prefixes = addressPrefixes(address);
    const left = this.#leastOpens(prefixes, 1);
    if (!this.#connections.hasRoom(prefixes, this.#max, refusalsWaitingMax)) return 'cut';
    this.#connections.change(prefixes, 1);
    return left < 0 ? 'late' : 'in';
  }

  closed(address: string): void {
    this.#connections.change(addressPrefixes(address), -1);
  }

  /** Takes a place among an address's sockets, unless they are all taken. */
  takeSocket(address: string): boolean {
    const prefixes = addressPrefixes(address);
    if (!this.#sockets.hasRoom(prefixes, this.#max)) return false;
    this.#sockets.change(prefixes, 1);
    return true;
  }

  freeSocket(address: string): void {
    this.#sockets.change(addressPrefixes(address), -1);
  }

  /** Whether a packet of this address may be looked at. */
  takePacket(address: string): boolean {
    const perSecond = this.#max * addressPacketsPerSocketSecond;
    const burst = Math.max(addressPacketsBurstMin, this.#max * addressPacketsPerSocketBurst);
    const nowMs = this.#nowMs();
    const prefixes = addressPrefixes(address);
    const isThere = prefixes.every(
      ({ key, share }) => this.#packets.take(key, 0, perSecond * share, burst * share, nowMs) >= 1,
    );
    // What is refused costs nothing, so that a flood ends when it ends.
    if (isThere)
      for (const { key, share } of prefixes) this.#packets.take(key, 1, perSecond * share, burst * share, nowMs);
    return isThere;
  }

  #leastOpens(prefixes: readonly AddressPrefix[], count: number): number {
    const perSecond = Math.max(1, this.#max * opensPerSocketSecond);
    const burst = Math.max(opensBurstMin, this.#max * opensPerSocketBurst);
    const nowMs = this.#nowMs();
    return Math.min(
      ...prefixes.map(({ key, share }) => this.#opens.take(key, count, perSecond * share, burst * share, nowMs)),
    );
  }
}
