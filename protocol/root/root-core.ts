/**
 * The root as a pure state machine: registers peers, places them, relays signals between the two ends of a ticket. It sees
 * no message, and what it knows it can lose at any time.
 *
 * Call `handle(input, nowMs)` (ms since 1970), then `poll()` until `undefined`; `nextTimeoutMs()` says when to hand in a timer.
 */
import {
  adoptionGraceMs,
  challengeLifeMs,
  ordersKeptMax,
  registerDeadlineMs,
  socketBurst,
  socketRatePerSecond,
  turnRenewBeforeMs,
} from '../limits.ts';
import type { RootErrorCode } from '../errors.ts';
import type { Rng } from '../ports.ts';
import { noNode, type NodeId, type RoomId, type SocketId } from '../types.ts';
import { challengeBytes, workBitsAsked } from '../work.ts';
import {
  advertiseBody,
  confirmBody,
  foldBody,
  leaveBody,
  offerBody,
  probeBody,
  regReqBody,
  signalBody,
  type RegReq,
} from '../wire/bodies.ts';
import { ByteWriter, sameBytes } from '../wire/bytes.ts';
import { PacketFactory } from '../wire/packet-factory.ts';
import type { Packet, VerifiedPacket } from '../wire/packet.ts';
import { Agenda } from './agenda.ts';
import type { RootInput, RootOptions, RootOutput, RootRoomView } from './io.ts';
import { JoinRate } from './join-rate.ts';
import { Room } from './room.ts';
import { Rules } from '../rules.ts';

interface Socket {
  readonly id: SocketId;
  readonly ip: string;
  readonly port: number;
  readonly origin: string;
  readonly challenge: Uint8Array;
  readonly openedAtMs: number;
  challengeUsed: boolean;
  room: Room | undefined;
  node: NodeId | undefined;
  tokens: number;
  tokensAtMs: number;
  /** Whether it was told that it sends too much, since it last did not. */
  toldRate: boolean;
  faults: number;
}

/** Malformed packets after which a socket ends. */
const faultsMax = 10;

export class RootCore {
  readonly #rng: Rng;
  readonly #epochMs: number;
  readonly #options: RootOptions;
  readonly #factory = new PacketFactory({ publicKey: new Uint8Array(32), id: noNode });
  readonly #sockets = new Map<SocketId, Socket>();
  /** Sockets that have not registered, oldest first. */
  readonly #unregistered = new Map<SocketId, Socket>();
  /** Sockets whose ICE servers have credentials that end, and when to hand them others, ms; earliest first. */
  readonly #iceDue = new Map<SocketId, number>();
  readonly #rooms = new Map<RoomId, Room>();
  /** Orders of rooms that nobody is in at the moment, oldest first (rule O6). */
  readonly #orders = new Map<RoomId, VerifiedPacket<'order'>>();
  readonly #agenda = new Agenda<Room>();
  readonly #joins: JoinRate | undefined;
  readonly #outputs: RootOutput[] = [];
  #taken = 0;
  #nowMs = 0;

  constructor(rng: Rng, epochMs: number, options: RootOptions) {
    this.#rng = rng;
    this.#epochMs = epochMs;
    this.#options = options;
    if (options.joinsPerSecondMax !== undefined) this.#joins = new JoinRate(options.joinsPerSecondMax);
  }

  handle(input: RootInput, nowMs: number): void {
    this.#nowMs = nowMs;
    if (input.kind === 'open') this.#open(input);
    else if (input.kind === 'timer') this.#timer();
    else {
      const socket = this.#sockets.get(input.socket);
      if (socket === undefined) return;
      if (input.kind === 'close') this.#closed(socket);
      else if (input.kind === 'bad') this.#fault(socket, input.code);
      else this.#packet(socket, input.packet, input.admitted, input.workBits ?? 0);
    }
  }

  poll(): RootOutput | undefined {
    const output = this.#outputs[this.#taken++];
    if (output === undefined) {
      this.#outputs.length = 0;
      this.#taken = 0;
    }
    return output;
  }

  nextTimeoutMs(): number | undefined {
    const [oldest] = this.#unregistered.values();
    const deadlineMs = oldest ? oldest.openedAtMs + registerDeadlineMs : Infinity;
    const [iceDueMs = Infinity] = this.#iceDue.values();
    const due = Math.min(deadlineMs, iceDueMs, this.#agenda.dueMs() ?? Infinity);
    return due === Infinity ? undefined : due;
  }

  /** The root's picture of every room. */
  rooms(): RootRoomView[] {
    return [...this.#rooms.values()].map((room) => room.view());
  }

  get roomsCount(): number {
    return this.#rooms.size;
  }

  /** Counts for a status page: nothing that identifies a room or a peer. */
  counts(): { rooms: number; peers: number; sockets: number } {
    let peers = 0;
    for (const room of this.#rooms.values()) peers += room.size;
    return { rooms: this.#rooms.size, peers, sockets: this.#sockets.size };
  }

  // Sockets.

  #open(input: Extract<RootInput, { kind: 'open' }>): void {
    const writer = new ByteWriter();
    for (let i = 0; i < 8; i++) writer.u32(this.#rng.uint32());
    const challenge = writer.finish();
    challenge[challengeBytes - 1] = this.#workBits();
    const socket: Socket = {
      id: input.socket,
      ip: input.ip,
      port: input.port,
      origin: input.origin,
      challenge,
      openedAtMs: this.#nowMs,
      challengeUsed: false,
      room: undefined,
      node: undefined,
      tokens: socketBurst,
      tokensAtMs: this.#nowMs,
      toldRate: false,
      faults: 0,
    };
    this.#sockets.set(socket.id, socket);
    if (this.#sockets.size > this.#options.socketsMax) {
      this.#end(socket, 'full');
      return;
    }
    this.#unregistered.set(socket.id, socket);
    this.#send(socket.id, this.#factory.newChallenge({ challenge, epoch: this.#epochMs, rootTimeMs: this.#nowMs }));
  }

  /** Work that newcomers are asked for. A root without state has to take back everybody at once, and asks for none. */
  #workBits(): number {
    return this.#nowMs < this.#epochMs + adoptionGraceMs ? 0 : (this.#joins?.workBits(this.#nowMs) ?? 0);
  }

  readonly #send = (socket: SocketId, packet: Packet): void => {
    this.#outputs.push({ kind: 'send', socket, packet });
  };

  /** Says why and ends the socket. */
  #end(socket: Socket, code: RootErrorCode): void {
    this.#send(socket.id, this.#factory.newError(code, true));
    this.#outputs.push({ kind: 'end', socket: socket.id });
    this.#closed(socket);
  }

  #refuse(socket: Socket, code: RootErrorCode): void {
    this.#send(socket.id, this.#factory.newError(code, false));
  }

  #fault(socket: Socket, code: RootErrorCode): void {
    if (++socket.faults >= faultsMax) this.#end(socket, code);
    else this.#refuse(socket, code);
  }

  #closed(socket: Socket): void {
    this.#sockets.delete(socket.id);
    this.#unregistered.delete(socket.id);
    this.#iceDue.delete(socket.id);
    if (socket.room && socket.node !== undefined) socket.room.socketClosed(socket.node, socket.id, this.#nowMs);
    this.#tidy(socket.room);
  }

  /** After each change of a room: notes when it wants a turn, or forgets it when nobody is left. */
  #tidy(room: Room | undefined): void {
    if (room === undefined) return;
    if (room.size > 0) {
      this.#agenda.note(room, room.dueMs());
      return;
    }
    this.#agenda.forget(room);
    if (this.#rooms.get(room.id) !== room) return;
    this.#rooms.delete(room.id);
    const { packet } = room.rules;
    if (packet === undefined) return;
    this.#orders.set(room.id, packet);
    const [oldest] = this.#orders.keys();
    if (this.#orders.size > ordersKeptMax && oldest !== undefined) this.#orders.delete(oldest);
  }

  #takesToken(socket: Socket): boolean {
    const gained = (Math.max(0, this.#nowMs - socket.tokensAtMs) / 1000) * socketRatePerSecond;
    socket.tokens = Math.min(socketBurst, socket.tokens + gained);
    socket.tokensAtMs = this.#nowMs;
    if (socket.tokens < 1) {
      if (!socket.toldRate) this.#refuse(socket, 'rate');
      socket.toldRate = true;
      return false;
    }
    socket.tokens--;
    socket.toldRate = false;
    return true;
  }

  // Packets.

  #packet(socket: Socket, packet: VerifiedPacket, admitted: boolean, workBits: number): void {
    const { type } = packet.header;
    // Signals are bounded by their ticket: a peer with many clients relays many at once. Those that no ticket covers count.
    if (type !== 'signal' && !this.#takesToken(socket)) return;
    if (type === 'registration') {
      this.#register(socket, packet, admitted, workBits);
      return;
    }
    const { room, node } = socket;
    if (room === undefined || node === undefined) {
      if (type !== 'signal' || this.#takesToken(socket)) this.#refuse(socket, 'out-of-turn');
      return;
    }
    if (type === 'order') {
      // Whoever hands it over: its owner's signature is what counts.
      this.#order(socket, room, packet as VerifiedPacket<'order'>);
      return;
    }
    if (packet.senderId !== node) {
      this.#fault(socket, 'malformed');
      return;
    }
    const fault = this.#registered(room, node, packet);
    this.#tidy(room);
    if (!room.has(node)) {
      // It left, and may register again on a new socket.
      socket.room = undefined;
      socket.node = undefined;
    }
    if (fault === 'malformed') this.#fault(socket, fault);
    else if (fault !== undefined && (fault !== 'no-ticket' || this.#takesToken(socket))) this.#refuse(socket, fault);
  }

  /** The owner rules: who may be here no longer is told so and let go (rule O6). */
  #order(socket: Socket, room: Room, packet: VerifiedPacket<'order'>): void {
    const result = room.rules.take(packet);
    if (result === 'forged') this.#fault(socket, 'malformed');
    if (result !== 'taken') return;
    for (const { id, reason } of room.barred()) {
      const held = room.socketOf(id);
      const barred = held === undefined ? undefined : this.#sockets.get(held);
      room.expel(id);
      if (barred === undefined) continue;
      barred.room = undefined;
      this.#end(barred, reason);
    }
    room.settleHeads(this.#nowMs);
    this.#tidy(room);
  }

  /** Handles a packet of a registered peer; gives back what was wrong with it. */
  #registered(room: Room, node: NodeId, packet: VerifiedPacket): RootErrorCode | undefined {
    const { type } = packet.header;
    const shape = `${type}/${packet.action}`;
    switch (shape) {
      case 'advertise/request': {
        const body = advertiseBody.decode(packet.body);
        if (!body || body.purpose === 'move') return 'malformed';
        room.advertise(node, body, this.#nowMs);
        return undefined;
      }
      case 'advertise/confirm': {
        const body = confirmBody.decode(packet.body);
        if (!body) return 'malformed';
        room.confirm(node, body, this.#nowMs);
        return undefined;
      }
      case 'advertise/update': {
        const body = offerBody.decode(packet.body);
        if (!body) return 'malformed';
        room.offer(node, { ...body, clientsMax: Math.min(body.clientsMax, this.#options.clientsMax) });
        return undefined;
      }
      case 'reunion/request': {
        const body = foldBody.decode(packet.body);
        if (!body) return 'malformed';
        return room.fold(node, body, this.#epochMs, this.#nowMs) ? undefined : 'out-of-turn';
      }
      case 'reunion/pull': {
        const body = probeBody.decode(packet.body);
        if (!body) return 'malformed';
        return room.probe(node, body) ? undefined : 'out-of-turn';
      }
      case 'signal/request': {
        const body = signalBody.decode(packet.body);
        if (!body) return 'malformed';
        return room.signal(node, body.to, body.ticket, packet as Packet<'signal'>, this.#nowMs)
          ? undefined
          : 'no-ticket';
      }
      case 'leave/leave': {
        const body = leaveBody.decode(packet.body);
        if (!body) return 'malformed';
        room.left(node, body.subject, body.attachEpoch);
        return undefined;
      }
      default:
        return 'malformed';
    }
  }

  #register(socket: Socket, packet: VerifiedPacket, admitted: boolean, workBits: number): void {
    const request = packet.action === 'request' ? regReqBody.decode(packet.body) : undefined;
    if (request === undefined) {
      this.#fault(socket, 'malformed');
      return;
    }
    const isWorkDone = workBits >= workBitsAsked(socket.challenge);
    const fault = this.#refusesRegistration(socket, request, packet.senderId, admitted, isWorkDone);
    if (fault !== undefined) {
      this.#end(socket, fault);
      return;
    }
    this.#joins?.note(this.#nowMs);
    socket.challengeUsed = true;
    this.#unregistered.delete(socket.id);
    let room = this.#rooms.get(request.room);
    if (room === undefined) {
      room = this.#newRoom(request);
      this.#rooms.set(request.room, room);
    }
    const former = room.socketOf(packet.senderId);
    socket.room = room;
    socket.node = packet.senderId;
    const clientsMax = Math.min(request.clientsMax, this.#options.clientsMax);
    const answer = room.register(packet.senderId, socket, { ...request, clientsMax }, this.#nowMs);
    const old = former === undefined ? undefined : this.#sockets.get(former);
    if (old) {
      // The newest proven socket of an id has it (rule R6).
      old.room = undefined;
      this.#end(old, 'replaced');
    }
    const { packet: order, version } = room.rules;
    const res = { epoch: this.#epochMs, rootTimeMs: this.#nowMs, roomSize: room.size, headDenied: answer.headDenied };
    this.#send(socket.id, this.#factory.newRegRes({ ...res, rootKey: this.#options.signer.publicKey, order: version }));
    if (order !== undefined && version > (request.order ?? 0)) this.#send(socket.id, order);
    this.#handIceServers(socket.id);
    room.settleHeads(this.#nowMs);
    this.#tidy(room);
  }

  /** A room as nobody has been in it, or as it was ruled when the last one left. */
  #newRoom({ room: id, owner = noNode }: RegReq): Room {
    const room = new Room(id, this.#rng, this.#factory, this.#options, this.#send, this.#nowMs, this.#epochMs, owner);
    const order = this.#orders.get(id);
    if (order) room.rules.take(order);
    this.#orders.delete(id);
    return room;
  }

  /** Hands a peer the ICE servers there are, and notes when it needs others (rule R12). */
  #handIceServers(socket: SocketId): void {
    const body = this.#options.iceServers?.(this.#nowMs);
    if (body === undefined) return;
    this.#send(socket, this.#factory.newIceServers(body));
    // The life is the same for all, so that who was handed them last is due last.
    this.#iceDue.delete(socket);
    const { lifeMs } = body;
    if (lifeMs > 0) this.#iceDue.set(socket, this.#nowMs + Math.max(lifeMs / 2, lifeMs - turnRenewBeforeMs));
  }

  #refusesRegistration(
    socket: Socket,
    request: RegReq,
    id: NodeId,
    admitted: boolean,
    isWorkDone: boolean,
  ): RootErrorCode | undefined {
    if (socket.node !== undefined) return 'out-of-turn';
    const isLate = this.#nowMs - socket.openedAtMs > challengeLifeMs;
    if (socket.challengeUsed || isLate || !sameBytes(request.challenge, socket.challenge)) return 'challenge';
    if (!isWorkDone) return 'challenge';
    if (request.origin !== socket.origin) return 'origin';
    if (!admitted) return 'admission';
    const room = this.#rooms.get(request.room);
    const barred = this.#bars(request, id);
    if (barred !== undefined) return barred;
    if (room && room.size >= this.#options.roomPeersMax && !room.has(id)) return 'full';
    return undefined;
  }

  /** Why the owner lets somebody not in, though nobody be in the room. */
  #bars({ room: id, owner = noNode }: RegReq, node: NodeId): RootErrorCode | undefined {
    const rules = this.#rooms.get(id)?.rules;
    if (rules) return rules.bars(node);
    const order = this.#orders.get(id);
    if (order === undefined) return undefined;
    const kept = new Rules(id, owner);
    kept.take(order);
    return kept.bars(node);
  }

  // Time.

  #timer(): void {
    for (const socket of this.#unregistered.values()) {
      if (this.#nowMs - socket.openedAtMs < registerDeadlineMs) break;
      this.#end(socket, 'deadline');
    }
    for (const [socket, dueMs] of this.#iceDue) {
      if (this.#nowMs < dueMs) break;
      this.#handIceServers(socket);
    }
    for (let room = this.#agenda.take(this.#nowMs); room; room = this.#agenda.take(this.#nowMs)) {
      room.timer(this.#nowMs);
      this.#tidy(room);
    }
  }
}
