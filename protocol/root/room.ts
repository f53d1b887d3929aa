/** One room at the root: what its peers ask and report, and what becomes of it. */
import {
  absentGraceMs,
  adoptionGraceMs,
  backupRetryMs,
  balancePeriodMs,
  complaintBlockMs,
  complaintsPerMinute,
  failedPairMs,
  probationMs,
  roomJoinsPerSecondMax,
} from '../limits.ts';
import type { LinkReason } from '../errors.ts';
import type { Rng } from '../ports.ts';
import { Rules, type Barred } from '../rules.ts';
import { TokenBuckets } from '../token-buckets.ts';
import { noNode, noTicket, type NodeId, type RoomId, type SocketId, type TicketId } from '../types.ts';
import { attestedBytes, probedBytes } from '../wire/attestation.ts';
import type { Advertise, ConfirmBody, FoldBody, OfferBody, ProbeBody, RegReq } from '../wire/bodies.ts';
import type { PacketFactory } from '../wire/packet-factory.ts';
import type { Packet } from '../wire/packet.ts';
import { chooseMove, movesMax } from './balancing.ts';
import { Heads } from './heads.ts';
import type { RootNodeView, RootOptions, RootRoomView } from './io.ts';
import { JoinRate } from './join-rate.ts';
import { chooseBackup, choosePlace } from './placement.ts';
import { block, newRootNode, noteFailedPair, RoomTree, type RootNode } from './room-tree.ts';
import { Tickets } from './tickets.ts';

/** A complaint with one of these says that the parent is gone; with another it may just not suit. */
const deadlyReasons: ReadonlySet<LinkReason> = new Set(['closed', 'silent', 'one-way', 'left', 'failed']);
/** Who says one of these hangs from its parent no longer, or only until it has another. */
const endingReasons: ReadonlySet<LinkReason> = new Set([...deadlyReasons, 'dropped']);
/** After these the same pair may be tried again soon: the cause was the moment, not the pair. */
const passingReasons: ReadonlySet<LinkReason> = new Set([
  'none',
  'refused-full',
  'refused-stale',
  'refused-unanchored',
  'refused-ticket',
  'moved',
  'replaced',
  'unconfirmed',
]);
/** These say that no link came about between the two, whoever made the offer (rule A8). */
const pairReasons: ReadonlySet<LinkReason> = new Set(['connect-timeout', 'hello-timeout', 'link-auth']);
/** How long a refused pair is not tried again when the cause passes, ms. */
const shortBlockMs = 500;
/** How long others are preferred to a parent that its client reported dead, ms: until its socket would have told. */
const doubtMs = 18_000;
/** What a newcomer waits before asking again while a root without state gathers its peers, ms. */
const gatheringRetryMs = 500;
/** What a peer waits before asking again when no slot could be found, ms. */
const noSlotRetryMs = 250;
/** Rounds after which a peer that hangs nowhere and asks for nothing is told where to go. */
const strayRoundsMax = 2;

export class Room {
  readonly id: RoomId;
  readonly rules: Rules;
  readonly #tree: RoomTree;
  readonly #tickets: Tickets;
  readonly #heads: Heads;
  readonly #factory: PacketFactory;
  readonly #options: RootOptions;
  /** What peers may still say against others, by who says it (rule R13). */
  readonly #complaints = new TokenBuckets();
  readonly #joins = new JoinRate(roomJoinsPerSecondMax);
  /** Until when peers tell a root without state where they hang. */
  readonly #adoptingUntilMs: number;
  #isAdopting: boolean;
  #roundAtMs: number;
  /** Peers whose socket is closed, and when to look at them again, ms. */
  readonly #absent = new Set<NodeId>();
  #absentDueMs = Infinity;

  constructor(
    id: RoomId,
    rng: Rng,
    factory: PacketFactory,
    options: RootOptions,
    send: (socket: SocketId, packet: Packet) => void,
    nowMs: number,
    epochMs: number,
    owner: NodeId,
  ) {
    this.id = id;
    this.rules = new Rules(id, owner);
    this.#tree = new RoomTree(id);
    this.#factory = factory;
    this.#options = options;
    this.#tickets = new Tickets(this.#tree, rng, factory, options.ticketLifeMs, send);
    this.#heads = new Heads(this.#tree, this.#tickets, () => this.#isAdopting);
    this.#adoptingUntilMs = epochMs + adoptionGraceMs;
    this.#isAdopting = nowMs < this.#adoptingUntilMs;
    this.#roundAtMs = nowMs + balancePeriodMs;
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
      node = newRootNode(id, nowMs);
      tree.add(node);
      // Who comes back to a root without state says where it hangs, and is no newcomer.
      const isBack = this.#isAdopting && (request.head || request.parent !== noNode);
      if (!isBack) this.#joins.note(nowMs);
      if (!isBack && this.#joins.isAbove(nowMs)) node.probationUntilMs = nowMs + probationMs;
    }
    node.socket = socket.id;
    node.ip = socket.ip;
    node.port = socket.port;
    node.absentSinceMs = undefined;
    this.#absent.delete(id);
    const { clientsMax, role, hidden, attachEpoch, subtreeSize, depth: statedDepth } = request;
    Object.assign(node, { clientsMax, role, hidden, attachEpoch, subtreeSize, statedDepth });
    tree.clearBackup(node);
    let headDenied = false;
    if (request.head) {
      headDenied = !this.#heads.claim(node);
      if (headDenied) tree.detach(node);
    } else if (request.parent !== noNode) {
      this.#attach(node, request.parent);
    } else {
      tree.detach(node);
    }
    if (this.#isAdopting) this.#hold(node, request.clients);
    tree.refresh(node);
    return { headDenied };
  }

  /** Clients that it stated and that have not come yet keep their slots (rule R7). */
  #hold(node: RootNode, clients: readonly NodeId[]): void {
    node.stated.clear();
    for (const client of clients) if (!this.has(client)) node.stated.add(client);
  }

  /** Takes a peer's word for where it hangs. A circle in the picture means that somebody's word is older: see `#strays`. */
  #attach(node: RootNode, parent: NodeId): void {
    if (this.#tree.attach(node, parent)) return;
    this.#tree.detach(node);
    node.deniedParent = parent;
  }

  /** Tells heads that lost their claim to move below the one that stays. */
  settleHeads(nowMs: number): void {
    this.#heads.settle(nowMs);
  }

  socketClosed(id: NodeId, socket: SocketId, nowMs: number): void {
    const node = this.#tree.nodes.get(id);
    if (node?.socket !== socket) return;
    node.socket = undefined;
    node.absentSinceMs = nowMs;
    this.#absent.add(id);
    this.#absentDueMs = Math.min(this.#absentDueMs, nowMs + absentGraceMs);
    // Its signals go nowhere now: the slot it was on the way to is free (rule A3).
    const pending = this.#tree.pendingOf(id);
    if (pending) this.#tree.release(pending);
    this.#tree.refresh(node);
  }

  // Advertise.

  advertise(id: NodeId, ask: Advertise, nowMs: number): void {
    const tree = this.#tree;
    const node = tree.nodes.get(id);
    if (node === undefined) return;
    this.#endAdoption(nowMs);
    node.attachEpoch = ask.attachEpoch;
    if (ask.purpose === 'backup') {
      this.#assignBackup(node, nowMs);
      return;
    }
    node.strayRounds = 0;
    node.deniedParent = undefined;
    const pending = tree.pendingOf(id);
    if (pending) tree.release(pending);
    if (ask.complaint === node.parent && endingReasons.has(ask.reason)) node.lostParent = node.parent;
    if (ask.complaint !== noNode) this.#complain(node, ask.complaint, ask.reason, nowMs);
    tree.detach(node);
    if (node.lostParent !== undefined) this.#heads.doubt(node.lostParent);
    this.#assignParent(node, nowMs);
    this.#heads.settle(nowMs);
  }

  #complain(node: RootNode, about: NodeId, reason: LinkReason, nowMs: number): void {
    const other = this.#tree.nodes.get(about);
    const untilMs = nowMs + (passingReasons.has(reason) ? shortBlockMs : complaintBlockMs);
    // A stale ticket was the root's own: the next one is right.
    if (reason !== 'refused-stale') block(node, about, untilMs, endingReasons.has(reason));
    if (other === undefined) return;
    if (pairReasons.has(reason)) {
      block(other, node.id, untilMs);
      noteFailedPair(node, other, nowMs + failedPairMs);
    }
    if (reason !== 'refused-full' && node.lostParent !== about) return;
    // One word counts against one peer only; who has something to say of everybody is believed less and less.
    const perSecond = complaintsPerMinute / 60;
    if (this.#complaints.take(node.id, 1, perSecond, complaintsPerMinute, nowMs) < 0) return;
    // It holds clients that the root has not heard of yet.
    if (reason === 'refused-full') other.doubtedUntilMs = Math.max(other.doubtedUntilMs, nowMs + shortBlockMs);
    // It is there, and keeps its clients; nobody else is given to it while others have room (rule K5).
    if (reason === 'dropped') other.doubtedUntilMs = Math.max(other.doubtedUntilMs, untilMs);
    if (!deadlyReasons.has(reason)) return;
    // Its socket is closed and its client says it is gone: two witnesses are enough (rule H12).
    if (other.socket === undefined) this.#remove(other, node.id);
    else other.doubtedUntilMs = Math.max(other.doubtedUntilMs, nowMs + doubtMs);
  }

  #assignParent(node: RootNode, nowMs: number): void {
    if (this.#tree.head === undefined) {
      if (this.#isAdopting && this.#mayHaveHead(node)) this.#tickets.refuse(node, 'parent', gatheringRetryMs);
      else this.#tickets.makeHead(node, 'response');
      return;
    }
    const place = choosePlace(this.#tree, node, nowMs);
    if (place) this.#tickets.assign(node, place, 'parent', 'response', nowMs);
    else this.#tickets.refuse(node, 'parent', noSlotRetryMs);
  }

  /** Whether somebody here said it has a parent, so that a head is somewhere and will register soon. */
  #mayHaveHead(asker: RootNode): boolean {
    for (const node of this.#tree.nodes.values()) if (node !== asker && node.parent !== undefined) return true;
    return asker.clients.size > 0;
  }

  #assignBackup(node: RootNode, nowMs: number): void {
    const target = this.#isAdopting ? undefined : chooseBackup(this.#tree, node, nowMs);
    if (target) this.#tickets.assign(node, { target, excess: 0 }, 'backup', 'response', nowMs);
    else this.#tickets.refuse(node, 'backup', backupRetryMs);
  }

  // Reports.

  confirm(id: NodeId, body: ConfirmBody, nowMs: number): void {
    const tree = this.#tree;
    const node = tree.nodes.get(id);
    if (node === undefined) return;
    const reservation = tree.reservations.get(body.ticket);
    const isOwn = reservation?.asker === id && reservation.target === body.target;
    if (isOwn) tree.confirm(reservation);
    if (body.purpose === 'backup') {
      const target = tree.nodes.get(body.target);
      if (target) tree.setBackup(node, target);
      return;
    }
    node.attachEpoch = body.attachEpoch;
    // It found a place: what it was on its way to is free. Where it hung all along is none: it may still be on its way, and were the
    // next round of balancing to send it there again, an attempt that takes longer than a round would never end.
    const stays = body.ticket === noTicket && node.parent === body.target;
    const pending = tree.pendingOf(id);
    if (pending && !stays) tree.release(pending);
    if (body.target === id) {
      if (!this.#heads.claim(node)) this.#tickets.order(node, nowMs);
      this.#heads.settle(nowMs);
      return;
    }
    this.#attach(node, body.target);
    this.#heads.revive(body.target);
    tree.refresh(node);
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
      if (this.#tree.pendingOf(id) !== undefined) return false;
      const isHead = this.#heads.claim(node);
      this.#heads.settle(nowMs);
      if (!isHead) {
        this.#tickets.order(node, nowMs);
        return false;
      }
    }
    // Right after its start the root knows fewer than there are (rule R7): the head's count stands in for them.
    const roomSize = Math.max(this.size, nowMs < this.#adoptingUntilMs ? fold.subtreeSize : 0);
    const claims = { epoch, round: fold.round, roomSize, timeMs: nowMs };
    const attestation = { ...claims, signature: this.#options.signer.sign(attestedBytes(this.id, claims)) };
    const sweep = { epoch, round: fold.round, roomSize, attestation, path: [] };
    this.#tickets.tell(node, this.#factory.newSweep(sweep, 'response'));
    return true;
  }

  /** A reunion on demand (rule U6). False when the path does not end with who brought it. */
  probe(id: NodeId, probe: ProbeBody): boolean {
    const node = this.#tree.nodes.get(id);
    if (node === undefined || probe.path.at(-1) !== id) return false;
    const signature = this.#options.signer.sign(probedBytes(this.id, probe));
    this.#tickets.tell(node, this.#factory.newProbe({ ...probe, signature }, 'confirm'));
    return true;
  }

  /** Relays a signal between the two ends of a ticket (rule A6). False when there is none. */
  signal(from: NodeId, to: NodeId, ticket: TicketId, packet: Packet<'signal'>, nowMs: number): boolean {
    return this.#tickets.signal(from, to, ticket, packet, nowMs);
  }

  /** A peer leaves, or its parent says that it is gone, as of the attach epoch it was last known by. */
  left(id: NodeId, subject: NodeId, attachEpoch: number): void {
    const node = this.#tree.nodes.get(subject);
    if (node === undefined) return;
    if (subject === id) {
      this.#remove(node);
    } else if (node.parent === id && node.attachEpoch <= attachEpoch + 1) {
      // Its parent says it is gone: without a socket it is; with one it will speak for itself.
      if (node.socket === undefined) this.#remove(node);
      else this.#tree.detach(node);
    }
  }

  /** Peers that the owner's newest order puts out (rule O6). */
  barred(): { readonly id: NodeId; readonly reason: Barred }[] {
    return [...this.#tree.nodes.keys()].flatMap((id) => {
      const reason = this.rules.bars(id);
      return reason === undefined ? [] : [{ id, reason }];
    });
  }

  expel(id: NodeId): void {
    const node = this.#tree.nodes.get(id);
    if (node) this.#remove(node);
  }

  /** `asking`: a client that is being answered at this moment, and must not be given an order besides. */
  #remove(node: RootNode, asking?: NodeId): void {
    const wasHead = this.#tree.head === node.id;
    const clients = [...node.clients];
    this.#tree.remove(node);
    this.#absent.delete(node.id);
    if (wasHead) this.#heads.follow(clients, asking);
  }

  // Time.

  dueMs(): number {
    const adoptedMs = this.#isAdopting ? this.#adoptingUntilMs : Infinity;
    const roundMs = this.size > 1 ? this.#roundAtMs : Infinity;
    return Math.min(this.#tickets.dueMs(), this.#absentDueMs, adoptedMs, roundMs);
  }

  timer(nowMs: number): void {
    this.#tickets.expire(nowMs);
    if (nowMs >= this.#absentDueMs) this.#judgeAbsent(nowMs);
    this.#endAdoption(nowMs);
    if (nowMs < this.#roundAtMs) return;
    this.#roundAtMs = nowMs + balancePeriodMs;
    if (this.#isAdopting) return;
    if (this.#tree.head === undefined) this.#heads.elect();
    this.#heads.settle(nowMs);
    this.#strays(nowMs);
    if (this.#options.balance && this.#tree.head !== undefined) this.#balance(nowMs);
  }

  #judgeAbsent(nowMs: number): void {
    this.#absentDueMs = Infinity;
    for (const id of [...this.#absent]) {
      const node = this.#tree.nodes.get(id);
      if (node?.absentSinceMs === undefined) continue;
      // Its clients would complain if it were gone: only its own way to the root is (rule H12).
      const endMs = Math.max(node.absentSinceMs, node.clients.size > 0 ? nowMs : 0) + absentGraceMs;
      if (nowMs >= endMs) this.#remove(node);
      else this.#absentDueMs = Math.min(this.#absentDueMs, endMs);
    }
  }

  #endAdoption(nowMs: number): void {
    if (!this.#isAdopting || nowMs < this.#adoptingUntilMs) return;
    this.#isAdopting = false;
    for (const node of this.#tree.nodes.values()) {
      if (node.stated.size === 0) continue;
      node.stated.clear();
      this.#tree.refresh(node);
    }
    const head = this.#heads.adopt(nowMs);
    if (head === undefined) return;
    this.#absent.add(head.id);
    this.#absentDueMs = Math.min(this.#absentDueMs, nowMs + absentGraceMs);
  }

  /** Peers that hang nowhere and ask for nothing: what they said last is taken up, or they are told where to go. */
  #strays(nowMs: number): void {
    for (const node of this.#tree.nodes.values()) {
      const { id, parent, socket, deniedParent, attachEpoch } = node;
      if (parent !== undefined || socket === undefined || this.#tree.head === id || this.#tree.pendingOf(id)) continue;
      if (deniedParent !== undefined && this.#tree.attach(node, deniedParent)) continue;
      // Who never had a parent has just come, and will ask.
      if (attachEpoch > 0 && ++node.strayRounds > strayRoundsMax) this.#tickets.order(node, nowMs);
    }
  }

  #balance(nowMs: number): void {
    const tree = this.#tree;
    let moving = 0;
    for (const { purpose, isConfirmed } of tree.reservations.values()) if (purpose === 'move' && !isConfirmed) moving++;
    for (; moving < movesMax(tree); moving++) {
      const move = chooseMove(tree, nowMs);
      if (move === undefined) return;
      this.#tickets.assign(move.node, move, 'move', 'move', nowMs);
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
