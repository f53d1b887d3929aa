/** Drives a root by hand: peers that only make packets. For tests only. */
import type { RootErrorCode } from '../errors.ts';
import type { Rng } from '../ports.ts';
import { noNode, noTicket, type NodeId, type RoomId, type SessionId, type SocketId, type TicketId } from '../types.ts';
import * as bodies from '../wire/bodies.ts';
import { ByteWriter, toHex } from '../wire/bytes.ts';
import { PacketFactory } from '../wire/packet-factory.ts';
import type { Packet, VerifiedPacket } from '../wire/packet.ts';
import type { RootOptions, RootOutput, RootRoomView } from './io.ts';
import { RootCore } from './root-core.ts';

export const room = 'b'.repeat(64) as RoomId;

export const defaultRootOptions: RootOptions = {
  signer: { publicKey: new Uint8Array(32).fill(6), sign: () => new Uint8Array(64).fill(6) },
  clientsMax: 8,
  ticketLifeMs: 15_000,
  socketsPerAddressMax: 500,
  socketsMax: 10_000,
  roomPeersMax: 20_000,
  balance: true,
};

export function seededRng(seed: number): Rng {
  let state = seed >>> 0;
  return {
    uint32: () => {
      state = (state + 0x6d2b79f5) >>> 0;
      let t = Math.imul(state ^ (state >>> 15), state | 1);
      t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
      return (t ^ (t >>> 14)) >>> 0;
    },
  };
}

/** One peer as the root sees it. */
export class ScriptPeer {
  readonly publicKey: Uint8Array;
  readonly id: NodeId;
  readonly factory: PacketFactory;
  socket: SocketId = -1;
  challenge = new Uint8Array(32);
  attachEpoch = 0;
  /** What the root sent it, oldest first. */
  readonly inbox: Packet[] = [];
  ended = false;

  constructor(number: number) {
    this.publicKey = new ByteWriter()
      .u32(number + 1)
      .raw(new Uint8Array(28))
      .finish();
    this.id = toHex(this.publicKey.subarray(0, 16)) as NodeId;
    this.factory = new PacketFactory(this);
    this.factory.session = '0000000000010000' as SessionId;
  }

  /** Assignments received, oldest first. */
  assignments(): bodies.AssignmentBody[] {
    return this.inbox
      .filter(
        (packet) => packet.header.type === 'advertise' && (packet.action === 'response' || packet.action === 'move'),
      )
      .flatMap((packet) => bodies.assignmentBody.decode(packet.body) ?? []);
  }

  expects(): bodies.ExpectBody[] {
    return this.inbox
      .filter((packet) => packet.action === 'expect')
      .flatMap((packet) => bodies.expectBody.decode(packet.body) ?? []);
  }

  errors(): RootErrorCode[] {
    return this.inbox
      .filter((packet) => packet.header.type === 'error')
      .flatMap((packet) => bodies.errorBody.decode(packet.body)?.code ?? []);
  }
}

export class RootScript {
  readonly core: RootCore;
  nowMs = 100_000;
  readonly bySocket = new Map<SocketId, ScriptPeer>();
  #nextSocket = 1;
  #nextPeer = 1;

  constructor(options: Partial<RootOptions> = {}, { epochMs = 0, seed = 1 }: { epochMs?: number; seed?: number } = {}) {
    this.core = new RootCore(seededRng(seed), epochMs, { ...defaultRootOptions, ...options });
  }

  #drain(): void {
    for (let output: RootOutput | undefined = this.core.poll(); output; output = this.core.poll()) {
      const peer = this.bySocket.get(output.socket);
      if (!peer) continue;
      if (output.kind === 'end') peer.ended = true;
      else {
        peer.inbox.push(output.packet);
        if (output.packet.header.type === 'registration' && output.packet.action === 'push') {
          peer.challenge = Uint8Array.from(bodies.challengeBody.decode(output.packet.body)?.challenge ?? []);
        }
      }
    }
  }

  newPeer(): ScriptPeer {
    return new ScriptPeer(this.#nextPeer++);
  }

  open(peer: ScriptPeer, origin = 'http://localhost'): this {
    peer.socket = this.#nextSocket++;
    peer.ended = false;
    this.bySocket.set(peer.socket, peer);
    this.core.handle({ kind: 'open', socket: peer.socket, ip: '10.0.0.1', port: 5, origin }, this.nowMs);
    this.#drain();
    return this;
  }

  /** `signer`: whose packet it is, when the peer only hands it over. */
  give(peer: ScriptPeer, packet: Packet, admitted = true, workBits = 0, signer = peer): this {
    const verified: VerifiedPacket = { ...packet, senderId: signer.id };
    this.core.handle({ kind: 'packet', socket: peer.socket, packet: verified, admitted, workBits }, this.nowMs);
    this.#drain();
    return this;
  }

  bad(peer: ScriptPeer, code: RootErrorCode): this {
    this.core.handle({ kind: 'bad', socket: peer.socket, code }, this.nowMs);
    this.#drain();
    return this;
  }

  close(peer: ScriptPeer): this {
    this.core.handle({ kind: 'close', socket: peer.socket }, this.nowMs);
    this.bySocket.delete(peer.socket);
    this.#drain();
    return this;
  }

  pass(ms: number): this {
    const endMs = this.nowMs + ms;
    for (let due = this.core.nextTimeoutMs(); due !== undefined && due <= endMs; due = this.core.nextTimeoutMs()) {
      this.nowMs = Math.max(this.nowMs, due);
      this.core.handle({ kind: 'timer' }, this.nowMs);
      this.#drain();
    }
    this.nowMs = endMs;
    return this;
  }

  regReq(peer: ScriptPeer, changes: Partial<bodies.RegReq> = {}): Packet {
    return peer.factory.newReg({
      room,
      challenge: peer.challenge,
      origin: 'http://localhost',
      admission: new Uint8Array(64),
      clientsMax: 2,
      role: 'peer',
      hidden: false,
      head: false,
      parent: noNode,
      attachEpoch: peer.attachEpoch,
      depth: 0,
      subtreeSize: 1,
      clients: [],
      ...changes,
    });
  }

  register(peer: ScriptPeer, changes: Partial<bodies.RegReq> = {}): this {
    return this.open(peer).give(peer, this.regReq(peer, changes));
  }

  advertise(peer: ScriptPeer, changes: Partial<bodies.Advertise> = {}): bodies.AssignmentBody | undefined {
    const before = peer.assignments().length;
    const { attachEpoch } = peer;
    this.give(
      peer,
      peer.factory.newAdv({ purpose: 'parent', complaint: noNode, reason: 'none', attachEpoch, ...changes }),
    );
    return peer.assignments()[before];
  }

  confirm(peer: ScriptPeer, target: NodeId, ticket: TicketId = noTicket, purpose: bodies.Purpose = 'parent'): this {
    if (purpose !== 'backup') peer.attachEpoch++;
    return this.give(peer, peer.factory.newConfirm({ purpose, target, ticket, attachEpoch: peer.attachEpoch }));
  }

  /** Registers, asks, and attaches where it is told. */
  join(changes: Partial<bodies.RegReq> = {}, peer = this.newPeer()): ScriptPeer {
    this.register(peer, changes);
    this.follow(peer, this.advertise(peer));
    return peer;
  }

  /** Does what an assignment says. */
  follow(peer: ScriptPeer, assignment: bodies.AssignmentBody | undefined): void {
    if (assignment?.result === 'head') this.confirm(peer, peer.id);
    else if (assignment?.result === 'node')
      this.confirm(peer, assignment.target, assignment.ticket, assignment.purpose);
  }

  leave(peer: ScriptPeer, subject = peer.id): this {
    return this.give(peer, peer.factory.newLeave(subject, 'left', 0xffffffff));
  }

  view(): RootRoomView {
    const view = this.core.rooms().find((one) => one.room === room);
    if (!view) throw new Error('no room');
    return view;
  }

  parentOf(peer: ScriptPeer): NodeId | undefined {
    return this.view().nodes.get(peer.id)?.parent;
  }

  depthOf(peer: ScriptPeer): number | undefined {
    return this.view().nodes.get(peer.id)?.depth;
  }
}
