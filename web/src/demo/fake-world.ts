/** A made-up tree of peers that join, talk, leave and heal: the other half of the fake room. Development only. */
import { type Member, type NodeId, type TreePeer } from '../../../client/api.ts';

const given =
  'Ana Ben Chidi Dana Elif Femi Gita Hugo Inés Jun Kofi Lena Mara Nils Oluwaseun Priya Quentin Rosa Sofía Tariq Uma Viktor Wanjiru Ximena Yusuf Zoë'.split(
    ' ',
  );

/** A small seeded generator (mulberry32), so that a picture can be made again. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export class FakeWorld {
  readonly members = new Map<NodeId, Member>();
  readonly peers = new Map<NodeId, TreePeer>();
  readonly #random: () => number;
  readonly #k: number;

  constructor(seed: number, k: number) {
    this.#random = seeded(seed);
    this.#k = k;
  }

  random(): number {
    return this.#random();
  }

  /** Somebody new, at the shallowest free place. */
  join(name?: string, self = false): Member {
    const id = Array.from({ length: 32 }, () => Math.floor(this.#random() * 16).toString(16)).join('') as NodeId;
    const number = this.members.size;
    const round = Math.floor(number / given.length);
    const member: Member = {
      id,
      name: name ?? `${given[number % given.length] ?? ''}${round === 0 ? '' : ` ${round + 1}`}`,
      role: number % 17 === 16 ? 'relay' : 'peer',
      sinceMs: Date.now() - Math.floor(this.#random() * 40) * 60_000,
      away: this.#random() < 0.08 && !self,
      tag: id.slice(0, 8),
      self,
    };
    this.members.set(id, member);
    this.peers.set(id, { id, parent: this.host(new Set()) });
    return member;
  }

  clientsOf(id: NodeId): NodeId[] {
    return [...this.peers.values()].filter((peer) => peer.parent === id).map((peer) => peer.id);
  }

  /** From the head to a peer, both included. */
  pathTo(id: NodeId): NodeId[] {
    const path: NodeId[] = [];
    for (let at: NodeId | undefined = id; at !== undefined; at = this.peers.get(at)?.parent) path.unshift(at);
    return path;
  }

  /** Edges between two peers. */
  distance(a: NodeId, b: NodeId): number {
    const [pathA, pathB] = [this.pathTo(a), this.pathTo(b)];
    let shared = 0;
    while (pathA[shared] !== undefined && pathA[shared] === pathB[shared]) shared += 1;
    return pathA.length + pathB.length - 2 * shared;
  }

  host(not: ReadonlySet<NodeId>): NodeId | undefined {
    const count = new Map<NodeId, number>();
    for (const { parent } of this.peers.values())
      if (parent !== undefined) count.set(parent, (count.get(parent) ?? 0) + 1);
    let best: { id: NodeId; depth: number } | undefined;
    for (const { id } of this.peers.values()) {
      if (not.has(id) || (count.get(id) ?? 0) >= this.#k) continue;
      const depth = this.pathTo(id).length;
      if (best === undefined || depth < best.depth) best = { id, depth };
    }
    return best?.id;
  }

  /** Somebody vanishes; gives the orphans, which hang in the air until `adopt`. */
  vanish(id: NodeId): NodeId[] {
    const orphans = this.clientsOf(id);
    this.peers.delete(id);
    this.members.delete(id);
    for (const orphan of orphans) this.peers.set(orphan, { id: orphan, parent: undefined });
    return orphans;
  }

  adopt(orphan: NodeId): void {
    const below = new Set<NodeId>([orphan]);
    for (const { id } of this.peers.values()) if (this.pathTo(id).includes(orphan)) below.add(id);
    this.peers.set(orphan, { id: orphan, parent: this.host(below) });
  }

  /** A random peer for which `accept` holds. */
  pick(accept: (id: NodeId) => boolean): NodeId | undefined {
    const all = [...this.peers.keys()].filter(accept);
    return all[Math.floor(this.#random() * all.length)];
  }
}
