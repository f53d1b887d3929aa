/** How long the neighbours of a failure take until they are attached and anchored again. */
import type { PlaceView } from '../../core/io.ts';
import type { LinkEnd } from '../link-end.ts';
import type { SimPeer } from '../sim-peer.ts';

interface Pending {
  readonly atMs: number;
  readonly silent: boolean;
  /** The client's end of the link that died. */
  readonly deadEnd: LinkEnd;
}

/** What this checker asks of a simulation. */
export interface HealsWorld {
  readonly nowMs: number;
  parentEnd(peer: SimPeer, view?: PlaceView): LinkEnd | undefined;
}

export class Heals {
  readonly cleanMs: number[] = [];
  readonly silentMs: number[] = [];
  readonly #world: HealsWorld;
  readonly #pending = new Map<SimPeer, Pending>();

  constructor(world: HealsWorld) {
    this.#world = world;
  }

  /** A peer is about to vanish: all whose parent it is will have to heal. `silent`: they will not be told. */
  peerDies(peer: SimPeer, silent: boolean): void {
    for (const end of peer.links.values()) if (end.other) this.linkDies(end.other, silent);
  }

  /** A link is about to die. Counts only when `end` is the client's and leads to its parent. */
  linkDies(end: LinkEnd, silent: boolean): void {
    const { peer } = end;
    if (end.phase !== 'open' || !peer.alive || peer.frozen || this.#pending.has(peer)) return;
    if (this.#world.parentEnd(peer) !== end) return;
    this.#pending.set(peer, { atMs: this.#world.nowMs, silent, deadEnd: end });
  }

  isPending(peer: SimPeer): boolean {
    return this.#pending.has(peer);
  }

  /** A frozen peer cannot heal: what it takes says nothing. */
  froze(peer: SimPeer): void {
    this.#pending.delete(peer);
  }

  changed(peer: SimPeer, view: PlaceView): void {
    const pending = this.#pending.get(peer);
    if (pending === undefined || view.state !== 'attached' || view.path.length === 0) return;
    const end = this.#world.parentEnd(peer, view);
    if (!view.head && (end === undefined || end === pending.deadEnd)) return;
    this.#pending.delete(peer);
    (pending.silent ? this.silentMs : this.cleanMs).push(this.#world.nowMs - pending.atMs);
  }
}
