/** Makes every packet a peer or a root sends, and parses what arrives. */
import type { LinkReason, RootErrorCode } from '../errors.ts';
import { noDigest, noNode, noSession, type NodeId, type SessionId, type TicketId } from '../types.ts';
import { auditBody, forkBody, type AuditBody, type ForkBody } from './bodies/audit.ts';
import * as bodies from './bodies.ts';
import { iceBody, type IceBody } from './bodies/ice.ts';
import { orderBody, type OrderBody } from './bodies/order.ts';
import { receiptsBody, typingBody, type ReceiptEntry, type TypingBody } from './bodies/talk.ts';
import {
  decodePacket,
  flagEncrypted,
  packetVersion,
  type Action,
  type DecodeResult,
  type Packet,
  type PacketType,
} from './packet.ts';

const noBytes = new Uint8Array(0);

/** Who makes packets: the key they name as their sender, and the id it hashes to. */
export interface Origin {
  readonly publicKey: Uint8Array;
  readonly id: NodeId;
}

/** One maker a packet type. Packets leave it unsigned; the shell seals them (rule S3). */
export class PacketFactory {
  /** Stamped into every header; set once, at the first registration. */
  session: SessionId = noSession;
  readonly #origin: Origin;

  constructor(origin: Origin) {
    this.#origin = origin;
  }

  get id(): NodeId {
    return this.#origin.id;
  }

  /** A packet, or why the bytes are none. Never throws (rule W5). */
  parseBuf(bytes: Uint8Array): DecodeResult {
    return decodePacket(bytes);
  }

  #make<T extends PacketType>(type: T, action: Action, body: Uint8Array, seq = 0, timeMs = 0, flags = 0): Packet<T> {
    return {
      header: { version: packetVersion, type, flags, session: this.session, seq, timeMs },
      node: { id: this.#origin.id },
      hops: 1,
      sender: this.#origin.publicKey,
      validator: noBytes,
      action,
      body,
    };
  }

  /** Root: the challenge that opens a socket. */
  newChallenge(body: bodies.Challenge): Packet<'registration'> {
    return this.#make('registration', 'push', bodies.challengeBody.encode(body));
  }

  /** Peer: registration. The shell signs it, and fills in the admission proof. */
  newReg(body: bodies.RegReq): Packet<'registration'> {
    return this.#make('registration', 'request', bodies.regReqBody.encode(body));
  }

  /** Root: the Ack to a registration. */
  newRegRes(body: bodies.RegRes): Packet<'registration'> {
    return this.#make('registration', 'response', bodies.regResBody.encode(body));
  }

  /** Root: the ICE servers that a registered peer is to use. */
  newIceServers(body: IceBody): Packet<'registration'> {
    return this.#make('registration', 'update', iceBody.encode(body));
  }

  /** Peer: ask for a parent or a backup. */
  newAdv(body: bodies.Advertise): Packet<'advertise'> {
    return this.#make('advertise', 'request', bodies.advertiseBody.encode(body));
  }

  /** Root: the answer to an advertise (`response`), or an order to move (`move`). */
  newAssignment(body: bodies.AssignmentBody, action: 'response' | 'move'): Packet<'advertise'> {
    return this.#make('advertise', action, bodies.assignmentBody.encode(body));
  }

  /** Root: tells the target of an assignment who will come. */
  newExpect(body: bodies.ExpectBody): Packet<'advertise'> {
    return this.#make('advertise', 'expect', bodies.expectBody.encode(body));
  }

  /** Peer: tells the root whom it hangs from now. */
  newConfirm(body: bodies.ConfirmBody): Packet<'advertise'> {
    return this.#make('advertise', 'confirm', bodies.confirmBody.encode(body));
  }

  /** Peer: tells the root what it offers now. */
  newOffer(body: bodies.OfferBody): Packet<'advertise'> {
    return this.#make('advertise', 'update', bodies.offerBody.encode(body));
  }

  /** Upwards: the fold of a subtree. */
  newReunion(body: bodies.FoldBody): Packet<'reunion'> {
    return this.#make('reunion', 'request', bodies.foldBody.encode(body));
  }

  /** Downwards: the answer of a sweep (`response`), or the same out of turn after a change (`push`). */
  newSweep(body: bodies.SweepBody, action: 'response' | 'push'): Packet<'reunion'> {
    return this.#make('reunion', action, bodies.sweepBody.encode(body));
  }

  /** A reunion on demand: `pull` on its way up, `confirm` on its way down. */
  newProbe(body: bodies.ProbeBody, action: 'pull' | 'confirm'): Packet<'reunion'> {
    return this.#make('reunion', action, bodies.probeBody.encode(body));
  }

  newSignal(body: bodies.SignalBody): Packet<'signal'> {
    return this.#make('signal', 'request', bodies.signalBody.encode(body));
  }

  newLeave(subject: NodeId, reason: LinkReason, attachEpoch: number, successor: NodeId = noNode): Packet<'leave'> {
    return this.#make('leave', 'leave', bodies.leaveBody.encode({ subject, successor, reason, attachEpoch }));
  }

  /** What the room's owner rules. `version` counts up; `timeMs` is the wall clock. */
  newOrder(body: OrderBody, version: number, timeMs: number): Packet<'order'> {
    return this.#make('order', 'push', orderBody.encode(body), version, timeMs);
  }

  /** Root: a typed error. */
  newError(code: RootErrorCode, final: boolean): Packet<'error'> {
    return this.#make('error', 'none', bodies.errorBody.encode({ code, final }));
  }

  newHello(body: bodies.HelloBody, action: 'request' | 'response' | 'promote'): Packet<'hello'> {
    return this.#make('hello', action, bodies.helloBody.encode(body));
  }

  newRefuse(reason: LinkReason): Packet<'hello'> {
    return this.#make('hello', 'refuse', bodies.refuseBody.encode({ reason }));
  }

  newPing(body: bodies.PingBody): Packet<'ping'> {
    return this.#make('ping', 'push', bodies.pingBody.encode(body));
  }

  newFrontier(body: bodies.FrontierBody, action: 'pull' | 'response'): Packet<'frontier'> {
    return this.#make('frontier', action, bodies.frontierBody.encode(body));
  }

  newHealing(orphan: NodeId): Packet<'healing'> {
    return this.#make('healing', 'push', bodies.healingBody.encode({ orphan }));
  }

  newEdges(edges: readonly bodies.Edge[]): Packet<'edges'> {
    return this.#make('edges', 'push', bodies.edgesBody.encode({ edges }));
  }

  /** Who this peer is. `version` counts up from 1; `timeMs` is the wall clock. */
  newPresence(body: bodies.PresenceBody, version: number, timeMs: number): Packet<'presence'> {
    return this.#make('presence', 'push', bodies.presenceBody.encode(body), version, timeMs);
  }

  /** One or more messages in one packet of this sender's stream. The shell chains, encrypts and signs it. */
  newMessage(messages: readonly bodies.Message[], seq: number, timeMs: number): Packet<'message'> {
    const body = bodies.messagesBody.encode(messages);
    return { ...this.#make('message', 'push', body, seq, timeMs, flagEncrypted), prev: noDigest };
  }

  /** One chunk of a file. The shell encrypts and signs it. */
  newChunk(file: number, index: number, data: Uint8Array): Packet<'chunk'> {
    return this.#make('chunk', 'push', bodies.chunkBody.encode({ file, data }), index, 0, flagEncrypted);
  }

  newWant(haves: readonly bodies.FileHave[], action: 'pull' | 'confirm' = 'pull'): Packet<'want'> {
    return this.#make('want', action, bodies.wantBody.encode(haves));
  }

  newProgress(body: bodies.ProgressBody): Packet<'progress'> {
    return this.#make('progress', 'push', bodies.progressBody.encode(body));
  }

  newReceipts(entries: readonly ReceiptEntry[]): Packet<'receipts'> {
    return this.#make('receipts', 'push', receiptsBody.encode(entries));
  }

  newAudit(body: AuditBody): Packet<'audit'> {
    return this.#make('audit', 'push', auditBody.encode(body));
  }

  /** Says that the next two messages of a stream on a link prove a fork. */
  newFork(body: ForkBody): Packet<'fork'> {
    return this.#make('fork', 'push', forkBody.encode(body));
  }

  /** Whether this peer is writing. `version` counts up from 1; `timeMs` is the wall clock. */
  newTyping(body: TypingBody, version: number, timeMs: number): Packet<'typing'> {
    return this.#make('typing', 'push', typingBody.encode(body), version, timeMs);
  }
}

/** A ticket id from four random words. */
export function ticketFrom(words: readonly [number, number, number, number]): TicketId {
  return words.map((word) => word.toString(16).padStart(8, '0')).join('') as TicketId;
}
