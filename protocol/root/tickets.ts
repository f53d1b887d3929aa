/** What the root tells the peers of one room: assignments with their tickets, and the signals that pass by them. */
import { complaintBlockMs, signalsPerTicketMax } from '../limits.ts';
import type { Rng } from '../ports.ts';
import { noNode, noTicket, type NodeId, type SocketId, type TicketId } from '../types.ts';
import type { AssignmentBody, Purpose } from '../wire/bodies.ts';
import { ticketFrom, type PacketFactory } from '../wire/packet-factory.ts';
import type { Packet } from '../wire/packet.ts';
import { choosePlace, type Place } from './placement.ts';
import { block, type RoomTree, type RootNode } from './room-tree.ts';

const nothing: AssignmentBody = {
  purpose: 'parent',
  result: 'none',
  target: noNode,
  ticket: noTicket,
  placementVersion: 0,
  expiresInMs: 0,
  retryAfterMs: 0,
};

export class Tickets {
  readonly #tree: RoomTree;
  readonly #rng: Rng;
  readonly #factory: PacketFactory;
  readonly #ticketLifeMs: number;
  readonly #send: (socket: SocketId, packet: Packet) => void;

  constructor(
    tree: RoomTree,
    rng: Rng,
    factory: PacketFactory,
    ticketLifeMs: number,
    send: (socket: SocketId, packet: Packet) => void,
  ) {
    this.#tree = tree;
    this.#rng = rng;
    this.#factory = factory;
    this.#ticketLifeMs = ticketLifeMs;
    this.#send = send;
  }

  tell(node: RootNode, packet: Packet): void {
    if (node.socket !== undefined) this.#send(node.socket, packet);
  }

  /** Gives a peer a slot: reserves it, and tells both ends (rules A3, A5). */
  assign(
    node: RootNode,
    { target, excess }: Place,
    purpose: Purpose,
    action: 'response' | 'move',
    nowMs: number,
  ): void {
    const ticket = ticketFrom([this.#rng.uint32(), this.#rng.uint32(), this.#rng.uint32(), this.#rng.uint32()]);
    this.#tree.reserve(ticket, purpose, node, target, nowMs + this.#ticketLifeMs);
    const common = { purpose, ticket, placementVersion: target.attachEpoch, expiresInMs: this.#ticketLifeMs };
    // The target hears of it first, so that it knows the ticket when the first signal arrives.
    this.tell(target, this.#factory.newExpect({ ...common, client: node.id, excess }));
    const body: AssignmentBody = { ...nothing, ...common, result: 'node', target: target.id };
    this.tell(node, this.#factory.newAssignment(body, action));
  }

  /** Orders a peer to move to where it should be. False when there is no such place. */
  order(node: RootNode, nowMs: number): boolean {
    const place = choosePlace(this.#tree, node, nowMs);
    if (place) this.assign(node, place, 'move', 'move', nowMs);
    return place !== undefined;
  }

  /** Nothing to give now: ask again later. */
  refuse(node: RootNode, purpose: Purpose, retryAfterMs: number): void {
    this.tell(node, this.#factory.newAssignment({ ...nothing, purpose, retryAfterMs }, 'response'));
  }

  makeHead(node: RootNode, action: 'response' | 'move'): void {
    // It counts this as an attempt to attach: tickets that are given out before it confirms must say so (rule A5).
    node.attachEpoch++;
    const pending = this.#tree.pendingOf(node.id);
    if (pending) this.#tree.release(pending);
    this.#tree.setHead(node);
    this.tell(node, this.#factory.newAssignment({ ...nothing, result: 'head', target: node.id }, action));
  }

  /** Relays a signal between the two ends of a ticket (rule A6). False when there is none. */
  signal(from: NodeId, to: NodeId, ticket: TicketId, packet: Packet<'signal'>, nowMs: number): boolean {
    const reservation = this.#tree.reservations.get(ticket);
    if (reservation === undefined || nowMs > reservation.expiresAtMs) return false;
    const { asker, target, signals } = reservation;
    if (!((from === asker && to === target) || (from === target && to === asker))) return false;
    const count = (signals.get(from) ?? 0) + 1;
    const other = this.#tree.nodes.get(to);
    if (count > signalsPerTicketMax || other?.socket === undefined) return false;
    signals.set(from, count);
    this.tell(other, packet);
    return true;
  }

  /** When the oldest ticket expires, ms. */
  dueMs(): number {
    const [oldest] = this.#tree.reservations.values();
    return oldest?.expiresAtMs ?? Infinity;
  }

  /** Slots whose ticket passed unconfirmed are free again (rule A3). */
  expire(nowMs: number): void {
    for (const reservation of this.#tree.reservations.values()) {
      if (nowMs < reservation.expiresAtMs) return;
      this.#tree.release(reservation);
      // A move or a try that came to nothing is not repeated at once (rule A8).
      const asker = this.#tree.nodes.get(reservation.asker);
      if (asker && !reservation.isConfirmed) block(asker, reservation.target, nowMs + complaintBlockMs);
    }
  }
}
