/** The tree as it is, whatever anybody thinks: degrees, circles, bounded logs, sound paths. */
import type { PlaceView } from '../../core/io.ts';
import { backupsInMax, clientsExcessMax, pathNodesMax } from '../../limits.ts';
import type { LinkEnd } from '../link-end.ts';
import type { SimOptions } from '../options.ts';
import type { SimPeer } from '../sim-peer.ts';
import type { Failing } from './failing.ts';

/**
 * How long a circle of parents may last, ms. Three rules keep circles from arising; one that does is cut by the path
 * that comes round, or by the path's silence (10 s, and 20 s more for a HEALING that went round).
 */
const circleMaxMs = 35_000;

/** What this checker asks of a simulation. */
export interface TreeWorld extends Failing {
  readonly nowMs: number;
  readonly options: Pick<SimOptions, 'logPacketsMax' | 'logBytesMax'>;
  readonly live: readonly SimPeer[];
  parentEnd(peer: SimPeer, view?: PlaceView): LinkEnd | undefined;
}

export class TreeChecker {
  /** Circles seen that broke again. */
  circles = 0;
  longestCircleMs = 0;
  readonly #world: TreeWorld;
  /** Real parents of living peers, as they see them. */
  readonly #parents = new Map<SimPeer, SimPeer>();
  /** Circles by their lowest member, and since when each lasts. */
  #circles = new Map<number, number>();

  constructor(world: TreeWorld) {
    this.#world = world;
  }

  parentOf(peer: SimPeer): SimPeer | undefined {
    return this.#parents.get(peer);
  }

  ended(peer: SimPeer): void {
    this.#parents.delete(peer);
  }

  /** A peer's view changed. */
  changed(peer: SimPeer, view: PlaceView): void {
    const world = this.#world;
    const parent = world.parentEnd(peer, view)?.other?.peer;
    if (parent && !view.head) this.#parents.set(peer, parent);
    else this.#parents.delete(peer);
    const clientsLimit = peer.mostClientsMax + clientsExcessMax;
    if (view.clients.length > clientsLimit) {
      world.fail('degree', `${peer.name} has ${view.clients.length} clients, at most ${clientsLimit} allowed [A9]`);
    }
    let backupsIn = 0;
    let backupsOut = 0;
    let parents = 0;
    for (const { role } of view.links) {
      if (role === 'backupIn') backupsIn++;
      else if (role === 'backupOut') backupsOut++;
      else if (role === 'parent') parents++;
    }
    if (backupsIn > backupsInMax || backupsOut > 1 || parents > 1) {
      world.fail('degree', `${peer.name} has ${parents} parents, ${backupsOut} backups out and ${backupsIn} in [A9]`);
    }
    const { logPacketsMax, logBytesMax } = world.options;
    if (view.logPackets > logPacketsMax || view.logBytes > logBytesMax) {
      world.fail('memory', `${peer.name} logs ${view.logPackets} packets and ${view.logBytes} bytes [L1]`);
    }
    this.#checkPath(peer, view);
  }

  #checkPath(peer: SimPeer, { path, head }: PlaceView): void {
    if (path.length === 0) return;
    if (path.length > pathNodesMax) this.#world.fail('path', `${peer.name} has a path of ${path.length} [U3]`);
    if (path.at(-1) !== peer.id || path.indexOf(peer.id) !== path.length - 1) {
      this.#world.fail('path', `${peer.name} stands wrongly in its own path [U3]`);
    }
    if (head && path.length !== 1) this.#world.fail('path', `${peer.name} is head at depth ${path.length}`);
  }

  /** Looks for circles among the parents. */
  tick(): void {
    const { nowMs } = this.#world;
    const seen = new Map<SimPeer, number>();
    const found = new Map<number, number>();
    let walk = 0;
    for (const start of this.#parents.keys()) {
      walk++;
      let at: SimPeer | undefined = start;
      while (at && !seen.has(at)) {
        seen.set(at, walk);
        at = this.#parents.get(at);
      }
      if (at && seen.get(at) === walk) {
        const lowest = this.#lowestInCircle(at);
        found.set(lowest, this.#circles.get(lowest) ?? nowMs);
      }
    }
    for (const [lowest, sinceMs] of this.#circles) {
      this.longestCircleMs = Math.max(this.longestCircleMs, nowMs - sinceMs);
      if (!found.has(lowest)) this.circles++;
      else if (nowMs - sinceMs > circleMaxMs) {
        this.#world.fail('circle', `parents form a circle through p${lowest} for ${nowMs - sinceMs} ms [U3]`);
      }
    }
    this.#circles = found;
  }

  #lowestInCircle(member: SimPeer): number {
    let lowest = member.index;
    for (let at = this.#parents.get(member); at && at !== member; at = this.#parents.get(at)) {
      lowest = Math.min(lowest, at.index);
    }
    return lowest;
  }
}
