/** Drives one core by hand: what a script of inputs and expected outputs needs. For tests only. */
import type { LinkReason } from '../errors.ts';
import type { Rng } from '../ports.ts';
import { noNode, noTicket, type LinkId, type NodeId, type SessionId, type TicketId } from '../types.ts';
import type { Attestation } from '../wire/attestation.ts';
import * as bodies from '../wire/bodies.ts';
import { encodeUtf8, toHex } from '../wire/bytes.ts';
import { PacketFactory } from '../wire/packet-factory.ts';
import type { Packet, PacketType, VerifiedPacket } from '../wire/packet.ts';
import type { CoreInput, CoreOutput, PeerOptions } from './io.ts';
import { PeerCore } from './peer-core.ts';

export const defaultOptions: PeerOptions = {
  room: 'b'.repeat(64),
  origin: 'http://localhost',
  clientsMax: 2,
  role: 'peer',
  hidden: false,
  history: true,
  reunionPeriodMs: 4_000,
  originRatePerSecond: 20,
  originBurst: 60,
  logPacketsMax: 2_000,
  logBytesMax: 4 * 1024 * 1024,
  disabled: new Set(),
};

/** Someone at the far end of a link or of the root: only makes packets. */
export class Other {
  readonly publicKey: Uint8Array;
  readonly id: NodeId;
  readonly factory: PacketFactory;

  constructor(fill: number) {
    this.publicKey = new Uint8Array(32).fill(fill);
    this.id = toHex(this.publicKey.subarray(0, 16)) as NodeId;
    this.factory = new PacketFactory(this);
    this.factory.session = '0000000000010000' as SessionId;
  }

  verified<T extends PacketType>(packet: Packet<T>): VerifiedPacket<T> {
    return { ...packet, senderId: this.id, plainText: packet.body };
  }

  message(seq: number, text = `m${seq}`): VerifiedPacket<'message'> {
    return this.verified(
      this.factory.newMessage([{ content: 'text', data: encodeUtf8(text), to: noNode, channel: '' }], seq, 1),
    );
  }
}

const root = new Other(0);
export const binding = new Uint8Array(32).fill(5);

let tickets = 0;
function newTicket(): TicketId {
  tickets++;
  return tickets.toString(16).padStart(32, '0') as TicketId;
}

export class PeerScript {
  readonly me: Other;
  readonly core: PeerCore;
  readonly outputs: CoreOutput[] = [];
  nowMs = 0;

  constructor(fill: number, options: Partial<PeerOptions> = {}) {
    this.me = new Other(fill);
    let state = fill;
    const rng: Rng = { uint32: () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) };
    this.core = new PeerCore(this.me, rng, { ...defaultOptions, ...options });
  }

  give(...inputs: CoreInput[]): this {
    for (const input of inputs) {
      this.core.handle(input, this.nowMs);
      for (let output = this.core.poll(); output; output = this.core.poll()) {
        this.outputs.push(output);
        if (output.kind === 'seal') {
          this.give({ kind: 'sealed', packet: this.me.verified(output.packet) });
        }
      }
    }
    return this;
  }

  /** Lets time pass, one timer after the other. */
  pass(ms: number): this {
    const endMs = this.nowMs + ms;
    for (let due = this.core.nextTimeoutMs(); due !== undefined && due <= endMs; due = this.core.nextTimeoutMs()) {
      this.nowMs = Math.max(this.nowMs, due);
      this.give({ kind: 'timer' });
    }
    this.nowMs = endMs;
    return this;
  }

  /** Outputs of one kind since the last `clear`. */
  of<K extends CoreOutput['kind']>(kind: K): Extract<CoreOutput, { kind: K }>[] {
    return this.outputs.filter((output): output is Extract<CoreOutput, { kind: K }> => output.kind === kind);
  }

  /** Packets of one type sent on a link. */
  sent<T extends PacketType>(link: LinkId, type: T): Packet<T>[] {
    return this.of('send')
      .filter((output) => output.link === link && output.packet.header.type === type)
      .map((output) => output.packet as Packet<T>);
  }

  sentRoot<T extends PacketType>(type: T): Packet<T>[] {
    return this.of('sendRoot')
      .map((output) => output.packet as Packet)
      .filter((packet): packet is Packet<T> => packet.header.type === type);
  }

  clear(): this {
    this.outputs.length = 0;
    return this;
  }

  fromRoot(packet: Packet): this {
    return this.give({ kind: 'rootPacket', packet: root.verified(packet), attested: true });
  }

  register(): this {
    this.give({ kind: 'rootUp' });
    this.fromRoot(root.factory.newChallenge({ challenge: new Uint8Array(32), epoch: 1, rootTimeMs: 2 }));
    return this.fromRoot(
      root.factory.newRegRes({
        epoch: 1,
        rootTimeMs: 2,
        roomSize: 1,
        headDenied: false,
        rootKey: new Uint8Array(32).fill(6),
      }),
    );
  }

  assign(body: Partial<bodies.AssignmentBody>, action: 'response' | 'move' = 'response'): this {
    const whole: bodies.AssignmentBody = {
      purpose: 'parent',
      result: 'node',
      target: noNode,
      ticket: noTicket,
      placementVersion: 0,
      expiresInMs: 15_000,
      retryAfterMs: 0,
      ...body,
    };
    return this.fromRoot(root.factory.newAssignment(whole, action));
  }

  becomeHead(): this {
    return this.register().assign({ result: 'head' });
  }

  rootAnswersFold(): this {
    return this.fromRoot(
      root.factory.newSweep(
        { epoch: 1, round: 1, roomSize: 1, attestation: this.attestation(1), path: [] },
        'response',
      ),
    );
  }

  packet(link: LinkId, from: Other, packet: Packet): this {
    return this.give({ kind: 'packet', link, packet: from.verified(packet), attested: true });
  }

  message(link: LinkId, origin: Other, seq: number): this {
    return this.give({ kind: 'packet', link, packet: origin.message(seq), attested: false });
  }

  #helloBody(changes: Partial<bodies.HelloBody> = {}): bodies.HelloBody {
    return {
      ticket: noTicket,
      role: 'parent',
      binding,
      frontierDigest: 0,
      attachEpoch: 1,
      newcomer: false,
      ...changes,
    };
  }

  /** Assigned to `parent`, connected, accepted and, unless `path` is empty, anchored there. Gives the link. */
  attachTo(
    parent: Other,
    path: readonly NodeId[] = [parent.id],
    body: Partial<bodies.AssignmentBody> = {},
    action: 'response' | 'move' = 'response',
  ): LinkId {
    const link = this.connectTo(parent, body, action);
    const role = body.purpose === 'backup' ? 'backupOut' : 'parent';
    this.packet(link, parent, parent.factory.newHello(this.#helloBody({ role }), 'response'));
    if (role === 'parent' && path.length > 0) this.sweep(link, parent, path);
    return link;
  }

  /** The parent's hello, of what it has as this sum says. */
  acceptedBy(link: LinkId, parent: Other, frontierDigest: number): this {
    return this.packet(link, parent, parent.factory.newHello(this.#helloBody({ frontierDigest }), 'response'));
  }

  /** Assigned to `parent` and connected, the hello sent. Gives the link. */
  connectTo(
    parent: Other,
    body: Partial<bodies.AssignmentBody> = {},
    action: 'response' | 'move' = 'response',
  ): LinkId {
    this.assign({ target: parent.id, ticket: newTicket(), ...body }, action);
    const opened = this.of('openLink').at(-1);
    if (opened?.remote !== parent.id) throw new Error('no link was opened');
    this.give({ kind: 'linkUp', link: opened.link, binding });
    return opened.link;
  }

  /** What a root whose clock began with the script's would sign now, `ageMs` ago. */
  attestation(roomSize: number, ageMs = 0): Attestation {
    const timeMs = Math.max(0, Math.floor(this.nowMs) + 2 - ageMs);
    return { epoch: 1, round: 1, roomSize, timeMs, signature: new Uint8Array(64).fill(6) };
  }

  sweep(link: LinkId, parent: Other, path: readonly NodeId[], rootReachable = true): this {
    const roomSize = path.length + 1;
    const attestation = rootReachable ? this.attestation(roomSize) : undefined;
    const body = { epoch: 1, round: 1, roomSize, attestation, path };
    return this.packet(link, parent, parent.factory.newSweep(body, 'response'));
  }

  /** A client that the root announced connects and says hello. Gives the link. */
  takeClient(
    client: Other,
    expectChanges: Partial<bodies.ExpectBody> = {},
    helloChanges: Partial<bodies.HelloBody> = {},
  ): LinkId {
    const ticket = newTicket();
    const expect: bodies.ExpectBody = {
      purpose: 'parent',
      client: client.id,
      ticket,
      placementVersion: this.core.view().attachEpoch,
      expiresInMs: 15_000,
      excess: 0,
      ...expectChanges,
    };
    this.fromRoot(root.factory.newExpect(expect));
    const signal = client.factory.newSignal({ to: this.me.id, ticket: expect.ticket, data: Uint8Array.of(1) });
    this.give({ kind: 'rootPacket', packet: client.verified(signal), attested: false });
    const opened = this.of('openLink').at(-1);
    if (opened?.remote !== client.id) throw new Error('no link was opened');
    this.give({ kind: 'linkUp', link: opened.link, binding });
    const role = expect.purpose === 'backup' ? 'backupOut' : 'parent';
    const hello = this.#helloBody({ ticket: expect.ticket, role, attachEpoch: 7, ...helloChanges });
    this.packet(opened.link, client, client.factory.newHello(hello, 'request'));
    return opened.link;
  }

  promote(link: LinkId, client: Other): this {
    return this.packet(link, client, client.factory.newHello(this.#helloBody({ attachEpoch: 8 }), 'promote'));
  }

  /** A ping that acknowledges everything. */
  ping(link: LinkId, from: Other, changes: Partial<bodies.PingBody> = {}): this {
    const body = {
      sentAt: this.nowMs,
      echo: 0,
      echoAgeMs: 0,
      received: 1e6,
      sent: 0,
      depth: 1,
      parent: noNode,
      edgesDigest: 0,
      ...changes,
    };
    return this.packet(link, from, from.factory.newPing(body));
  }

  /** `seq`s delivered from an origin, in order. */
  delivered(origin: Other): number[] {
    return this.of('deliver')
      .filter((output) => output.packet.senderId === origin.id)
      .map((output) => output.packet.header.seq);
  }

  refusal(link: LinkId): LinkReason | undefined {
    const packet = this.sent(link, 'hello').find((hello) => hello.action === 'refuse');
    return packet && bodies.refuseBody.decode(packet.body)?.reason;
  }

  closed(link: LinkId): LinkReason | undefined {
    return this.of('closeLink').find((output) => output.link === link)?.reason;
  }
}
