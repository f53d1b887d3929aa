/** What must be true of a room in the end, when nothing breaks any more. */
import type { PeerView } from '../../core/io.ts';
import { clientsExcessMax } from '../../limits.ts';
import type { RootRoomView } from '../../root/io.ts';
import type { NodeId } from '../../types.ts';
import type { SimPeer } from '../sim-peer.ts';
import type { Simulation } from '../simulation.ts';

/** Rooms up to this size are checked for every peer's picture of every other: the square of the size. */
const pictureCheckedMax = 120;
/** Clients that leaf-like peers may end up with when no other slot existed (rule A1). */
const leafClientsMax = 2;

export interface TreeShape {
  readonly depthMax: number;
  readonly depthOptimal: number;
}

/** A living room as its peers see it. */
export class Room {
  readonly views = new Map<SimPeer, PeerView>();
  readonly parents = new Map<SimPeer, SimPeer>();
  readonly byId = new Map<NodeId, SimPeer>();
  head: SimPeer | undefined;
  readonly #sim: Simulation;
  readonly #depths = new Map<SimPeer, number>();

  constructor(sim: Simulation) {
    this.#sim = sim;
  }

  /** The first thing that is not as it must be; `undefined` when all is well. Cheap checks come first. */
  problem(announced: (peer: SimPeer) => boolean): string | undefined {
    return (
      this.#states() ??
      this.#edges() ??
      this.#shape() ??
      this.#deliveries() ??
      this.#rootView() ??
      this.#pictures(announced)
    );
  }

  #states(): string | undefined {
    const { live } = this.#sim;
    if (live.length === 0) return 'nobody lives';
    for (const peer of live) {
      if (peer.state !== 'attached') return `${peer.name} is ${peer.state}`;
      if (this.byId.has(peer.id)) return `${peer.name} lives twice`;
      this.byId.set(peer.id, peer);
    }
    for (const peer of live) {
      const view = peer.core.view();
      this.views.set(peer, view);
      if (!view.registered) return `${peer.name} is not registered`;
      if (!view.rootReachable) return `${peer.name} thinks that the root is away`;
      if (view.head) {
        if (this.head) return `${this.head.name} and ${peer.name} are both head`;
        this.head = peer;
      }
    }
    return this.head === undefined ? 'nobody is head' : undefined;
  }

  /** Each edge has two ends that agree, and a path of the real ancestors. */
  #edges(): string | undefined {
    for (const [peer, view] of this.views) {
      if (view.head) continue;
      const end = this.#sim.parentEnd(peer, view);
      const parent = end?.other?.peer;
      if (end === undefined || parent === undefined || !parent.alive) return `${peer.name} hangs from nobody`;
      if (!this.#sim.network.isUp(end)) return `${peer.name} hangs from ${parent.name} by a dead link`;
      if (parent.id !== view.parent) return `${peer.name} takes ${parent.name} for somebody else`;
      if (!this.views.get(parent)?.clients.includes(peer.id))
        return `${parent.name} does not know its client ${peer.name}`;
      this.parents.set(peer, parent);
    }
    for (const [peer, view] of this.views) {
      for (const id of view.clients) {
        const client = this.byId.get(id);
        if (!client || this.parents.get(client) !== peer) return `${peer.name} has a client that is not its client`;
      }
      const { path } = view;
      let at: SimPeer | undefined = peer;
      for (let i = path.length - 1; i >= 0 && at; i--) {
        if (path[i] !== at.id) return `${peer.name}'s path is not where it hangs`;
        at = this.parents.get(at);
      }
      if (at !== undefined) return `${peer.name}'s path is too short`;
      this.#depths.set(peer, path.length);
    }
    return undefined;
  }

  #shape(): string | undefined {
    const { unreachableShare, balance } = this.#sim.options;
    const free: PeerView[] = [];
    let shallowest = Infinity;
    let deepest = 0;
    for (const [peer, view] of this.views) {
      const depth = view.path.length;
      deepest = Math.max(deepest, depth);
      if (!peer.serves || view.clients.length >= peer.clientsMax) continue;
      free.push(view);
      shallowest = Math.min(shallowest, depth);
    }
    // A pair that cannot connect may keep a peer from the best place.
    const isFree = balance && unreachableShare === 0;
    for (const [peer, view] of this.views) {
      const count = view.clients.length;
      const wished = peer.serves ? peer.clientsMax : 0;
      if (count <= wished) continue;
      const most = peer.serves ? wished + clientsExcessMax : leafClientsMax;
      // Who has nobody else to go to stays (rule A1); a slot below itself is none for a client.
      const hasPlace = view.clients.some((client) => free.some(({ path }) => !path.includes(client)));
      if (count > most || (isFree && hasPlace)) return `${peer.name} still has ${count} clients, but offers ${wished}`;
    }
    if (!isFree) return undefined;
    return deepest > shallowest + 1 ? `depth is ${deepest}, with a free slot at depth ${shallowest}` : undefined;
  }

  #deliveries(): string | undefined {
    return this.#sim.checkers.deliveries.unsealed() ?? this.#sim.checkers.deliveries.completeness().missing;
  }

  /** The root's picture is the tree as it is. */
  #rootView(): string | undefined {
    const room = onlyRoom(this.#sim);
    if (room === undefined) return 'the root has no room';
    if (room.head !== this.head?.id) return 'the root takes another peer for the head';
    if (room.nodes.size !== this.views.size) return `the root knows ${room.nodes.size} peers of ${this.views.size}`;
    for (const [peer, view] of this.views) {
      const node = room.nodes.get(peer.id);
      if (node === undefined) return `the root does not know ${peer.name}`;
      if (!node.connected) return `the root holds ${peer.name} for absent`;
      const parent = view.head ? undefined : view.parent;
      if (!view.head && node.parent !== parent) {
        return `the root hangs ${peer.name} at ${node.parent ? this.#sim.nameOf(node.parent) : 'nobody'}`;
      }
      if (node.depth !== view.path.length) return `the root puts ${peer.name} at depth ${node.depth ?? 'none'}`;
      if (node.clients.length !== view.clients.length)
        return `the root gives ${peer.name} ${node.clients.length} clients`;
    }
    return undefined;
  }

  /** Everybody's picture of everybody, in rooms small enough to keep one [M5, M6]. */
  #pictures(announced: (peer: SimPeer) => boolean): string | undefined {
    if (this.views.size > pictureCheckedMax) return undefined;
    for (const [peer, view] of this.views) {
      for (const [id, parent] of view.edges) {
        if (!this.byId.has(id))
          return `${peer.name} still hangs ${this.#sim.nameOf(id)} at ${this.#sim.nameOf(parent)}`;
      }
      for (const [other, { parent }] of this.views) {
        const known = view.edges.get(other.id);
        if (known !== parent) {
          const where = known === undefined ? 'nowhere' : `at ${this.#sim.nameOf(known)}`;
          return `${peer.name} hangs ${other.name} ${where}, but it hangs at ${parent ? this.#sim.nameOf(parent) : 'nobody'}`;
        }
        if (announced(other) && !view.members.has(other.id)) return `${peer.name} does not know who ${other.name} is`;
      }
      if (view.roomSize !== this.views.size) return `${peer.name} counts ${view.roomSize} peers of ${this.views.size}`;
    }
    return undefined;
  }

  shape(): TreeShape {
    let depthMax = 0;
    for (const depth of this.#depths.values()) depthMax = Math.max(depthMax, depth);
    return { depthMax, depthOptimal: depthOptimal([...this.views.keys()]) };
  }
}

function onlyRoom(sim: Simulation): RootRoomView | undefined {
  for (const room of sim.root.core?.rooms().values() ?? []) return room;
  return undefined;
}

/** The least depth that these peers fit into: the ones that serve most come first. */
export function depthOptimal(peers: readonly Pick<SimPeer, 'serves' | 'clientsMax'>[]): number {
  const capacities = peers.map((peer) => (peer.serves ? peer.clientsMax : 0)).sort((a, b) => b - a);
  let depth = 0;
  let slots = 1;
  let placed = 0;
  while (placed < capacities.length && slots > 0) {
    depth++;
    const level = capacities.slice(placed, placed + slots);
    placed += level.length;
    slots = level.reduce((sum, capacity) => sum + capacity, 0);
  }
  return depth;
}
