/**
 * One room as the root sees it: who is there, who hangs from whom, what is reserved. Soft state: the peers know better, and
 * tell. Depths and free slots are kept up to date change by change, so that placing a peer does not look at all of them.
 */
import { clientsExcessMax } from '../limits.ts';
import type { NodeId, PeerRole, RoomId, SocketId, TicketId } from '../types.ts';
import type { Purpose } from '../wire/bodies.ts';
import { Levels } from './levels.ts';

export interface RootNode {
  readonly id: NodeId;
  ip: string;
  port: number;
  socket: SocketId | undefined;
  /** Since when its socket is closed, ms. */
  absentSinceMs: number | undefined;
  readonly joinedAtMs: number;
  clientsMax: number;
  role: PeerRole;
  hidden: boolean;
  attachEpoch: number;
  /** What it said hangs below it when it registered or folded last, itself included. */
  subtreeSize: number;
  /** The depth that it stated at its registration. */
  statedDepth: number;
  parent: NodeId | undefined;
  /** In the order they came. */
  readonly clients: Set<NodeId>;
  /** Clients it stated to a root without state, that have not registered themselves yet. They hold their slots. */
  readonly stated: Set<NodeId>;
  /** 1 for the head; `undefined` while not anchored. */
  depth: number | undefined;
  /** The last depth that it had. */
  lastDepth: number | undefined;
  /** Depth under which the tables have it. */
  listedDepth: number | undefined;
  /** Tickets that it is one end of: as asker, or with a slot held here. */
  readonly tickets: Set<TicketId>;
  /** Reservations of slots here. */
  readonly reserved: Set<TicketId>;
  backupTarget: NodeId | undefined;
  readonly backupsIn: Set<NodeId>;
  /** Peers that it is not given to, until when, ms. */
  readonly blocked: Map<NodeId, number>;
  /** Those of them that are better than none: a link to them broke, but came about. */
  readonly liftable: Set<NodeId>;
  /** Peers to which no link came about: given to it when nothing else is left, until when, ms. */
  readonly failed: Map<NodeId, number>;
  /** The parent that it last reported dead, until it has another. */
  lostParent: NodeId | undefined;
  /** Until when others are preferred to it as a parent, ms: a client said it is dead, or full. */
  doubtedUntilMs: number;
  /** A parent that it named and that would have closed a circle with what others said before. */
  deniedParent: NodeId | undefined;
  /** Until when it is given clients only where nobody else has room, ms: it came with many others. */
  probationUntilMs: number;
  /** Rounds of balancing that found it without a parent, though it does not ask for one. */
  strayRounds: number;
}

/** A peer that just came: no parent, no offer yet. */
export function newRootNode(id: NodeId, nowMs: number): RootNode {
  return {
    id,
    ip: '',
    port: 0,
    socket: undefined,
    absentSinceMs: undefined,
    joinedAtMs: nowMs,
    clientsMax: 0,
    role: 'peer',
    hidden: false,
    attachEpoch: 0,
    subtreeSize: 1,
    statedDepth: 0,
    parent: undefined,
    clients: new Set(),
    stated: new Set(),
    depth: undefined,
    lastDepth: undefined,
    listedDepth: undefined,
    tickets: new Set(),
    reserved: new Set(),
    backupTarget: undefined,
    backupsIn: new Set(),
    blocked: new Map(),
    liftable: new Set(),
    failed: new Map(),
    lostParent: undefined,
    doubtedUntilMs: 0,
    deniedParent: undefined,
    probationUntilMs: 0,
    strayRounds: 0,
  };
}

/** How many nodes are counted below one; more would not change what is decided. */
const countedMax = 20_000;
/** Peers that one peer can be kept from, and that it failed to reach; the oldest is forgotten first. */
const blockedMax = 64;

/** Keeps a peer from being given this parent for a while; `isLiftable`: unless it would get none at all. */
export function block(node: RootNode, parent: NodeId, untilMs: number, isLiftable = false): void {
  node.blocked.delete(parent);
  node.blocked.set(parent, untilMs);
  if (isLiftable) node.liftable.add(parent);
  else node.liftable.delete(parent);
  const [oldest] = node.blocked.keys();
  if (node.blocked.size > blockedMax && oldest !== undefined) unblock(node, oldest);
}

/** Remembers that no link comes about between two, whoever makes the offer (rule A8). */
export function noteFailedPair(a: RootNode, b: RootNode, untilMs: number): void {
  for (const [node, other] of [
    [a, b],
    [b, a],
  ] as const) {
    node.failed.delete(other.id);
    node.failed.set(other.id, untilMs);
    const [oldest] = node.failed.keys();
    if (node.failed.size > blockedMax && oldest !== undefined) node.failed.delete(oldest);
  }
}

export function unblock(node: RootNode, parent: NodeId): void {
  node.blocked.delete(parent);
  node.liftable.delete(parent);
}

export interface Reservation {
  readonly ticket: TicketId;
  readonly purpose: Purpose;
  readonly asker: NodeId;
  readonly target: NodeId;
  readonly expiresAtMs: number;
  /** Signals relayed so far, by who sent them. */
  readonly signals: Map<NodeId, number>;
  /** The slot is taken by a client now; only late signals are still relayed. */
  isConfirmed: boolean;
}

export class RoomTree {
  readonly id: RoomId;
  head: NodeId | undefined;
  readonly nodes = new Map<NodeId, RootNode>();
  /** Oldest first, which is also the order in which they expire. */
  readonly reservations = new Map<TicketId, Reservation>();
  /** Anchored nodes with more clients than they offer slots. */
  readonly overfull = new Set<NodeId>();
  anchoredCount = 0;
  /** Clients that said their parent is this node, before it registered itself. */
  readonly #waitingFor = new Map<NodeId, Set<NodeId>>();
  /** Askers on their way to a parent, and to a backup. */
  readonly #pendingParent = new Map<NodeId, TicketId>();
  readonly #pendingBackup = new Map<NodeId, TicketId>();
  /** Anchored, connected nodes with a free slot. */
  readonly #free = new Levels();
  /** Anchored, connected nodes that serve by their wish and may take one more, though it be in excess. */
  readonly #spare = new Levels();
  /** Anchored, connected nodes that have slots only when nobody else has one. */
  readonly #lastResort = new Levels();
  /** Anchored nodes without clients. */
  readonly #leaves = new Levels();
  /** Those of them that serve nobody by their wish. */
  readonly #idle = new Levels();

  constructor(id: RoomId) {
    this.id = id;
  }

  node(id: NodeId | undefined): RootNode | undefined {
    return id === undefined ? undefined : this.nodes.get(id);
  }

  // Slots.

  /** Slots it offers by its own wish. */
  capacity(node: RootNode): number {
    return node.hidden || node.role === 'leaf' ? 0 : node.clientsMax;
  }

  /** Slots that are taken or promised. */
  taken(node: RootNode): number {
    return node.clients.size + node.reserved.size + node.stated.size;
  }

  /** Clients it can be pressed into serving when nobody else has a slot (rule A1): what a leaf could carry does not count. */
  mostClients(node: RootNode): number {
    return Math.max(this.capacity(node), clientsExcessMax);
  }

  /** Whether it serves by its wish and may take one more, though it be in excess. */
  hasSpareSlot(node: RootNode): boolean {
    const capacity = this.capacity(node);
    return capacity > 0 && this.taken(node) < capacity + clientsExcessMax;
  }

  /** Brings the tables up to date with a node. */
  refresh(node: RootNode): void {
    const { id, depth, listedDepth } = node;
    if (listedDepth !== undefined) {
      for (const table of [this.#free, this.#spare, this.#lastResort, this.#leaves, this.#idle])
        table.take(id, listedDepth);
      this.overfull.delete(id);
      this.anchoredCount--;
      node.listedDepth = undefined;
    }
    if (depth === undefined || this.nodes.get(id) !== node) return;
    node.listedDepth = depth;
    this.anchoredCount++;
    const [capacity, taken] = [this.capacity(node), this.taken(node)];
    if (node.clients.size === 0) this.#leaves.put(id, depth);
    if (node.clients.size === 0 && capacity === 0) this.#idle.put(id, depth);
    if (node.clients.size > capacity) this.overfull.add(id);
    if (node.socket === undefined) return;
    if (this.hasSpareSlot(node)) this.#spare.put(id, depth);
    if (taken < capacity) this.#free.put(id, depth);
    else if (taken < this.mostClients(node)) this.#lastResort.put(id, depth);
  }

  *#nodesOf(ids: Iterable<NodeId>): Generator<RootNode> {
    for (const id of ids) {
      const node = this.nodes.get(id);
      if (node) yield node;
    }
  }

  /** Nodes with a free slot, shallowest first. */
  withFreeSlot(): Iterable<RootNode> {
    return this.#nodesOf(this.#free.downwards());
  }

  /** Nodes with a free slot or fewer than two clients in excess, shallowest first. */
  withSpareSlot(): Iterable<RootNode> {
    return this.#nodesOf(this.#spare.downwards());
  }

  /** Nodes that can be pressed into serving, shallowest first. */
  lastResort(): Iterable<RootNode> {
    return this.#nodesOf(this.#lastResort.downwards());
  }

  /** Nodes that hold a slot, offer none and serve nobody, shallowest first. */
  idle(): Iterable<RootNode> {
    return this.#nodesOf(this.#idle.downwards());
  }

  /** Anchored nodes without clients, deepest first. */
  deepestLeaves(): Iterable<RootNode> {
    return this.#nodesOf(this.#leaves.upwards());
  }

  // Edges.

  /** Whether `node` is `top` or hangs below it, as reported. */
  isBelow(node: NodeId, top: NodeId): boolean {
    let at: NodeId | undefined = node;
    for (let steps = 0; at !== undefined && steps <= this.nodes.size; steps++) {
      if (at === top) return true;
      at = this.nodes.get(at)?.parent;
    }
    return at !== undefined;
  }

  /** The same, where each way that somebody is about to take counts as an edge too (rule A2). */
  mayGetBelow(node: NodeId, top: NodeId): boolean {
    const seen = new Set([node]);
    for (const id of seen) {
      if (id === top) return true;
      const parent = this.nodes.get(id)?.parent;
      const pending = this.pendingOf(id)?.target;
      if (parent !== undefined) seen.add(parent);
      if (pending !== undefined) seen.add(pending);
    }
    return false;
  }

  /** How many hang from a node, itself included, as reported. */
  countBelow(node: RootNode): number {
    const todo = [node.id];
    let count = 0;
    for (let id = todo.pop(); id !== undefined && count < countedMax; id = todo.pop()) {
      count++;
      todo.push(...(this.nodes.get(id)?.clients ?? []));
    }
    return count;
  }

  setHead(node: RootNode): void {
    const former = this.node(this.head);
    if (former) this.detach(former);
    this.detach(node);
    this.head = node.id;
    this.#setDepth(node, 1);
  }

  /** Hangs a node below a parent, which may not be known yet. Returns false when that would close a circle. */
  attach(node: RootNode, parent: NodeId): boolean {
    if (node.parent === parent) return true;
    if (this.isBelow(parent, node.id)) return false;
    this.detach(node);
    node.parent = parent;
    node.lostParent = undefined;
    node.deniedParent = undefined;
    node.strayRounds = 0;
    const above = this.nodes.get(parent);
    if (above) {
      above.clients.add(node.id);
      above.stated.delete(node.id);
      this.refresh(above);
      this.#setDepth(node, above.depth === undefined ? undefined : above.depth + 1);
    } else {
      let waiting = this.#waitingFor.get(parent);
      if (waiting === undefined) this.#waitingFor.set(parent, (waiting = new Set()));
      waiting.add(node.id);
      this.#setDepth(node, undefined);
    }
    return true;
  }

  /** Takes a node, with all that hangs below it, from its parent; the head from its place. */
  detach(node: RootNode): void {
    const { parent } = node;
    if (this.head === node.id) this.head = undefined;
    if (parent !== undefined) {
      const above = this.nodes.get(parent);
      above?.clients.delete(node.id);
      if (above) this.refresh(above);
      const waiting = this.#waitingFor.get(parent);
      if (waiting?.delete(node.id) && waiting.size === 0) this.#waitingFor.delete(parent);
    }
    node.parent = undefined;
    this.#setDepth(node, undefined);
  }

  /** Sets a node's depth and, where it changed, that of all below. */
  #setDepth(top: RootNode, depth: number | undefined): void {
    const todo: [RootNode, number | undefined][] = [[top, depth]];
    for (let next = todo.pop(); next; next = todo.pop()) {
      const [node, newDepth] = next;
      const isSame = node.depth === newDepth;
      node.depth = newDepth;
      node.lastDepth = newDepth ?? node.lastDepth;
      this.refresh(node);
      if (isSame && node !== top) continue;
      for (const id of node.clients) {
        const client = this.nodes.get(id);
        if (client) todo.push([client, newDepth === undefined ? undefined : newDepth + 1]);
      }
    }
  }

  add(node: RootNode): void {
    this.nodes.set(node.id, node);
    for (const id of this.#waitingFor.get(node.id) ?? []) node.clients.add(id);
    this.#waitingFor.delete(node.id);
  }

  /** Parents that somebody named and that have not registered. */
  unknownParents(): Iterable<readonly [NodeId, ReadonlySet<NodeId>]> {
    return this.#waitingFor;
  }

  /** Removes a node; what hung below it is without a parent. */
  remove(node: RootNode): void {
    for (const ticket of [...node.tickets]) {
      const reservation = this.reservations.get(ticket);
      if (reservation) this.release(reservation);
    }
    this.clearBackup(node);
    for (const id of node.backupsIn) {
      const other = this.nodes.get(id);
      if (other) other.backupTarget = undefined;
    }
    this.detach(node);
    for (const id of [...node.clients]) {
      const client = this.nodes.get(id);
      if (client) this.detach(client);
    }
    this.nodes.delete(node.id);
    this.refresh(node);
  }

  // Reservations.

  /** Takes a slot at the target for the asker; what the asker had reserved for this purpose is given back (rule A3). */
  reserve(ticket: TicketId, purpose: Purpose, asker: RootNode, target: RootNode, expiresAtMs: number): void {
    const isBackup = purpose === 'backup';
    const pending = isBackup ? this.#pendingBackup : this.#pendingParent;
    const former = this.reservations.get(pending.get(asker.id) ?? ('' as TicketId));
    if (former) this.release(former);
    const ends = { asker: asker.id, target: target.id };
    this.reservations.set(ticket, { ticket, purpose, ...ends, expiresAtMs, signals: new Map(), isConfirmed: false });
    pending.set(asker.id, ticket);
    asker.tickets.add(ticket);
    target.tickets.add(ticket);
    if (isBackup) {
      this.setBackup(asker, target);
    } else {
      target.reserved.add(ticket);
      this.refresh(target);
    }
  }

  /** The live reservation by which a peer is on its way to a parent. */
  pendingOf(asker: NodeId): Reservation | undefined {
    const ticket = this.#pendingParent.get(asker);
    return ticket === undefined ? undefined : this.reservations.get(ticket);
  }

  /** The asker came: the slot is a client's now. Late signals are still relayed until the ticket's time is over. */
  confirm(reservation: Reservation): void {
    reservation.isConfirmed = true;
    this.#settle(reservation);
  }

  #settle({ ticket, asker, target, purpose }: Reservation): void {
    const at = this.nodes.get(target);
    if (at?.reserved.delete(ticket)) this.refresh(at);
    const pending = purpose === 'backup' ? this.#pendingBackup : this.#pendingParent;
    if (pending.get(asker) === ticket) pending.delete(asker);
  }

  /** Forgets a reservation. One that was not confirmed gives its slot back. */
  release(reservation: Reservation): void {
    const { ticket, purpose, isConfirmed } = reservation;
    const [asker, target] = [this.nodes.get(reservation.asker), this.nodes.get(reservation.target)];
    this.reservations.delete(ticket);
    asker?.tickets.delete(ticket);
    target?.tickets.delete(ticket);
    this.#settle(reservation);
    if (purpose === 'backup' && !isConfirmed && asker && asker.backupTarget === target?.id) this.clearBackup(asker);
  }

  // Backups.

  setBackup(node: RootNode, target: RootNode): void {
    this.clearBackup(node);
    node.backupTarget = target.id;
    target.backupsIn.add(node.id);
  }

  clearBackup(node: RootNode): void {
    if (node.backupTarget !== undefined) this.nodes.get(node.backupTarget)?.backupsIn.delete(node.id);
    node.backupTarget = undefined;
  }
}
