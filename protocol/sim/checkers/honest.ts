/**
 * What honest peers get of each other in a room with hostile ones: each word within three audit rounds, counted from when the two
 * were connected by honest peers and their links, backups included. A pair that never was so is counted, not owed anything.
 */
import { auditPeriodMs } from '../../limits.ts';
import type { Deliveries } from './deliveries.ts';
import type { Failing } from './failing.ts';
import type { Network } from '../network.ts';
import type { SimPeer } from '../sim-peer.ts';

/** How long a word may take between two honest peers, ms. */
export const lateAfterMs = 3 * auditPeriodMs;
/** Time between two looks at who is connected, ms. */
const lookMs = 1_000;

/** What this checker asks of a simulation. */
export interface HonestWorld extends Failing {
  readonly nowMs: number;
  readonly live: readonly SimPeer[];
  readonly network: Pick<Network, 'isUp'>;
}

export interface HonestResult {
  /** Words times the honest peers that were there for them; and late ones whose two ends were not connected all that time. */
  readonly pairs: number;
  readonly cutOffPairs: number;
  /** Of each word, how long until the last honest peer had it that it was owed to, ms. */
  readonly lateMs: readonly number[];
  /** Honest peers that had some word late or never, whatever the reason, and all of them. */
  readonly eclipsed: number;
  readonly honest: number;
  /** The first word that was owed and late, for people. */
  readonly late: string | undefined;
}

export class HonestChecker {
  readonly #world: HonestWorld;
  readonly #deliveries: Pick<Deliveries, 'streams' | 'gotAtMs'>;
  readonly #isHostile: (peer: SimPeer) => boolean;
  /** By look: for each peer the lowest index among those it was connected with; absent for who was not there. */
  readonly #parts: Map<SimPeer, number>[] = [];

  constructor(
    world: HonestWorld,
    deliveries: Pick<Deliveries, 'streams' | 'gotAtMs'>,
    isHostile: (peer: SimPeer) => boolean,
  ) {
    this.#world = world;
    this.#deliveries = deliveries;
    this.#isHostile = isHostile;
  }

  /** Looks who is connected. Called once a second. */
  look(): void {
    const parts = new Map<SimPeer, number>();
    for (const start of this.#honest()) {
      if (parts.has(start)) continue;
      const reached = [start];
      parts.set(start, start.index);
      for (let at = reached.pop(); at; at = reached.pop()) {
        for (const { link } of at.core.linkViews()) {
          const end = at.links.get(link);
          const other = end?.other?.peer;
          if (!end || !other?.alive || this.#isHostile(other) || parts.has(other)) continue;
          if (!this.#world.network.isUp(end)) continue;
          parts.set(other, start.index);
          reached.push(other);
        }
      }
    }
    this.#parts[Math.round(this.#world.nowMs / lookMs)] = parts;
  }

  #honest(): SimPeer[] {
    return this.#world.live.filter((peer) => !this.#isHostile(peer) && peer.attachedAtMs !== Infinity);
  }

  #areConnected(a: SimPeer, b: SimPeer, look: number): boolean {
    const part = this.#parts[look]?.get(a);
    return part !== undefined && part === this.#parts[look]?.get(b);
  }

  /** When a word of one must have come to the other at the latest, ms; `undefined` when the two were not connected for long enough. */
  #dueMs(origin: SimPeer, peer: SimPeer, saidAtMs: number): number | undefined {
    let connected = 0;
    for (let look = Math.floor(saidAtMs / lookMs); look < this.#parts.length; look++) {
      connected = this.#areConnected(origin, peer, look) ? connected + 1 : 0;
      if (connected > lateAfterMs / lookMs) return (look + 1) * lookMs;
    }
    return undefined;
  }

  /** What came of everything that was said early enough to be late by now. */
  result(): HonestResult {
    const { nowMs } = this.#world;
    const deliveries = this.#deliveries;
    const honest = this.#honest();
    const eclipsed = new Set<SimPeer>();
    const lateMs: number[] = [];
    let [pairs, cutOffPairs] = [0, 0];
    let late: string | undefined;
    for (const stream of deliveries.streams) {
      const { origin } = stream;
      if (this.#isHostile(origin) || !origin.alive) continue;
      for (let seq = 1; seq <= stream.sealed; seq++) {
        const saidAtMs = stream.sealedAtMs[seq] ?? 0;
        if (saidAtMs + lateAfterMs > nowMs) break;
        let longestMs = 0;
        for (const peer of honest) {
          if (peer === origin || peer.attachedAtMs >= saidAtMs) continue;
          pairs++;
          const tookMs = (deliveries.gotAtMs(peer, stream, seq) ?? Infinity) - saidAtMs;
          const isLate = tookMs > lateAfterMs;
          if (isLate) eclipsed.add(peer);
          const dueMs = (isLate ? this.#dueMs(origin, peer, saidAtMs) : undefined) ?? Infinity;
          if (isLate && saidAtMs + tookMs <= dueMs) cutOffPairs++;
          else if (isLate) {
            const when = tookMs === Infinity ? 'never' : `after ${Math.round(tookMs)} ms`;
            late ??= `${peer.name} got #${seq} of ${origin.name}, said at ${Math.round(saidAtMs)} ms, ${when} [K4]`;
          }
          if (tookMs !== Infinity) longestMs = Math.max(longestMs, tookMs);
        }
        lateMs.push(longestMs);
      }
    }
    return { pairs, cutOffPairs, lateMs, eclipsed: eclipsed.size, honest: honest.length, late };
  }
}
