/** One room at the root: what its peers ask and report, and what they are told. */
import { absentGraceMs, adoptionGraceMs, backupRetryMs, balancePeriodMs, complaintBlockMs, ticketLifeMs } from '../limits.ts';
import type { LinkReason } from '../errors.ts';
import type { Rng } from '../ports.ts';
import { noNode, noTicket, type NodeId, type RoomId, type SocketId, type TicketId } from '../types.ts';
import type { Advertise, AssignmentBody, ConfirmBody, FoldBody, OfferBody, ProbeBody, Purpose, RegReq } from '../wire/bodies.ts';
import { ticketFrom, type PacketFactory } from '../wire/packet-factory.ts';
import type { Packet } from '../wire/packet.ts';
import type { RootNodeView, RootOptions, RootRoomView } from './io.ts';
import { chooseBackup, chooseHeir, chooseMove, chooseParent, chooseWithoutFreeSlot, movesMax } from './placement.ts';
import { RoomTree, type Reservation, type RootNode } from './room-tree.ts';

/** A complaint with one of these says that the parent is gone; with another it may just not suit. */
const deadlyReasons: ReadonlySet<LinkReason> = new Set(['closed', 'silent', 'one-way', 'left', 'failed']);
/** After these the same pair may be tried again at once: the cause was the moment, not the pair. */
const passingReasons: ReadonlySet<LinkReason> = new Set([
  'none',
  'refused-stale',
  'refused-unanchored',
  'refused-ticket',
  'moved',
  'replaced',
  'unconfirmed',
]);
/** How long a refused pair is not tried again when the cause passes, ms. */
const shortBlockMs = 2_000;
/** What a newcomer waits before asking again while a root without state gathers its peers, ms. */
const gatheringRetryMs = 500;
/** What a peer waits before asking again when no slot could be found, ms. */
const noSlotRetryMs = 1_000;

export class Room {
  readonly id: RoomId;
  readonly #tree: RoomTree;
  readonly #rng: Rng;
  readonly #factory: PacketFactory;
  readonly #options: RootOptions;
  readonly #send: (socket: SocketId, packet: Packet) => void;
  readonly #adoptingUntilMs: number;
  #balanceAtMs: number;
  /** Peers that claim to be head beside the head. */
  readonly #rivals = new Set<NodeId>();
  /** When to look at absent peers and tickets next, ms. */
  #sweepAtMs = Infinity;

  constructor(
    id: RoomId,
    rng: Rng,
    factory: PacketFactory,
    options: RootOptions,
    send: (socket: SocketId, packet: Packet) => void,
    nowMs: number,
    epochMs: number,
  ) {
    this.id = id;
    this.#tree = new RoomTree(id);
    this.#rng = rng;
    this.#factory = factory;
    this.#options = options;
    this.#send = send;
    this.#adoptingUntilMs = epochMs + adoptionGraceMs;
    this.#balanceAtMs = nowMs + balancePeriodMs;
  }

  get size(): number {
    return this.#tree.nodes.size;
  }

  has(id: NodeId): boolean {
    return this.#tree.nodes.has(id);
  }

  socketOf(id: NodeId): SocketId | undefined {
    return this.#tree.nodes.get(id)?.socket;
  }

  #tell(node: RootNode, packet: Packet): void {
    if (node.socket !== undefined) this.#send(node.socket, packet);
  }

  // Registration.

  register(
    id: NodeId,
    socket: { readonly id: SocketId; readonly ip: string; readonly port: number },
    request: RegReq,
    nowMs: number,
  ): { headDenied: boolean } {
    const tree = this.#tree;
    let node = tree.nodes.get(id);
    if (node === undefined) {
      node = {
        id,
        ip: socket.ip,
        port: socket.port,
        socket: undefined,
        absentSinceMs: undefined,
        joinedAtMs: nowMs,
        clientsMax: 0,
        role: 'peer',
        hidden: false,
        attachEpoch: 0,
        subtreeSize: 1,
        parent: undefined,
        clients: new Set(),
        depth: undefined,
        reserved: new Set(),
        backupTarget: undefined,
        backupsIn: new Set(),
        blocked: new Map(),
      };
      tree.add(node);
    }
    node.socket = socket.id;
    node.ip = socket.ip;
    node.port = socket.port;
    node.absentSinceMs = undefined;
    Object.assign(node, { clientsMax: request.clientsMax, role: request.role, hidden: request.hidden });
    node.attachEpoch = request.attachEpoch;
    node.subtreeSize = request.subtreeSize;
    tree.clearBackup(node);
    let headDenied = false;
    if (request.head) headDenied = !this.#claimHead(node);
    else if (request.parent !== noNode) {
      if (!tree.attach(node, request.parent)) tree.detach(node);
    } else {
      if (tree.head === id) tree.head = undefined;
      tree.detach(node);
    }
    tree.refresh(node);
    return { headDenied };
  }

  /** Two heads: the larger subtree stays, at equal sizes the lower id (rule R8). */
  #claimHead(node: RootNode): boolean {
    const tree = this.#tree;
    const head = tree.head === undefined ? undefined : tree.nodes.get(tree.head);
    if (head === undefined || head === node) {
      tree.setHead(node);
      return true;
    }
    const wins =
      node.subtreeSize > head.subtreeSize || (node.subtreeSize === head.subtreeSize && node.id < head.id);
    if (!wins) return false;
    tree.head = undefined;
    tree.detach(head);
    tree.setHead(node);
    this.#rivals.add(head.id);
    return true;
  }

  /** Tells heads that lost their claim to move below the one that stays. */
  settleHeads(nowMs: number): void {
    for (const id of this.#rivals) {
      const node = this.#tree.nodes.get(id);
      this.#rivals.delete(id);
      if (node && node.parent === undefined && this.#tree.head !== id) this.#order(node, nowMs);
    }
  }

  socketClosed(id: NodeId, socket: SocketId, nowMs: number): void {
    const node = this.#tree.nodes.get(id);
    if (node?.socket !== socket) return;
    node.socket = undefined;
    node.absentSinceMs = nowMs;
    this.#tree.refresh(node);
    this.#lookBy(nowMs + absentGraceMs);
  }

  // Advertise.

  advertise(id: NodeId, ask: Advertise, nowMs: number): void {
    const node = this.#tree.nodes.get(id);
    if (node === undefined) return;
    node.attachEpoch = ask.attachEpoch;
    if (ask.purpose === 'backup') {
      this.#assignBackup(node, nowMs);
      return;
    }
    const pending = this.#tree.pendingOf(id);
    if (pending) this.#tree.release(pending);
    if (ask.complaint !== noNode) this.#complain(node, ask.complaint, ask.reason, nowMs);
    if (this.#tree.head === id) this.#tree.head = undefined;
    this.#tree.detach(node);
    if (deadlyReasons.has(ask.reason)) this.#doubtHead(ask.complaint);
    this.#assignParent(node, nowMs);
    this.settleHeads(nowMs);
  }

  /** A head all of whose clients say that it is dead is head no longer, though its socket seems alive. */
  #doubtHead(id: NodeId): void {
    const head = this.#tree.nodes.get(id);
    if (head === undefined || this.#tree.head !== id || head.clients.size > 0) return;
    this.#tree.head = undefined;
    this.#tree.detach(head);
    this.#rivals.add(id);
  }

  #complain(node: RootNode, about: NodeId, reason: LinkReason, nowMs: number): void {
    node.blocked.set(about, nowMs + (passingReasons.has(reason) ? shortBlockMs : complaintBlockMs));
    if (node.blocked.size > 64) node.blocked.delete([...node.blocked.keys()][0] ?? noNode);
    const parent = this.#tree.nodes.get(about);
    // Its socket is closed and its client says it is gone: two witnesses are enough (rule H12).
    if (parent?.socket === undefined && parent && deadlyReasons.has(reason)) this.#remove(parent, nowMs, node.id);
  }

  #assignParent(node: RootNode, nowMs: number): void {
    const tree = this.#tree;
    if (tree.head === undefined) {
      if (nowMs < this.#adoptingUntilMs && this.#mayHaveHead(node)) {
        this.#answer(node, 'parent', 'none', gatheringRetryMs);
        return;
      }
      this.#makeHead(node, 'response');
      return;
    }
    const chosen = this.#choose(node, nowMs);
    if (chosen) this.#assign(node, chosen.target, 'parent', 'response', chosen.excess, nowMs);
    else this.#answer(node, 'parent', 'none', noSlotRetryMs);
  }

  #choose(node: RootNode, nowMs: number): { target: RootNode; excess: number } | undefined {
    const target = chooseParent(this.#tree, node, nowMs);
    return target ? { target, excess: 0 } : chooseWithoutFreeSlot(this.#tree, node, nowMs);
  }

  /** Whether somebody here said it has a parent, so that a head is somewhere and will register soon. */
  #mayHaveHead(asker: RootNode): boolean {
    for (const node of this.#tree.nodes.values()) if (node !== asker && node.parent !== undefined) return true;
    return asker.clients.size > 0;
  }

  #makeHead(node: RootNode, action: 'response' | 'move'): void {
    this.#tree.setHead(node);
    const body = this.#assignment({ purpose: 'parent', result: 'head', target: node.id });
    this.#tell(node, this.#factory.newAssignment(body, action));
  }

  #assignBackup(node: RootNode, nowMs: number): void {
    const target = nowMs < this.#adoptingUntilMs ? undefined : chooseBackup(this.#tree, node, nowMs);
    if (target) this.#assign(node, target, 'backup', 'response', 0, nowMs);
    else this.#answer(node, 'backup', 'none', backupRetryMs);
  }

  #answer(node: RootNode, purpose: Purpose, result: AssignmentBody['result'], retryAfterMs: number): void {
    this.#tell(node, this.#factory.newAssignment(this.#assignment({ purpose, result, retryAfterMs }), 'response'));
  }

  #assignment(part: Partial<AssignmentBody>): AssignmentBody {
    const nothing: AssignmentBody = {
      purpose: 'parent',
      result: 'none',
      target: noNode,
      ticket: noTicket,
      placementVersion: 0,
      expiresInMs: 0,
      retryAfterMs: 0,
    };
    return { ...nothing, ...part };
  }

  #assign(
    node: RootNode,
    target: RootNode,
    purpose: Purpose,
    action: 'response' | 'move',
    excess: number,
    nowMs: number,
  ): void {
    const words = [0, 1, 2, 3].map(() => this.#rng.uint32()) as [number, number, number, number];
    const ticket = ticketFrom(words);
    this.#tree.reserve(ticket, purpose, node, target, nowMs);
    this.#lookBy(nowMs + ticketLifeMs);
    const placementVersion = target.attachEpoch;
    const common = { purpose, ticket, placementVersion, expiresInMs: ticketLifeMs };
    // The target hears of it first, so that it knows the ticket when the first signal arrives.
    this.#tell(target, this.#factory.newExpect({ ...common, client: node.id, excess }));
    const body = this.#assignment({ ...common, result: 'node', target: target.id });
    this.#tell(node, this.#factory.newAssignment(body, action));
  }

  /** Orders a peer to move to where it should be. */
  #order(node: RootNode, nowMs: number): void {
    const chosen = this.#choose(node, nowMs);
    if (chosen) this.#assign(node, chosen.target, 'move', 'move', chosen.excess, nowMs);
  }

  // Reports.

  confirm(id: NodeId, body: ConfirmBody, nowMs: number): void {
    const tree = this.#tree;
    const node = tree.nodes.get(id);
    if (node === undefined) return;
    const reservation = tree.reservations.get(body.ticket);
    const isOwn = reservation?.asker === id && reservation.target === body.target;
    if (isOwn) {
      reservation.isConfirmed = true;
      tree.settle(reservation);
    }
    if (body.purpose === 'backup') {
      if (!isOwn) this.#recordBackup(node, body.target);
      return;
    }
    node.attachEpoch = body.attachEpoch;
    if (body.target === id) {
      if (!this.#claimHead(node)) this.#order(node, nowMs);
      this.settleHeads(nowMs);
      return;
    }
    // A circle in the picture: somebody's report is older than this one. Take this one as a peer that needs a place.
    if (!tree.attach(node, body.target)) {
      tree.detach(node);
      this.#order(node, nowMs);
    } else {
      this.#reviveHead(body.target);
    }
    tree.refresh(node);
  }

  /** An heir that was told to lead says that the head lives: it stays head. */
  #reviveHead(id: NodeId): void {
    const tree = this.#tree;
    const node = tree.nodes.get(id);
    if (tree.head === undefined && node && node.parent === undefined && node.socket === undefined) tree.setHead(node);
  }

  #recordBackup(node: RootNode, target: NodeId): void {
    const other = this.#tree.nodes.get(target);
    if (other === undefined) return;
    this.#tree.clearBackup(node);
    node.backupTarget = target;
    other.backupsIn.add(node.id);
  }

  offer(id: NodeId, offer: OfferBody): void {
    const node = this.#tree.nodes.get(id);
    if (node === undefined) return;
    Object.assign(node, offer);
    this.#tree.refresh(node);
  }

  /** The head's fold. False for a peer that takes itself for head and is not: it is told where to go (rule R8). */
  fold(id: NodeId, fold: FoldBody, epoch: number, nowMs: number): boolean {
    const node = this.#tree.nodes.get(id);
    if (node === undefined) return false;
    node.subtreeSize = fold.subtreeSize;
    node.attachEpoch = fold.attachEpoch;
    if (this.#tree.head !== id) {
      const isHead = this.#claimHead(node);
      this.settleHeads(nowMs);
      if (!isHead) {
        if (this.#tree.pendingOf(id) === undefined) this.#order(node, nowMs);
        return false;
      }
    }
    const sweep = { epoch, round: fold.round, roomSize: fold.subtreeSize, rootReachable: true, path: [] };
    this.#tell(node, this.#factory.newSweep(sweep, 'response'));
    return true;
  }

  probe(id: NodeId, probe: ProbeBody): void {
    const node = this.#tree.nodes.get(id);
    if (node) this.#tell(node, this.#factory.newProbe({ ...probe, rootReachable: true }, 'confirm'));
  }

  /** Relays a signal between the two ends of a ticket (rule A6). False when there is none. */
  signal(from: NodeId, to: NodeId, ticket: TicketId, packet: Packet<'signal'>, most: number, nowMs: number): boolean {
    const reservation = this.#tree.reservations.get(ticket);
    if (reservation === undefined || nowMs > reservation.expiresAtMs) return false;
    const { asker, target, signals } = reservation;
    if (!((from === asker && to === target) || (from === target && to === asker))) return false;
    const count = (signals.get(from) ?? 0) + 1;
    signals.set(from, count);
    const other = this.#tree.nodes.get(to);
    if (count > most || other?.socket === undefined) return false;
    this.#tell(other, packet);
    return true;
  }

  left(id: NodeId, subject: NodeId, attachEpoch: number, nowMs: number): void {
    const tree = this.#tree;
    const node = tree.nodes.get(subject);
    if (node === undefined) return;
    if (subject === id) {
      this.#remove(node, nowMs);
    } else if (node.parent === id && node.attachEpoch <= attachEpoch + 1) {
      // Its parent says it is gone: without a socket it is; with one it will speak for itself.
      if (node.socket === undefined) this.#remove(node, nowMs);
      else tree.detach(node);
    }
  }

  /** `asking`: a client that is being answered at this moment, and must not be given an order besides. */
  #remove(node: RootNode, nowMs: number, asking?: NodeId): void {
    const wasHead = this.#tree.head === node.id;
    const clients = [...node.clients];
    this.#tree.remove(node);
    if (wasHead) this.#follow(clients, nowMs, asking);
  }

  /** The head is gone: its heir leads (rule A4). */
  #follow(clients: readonly NodeId[], nowMs: number, asking: NodeId | undefined): void {
    const heir = chooseHeir(this.#tree, clients);
    if (!heir || heir.id === asking) return;
    this.#makeHead(heir, 'move');
    this.#lookBy(nowMs + 1);
  }

  // Time.

  #lookBy(atMs: number): void {
    this.#sweepAtMs = Math.min(this.#sweepAtMs, atMs);
  }

  dueMs(): number {
    const balanceMs = this.#options.balance && this.size > 1 ? this.#balanceAtMs : Infinity;
    return Math.min(this.#sweepAtMs, balanceMs);
  }

  timer(nowMs: number): void {
    if (nowMs >= this.#sweepAtMs) this.#sweep(nowMs);
    if (nowMs >= this.#balanceAtMs) {
      this.#balanceAtMs = nowMs + balancePeriodMs;
      if (this.#options.balance && nowMs >= this.#adoptingUntilMs) this.#balance(nowMs);
    }
  }

  #sweep(nowMs: number): void {
    this.#sweepAtMs = Infinity;
    for (const reservation of [...this.#tree.reservations.values()]) this.#judgeReservation(reservation, nowMs);
    for (const node of [...this.#tree.nodes.values()]) {
      if (node.absentSinceMs === undefined) continue;
      const endMs = node.absentSinceMs + absentGraceMs;
      // Its clients would complain if it were gone: only its own way to the root is (rule H12).
      if (node.clients.size > 0) this.#lookBy(nowMs + absentGraceMs);
      else if (nowMs >= endMs) this.#remove(node, nowMs);
      else this.#lookBy(endMs);
    }
  }

  #judgeReservation(reservation: Reservation, nowMs: number): void {
    if (nowMs < reservation.expiresAtMs) {
      this.#lookBy(reservation.expiresAtMs);
      return;
    }
    const failed = !reservation.isConfirmed;
    this.#tree.release(reservation);
    const asker = this.#tree.nodes.get(reservation.asker);
    // A move that came to nothing is not ordered again at once.
    if (failed && asker) asker.blocked.set(reservation.target, nowMs + complaintBlockMs);
  }

  #balance(nowMs: number): void {
    const tree = this.#tree;
    if (tree.head === undefined) {
      // Nobody leads: whoever leads the largest subtree should.
      const heir = chooseHeir(tree, [...tree.nodes.values()].filter((node) => node.parent === undefined).sort((a, b) => b.subtreeSize - a.subtreeSize).map((node) => node.id));
      if (heir && !tree.pendingOf(heir.id)) this.#makeHead(heir, 'move');
      return;
    }
    const moving = [...tree.reservations.values()].filter((one) => one.purpose === 'move' && !one.isConfirmed).length;
    for (let moves = moving; moves < movesMax(tree); moves++) {
      const move = chooseMove(tree, nowMs);
      if (move === undefined) return;
      this.#assign(move.node, move.target, 'move', 'move', 0, nowMs);
    }
  }

  view(): RootRoomView {
    const nodes = new Map<NodeId, RootNodeView>();
    for (const node of this.#tree.nodes.values()) {
      const { id, ip, port, parent, depth, clientsMax } = node;
      const clients = [...node.clients];
      nodes.set(id, { id, ip, port, parent, clients, depth, clientsMax, connected: node.socket !== undefined });
    }
    const reservations = [...this.#tree.reservations.values()].filter((one) => !one.isConfirmed).length;
    return { room: this.id, head: this.#tree.head, nodes, reservations };
  }
}

