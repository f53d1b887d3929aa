/**
 * One room as the root sees it: who is there, who hangs from whom, what is reserved. Soft state: the peers know better, and
 * tell. Depths and free slots are kept up to date change by change, so that placing a peer does not look at all of them.
 */
import { clientsExcessMax, ticketLifeMs } from '../limits.ts';
import type { NodeId, PeerRole, RoomId, SocketId, TicketId } from '../types.ts';
import type { Purpose } from '../wire/bodies.ts';

export interface RootNode {
  readonly id: NodeId;
  ip: string;
  port: number;
  socket: SocketId | undefined;
  /** Since when its socket is closed, ms. */
  absentSinceMs: number | undefined;
  joinedAtMs: number;
  clientsMax: number;
  role: PeerRole;
  hidden: boolean;
  attachEpoch: number;
  /** What it said hangs below it when it registered or folded last, itself included. */
  subtreeSize: number;
  parent: NodeId | undefined;
  /** In the order they came. */
  readonly clients: Set<NodeId>;
  /** 1 for the head; `undefined` while not anchored. */
  depth: number | undefined;
  /** Reservations of slots here. */
  readonly reserved: Set<TicketId>;
  backupTarget: NodeId | undefined;
  readonly backupsIn: Set<NodeId>;
  /** Peers that it is not given to, until when, ms. */
  readonly blocked: Map<NodeId, number>;
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
  readonly reservations = new Map<TicketId, Reservation>();
  /** Clients that said their parent is this node, before it registered itself. */
  readonly #orphansOf = new Map<NodeId, Set<NodeId>>();
  /** By depth: anchored, connected nodes with a free slot. */
  readonly #free: Set<NodeId>[] = [];
  /** By depth: anchored nodes without clients. */
  readonly #leaves: Set<NodeId>[] = [];

  constructor(id: RoomId) {
    this.id = id;
  }

  // Slots.

  /** Slots it offers by its own wish. */
  capacity(node: RootNode): number {
    return node.hidden || node.role === 'leaf' ? 0 : node.clientsMax;
  }

  freeSlots(node: RootNode): number {
    return this.capacity(node) - node.clients.size - node.reserved.size;
  }

  /** Slots it can be pressed into when nobody else has one (rule A1). */
  lastResortSlots(node: RootNode): number {
    return Math.max(this.capacity(node), clientsExcessMax) - node.clients.size - node.reserved.size;
  }

  /** Brings the tables of free slots and leaves up to date with a node. */
  refresh(node: RootNode, formerDepth = node.depth): void {
    if (formerDepth !== undefined) {
      this.#free[formerDepth]?.delete(node.id);
      this.#leaves[formerDepth]?.delete(node.id);
    }
    if (node.depth === undefined || this.nodes.get(node.id) !== node) return;
    if (node.socket !== undefined && this.freeSlots(node) > 0) (this.#free[node.depth] ??= new Set()).add(node.id);
    if (node.clients.size === 0) (this.#leaves[node.depth] ??= new Set()).add(node.id);
  }

  /** Nodes with a free slot, shallowest depth first. */
  *withFreeSlot(): Generator<RootNode> {
    for (const level of this.#free) {
      for (const id of level ?? []) {
        const node = this.nodes.get(id);
        if (node) yield node;
      }
    }
  }

  /** Anchored nodes without clients, deepest first. */
  *deepestLeaves(): Generator<RootNode> {
    for (let depth = this.#leaves.length - 1; depth > 0; depth--) {
      for (const id of this.#leaves[depth] ?? []) {
        const node = this.nodes.get(id);
        if (node) yield node;
      }
    }
  }

  // Edges.

  /** Whether `node` is `top` or hangs below it; pending reservations count as edges (rule A2). */
  isBelow(node: NodeId, top: NodeId): boolean {
    let at: NodeId | undefined = node;
    for (let steps = 0; at !== undefined && steps <= this.nodes.size; steps++) {
      if (at === top) return true;
      const state: RootNode | undefined = this.nodes.get(at);
      at = state?.parent ?? this.#pendingParent(at);
    }
    return at !== undefined;
  }

  #pendingParent(asker: NodeId): NodeId | undefined {
    const ticket = this.#pending.get(asker);
    return ticket === undefined ? undefined : this.reservations.get(ticket)?.target;
  }
  readonly #pending = new Map<NodeId, TicketId>();

  setHead(node: RootNode): void {
    this.detach(node);
    this.head = node.id;
    this.#setDepth(node, 1);
  }

  /** Hangs a node below a parent, which may not be known yet. Returns false when that would close a circle. */
  attach(node: RootNode, parent: NodeId): boolean {
    if (node.parent === parent) return true;
    if (this.isBelow(parent, node.id)) return false;
    this.detach(node);
    if (this.head === node.id) this.head = undefined;
    node.parent = parent;
    const above = this.nodes.get(parent);
    if (above) {
      above.clients.add(node.id);
      this.refresh(above);
      this.#setDepth(node, above.depth === undefined ? undefined : above.depth + 1);
    } else {
      let waiting = this.#orphansOf.get(parent);
      if (waiting === undefined) this.#orphansOf.set(parent, (waiting = new Set()));
      waiting.add(node.id);
      this.#setDepth(node, undefined);
    }
    return true;
  }

  /** Takes a node, with all that hangs below it, from its parent. */
  detach(node: RootNode): void {
    if (node.parent !== undefined) {
      const above = this.nodes.get(node.parent);
      above?.clients.delete(node.id);
      if (above) this.refresh(above);
      this.#orphansOf.get(node.parent)?.delete(node.id);
    }
    node.parent = undefined;
    this.#setDepth(node, undefined);
  }

  /** Sets a node's depth and, where it changed, that of all below. */
  #setDepth(top: RootNode, depth: number | undefined): void {
    const todo: [RootNode, number | undefined][] = [[top, depth]];
    for (let next = todo.pop(); next; next = todo.pop()) {
      const [node, newDepth] = next;
      const formerDepth = node.depth;
      node.depth = newDepth;
      this.refresh(node, formerDepth);
      if (formerDepth === newDepth && node !== top) continue;
      for (const id of node.clients) {
        const client = this.nodes.get(id);
        if (client) todo.push([client, newDepth === undefined ? undefined : newDepth + 1]);
      }
    }
  }

  add(node: RootNode): void {
    this.nodes.set(node.id, node);
    for (const id of this.#orphansOf.get(node.id) ?? []) {
      const client = this.nodes.get(id);
      if (client?.parent === node.id) node.clients.add(id);
    }
    this.#orphansOf.delete(node.id);
  }

  /** Removes a node; what hung below it is without a parent. */
  remove(node: RootNode): void {
    for (const reservation of [...this.reservations.values()]) {
      if (reservation.asker === node.id || reservation.target === node.id) this.release(reservation);
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
    if (this.head === node.id) this.head = undefined;
    this.nodes.delete(node.id);
    this.refresh(node);
  }

  // Reservations.

  reserve(ticket: TicketId, purpose: Purpose, asker: RootNode, target: RootNode, nowMs: number): Reservation {
    const reservation: Reservation = {
      ticket,
      purpose,
      asker: asker.id,
      target: target.id,
      expiresAtMs: nowMs + ticketLifeMs,
      signals: new Map(),
      isConfirmed: false,
    };
    this.reservations.set(ticket, reservation);
    if (purpose === 'backup') {
      this.clearBackup(asker);
      asker.backupTarget = target.id;
      target.backupsIn.add(asker.id);
    } else {
      this.#pending.set(asker.id, ticket);
      target.reserved.add(ticket);
      this.refresh(target);
    }
    return reservation;
  }

  /** The live reservation by which a peer is on its way to a parent. */
  pendingOf(asker: NodeId): Reservation | undefined {
    const ticket = this.#pending.get(asker);
    return ticket === undefined ? undefined : this.reservations.get(ticket);
  }

  /** The slot is free again, or taken for good. */
  settle(reservation: Reservation): void {
    const target = this.nodes.get(reservation.target);
    if (target?.reserved.delete(reservation.ticket)) this.refresh(target);
    if (this.#pending.get(reservation.asker) === reservation.ticket) this.#pending.delete(reservation.asker);
  }

  /** Ends a reservation that was not confirmed. */
  release(reservation: Reservation): void {
    this.reservations.delete(reservation.ticket);
    this.settle(reservation);
    if (reservation.purpose !== 'backup' || reservation.isConfirmed) return;
    const asker = this.nodes.get(reservation.asker);
    if (asker?.backupTarget === reservation.target) this.clearBackup(asker);
  }

  clearBackup(node: RootNode): void {
    if (node.backupTarget !== undefined) this.nodes.get(node.backupTarget)?.backupsIn.delete(node.id);
    node.backupTarget = undefined;
  }
}
