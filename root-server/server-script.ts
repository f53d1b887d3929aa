/** Drives a root server over real sockets: peers that sign with real keys. For tests only. */
import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { io, type Socket } from 'socket.io-client';
import type { RootErrorCode } from '../protocol/errors.ts';
import { noNode, type NodeId, type RoomId, type SessionId } from '../protocol/types.ts';
import * as bodies from '../protocol/wire/bodies.ts';
import { PacketFactory } from '../protocol/wire/packet-factory.ts';
import { decodePacket, encodePacket, encodeSignedRegion, packetTypes, type Packet } from '../protocol/wire/packet.ts';

interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: Uint8Array;
}

export function newKeys(): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return { privateKey, publicKey: Uint8Array.from(publicKey.export({ type: 'spki', format: 'der' }).subarray(-32)) };
}

/** A room: who has its keys may join. */
export interface TestRoom {
  readonly id: RoomId;
  readonly keys: KeyPair;
}

export function newRoom(): TestRoom {
  const keys = newKeys();
  return { id: Buffer.from(keys.publicKey).toString('hex') as RoomId, keys };
}

/** Waits for a view to be as wanted. */
export async function until(isTrue: () => boolean, what: string, withinMs = 10_000): Promise<void> {
  const endMs = Date.now() + withinMs;
  while (!isTrue()) {
    if (Date.now() > endMs) throw new Error(`in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export class SocketPeer {
  readonly keys: KeyPair;
  readonly id: NodeId;
  readonly factory: PacketFactory;
  readonly room: TestRoom;
  /** What the root sent, oldest first. */
  readonly inbox: Packet[] = [];
  socket: Socket;
  /** How many times the connection ended. */
  ends = 0;
  connectError: string | undefined;

  constructor(
    url: string,
    room: TestRoom,
    {
      keys = newKeys(),
      origin,
      headers = {},
    }: { keys?: KeyPair; origin?: string; headers?: Record<string, string> } = {},
  ) {
    this.keys = keys;
    this.room = room;
    this.id = createHash('sha256').update(keys.publicKey).digest('hex').slice(0, 32) as NodeId;
    this.factory = new PacketFactory({ publicKey: keys.publicKey, id: this.id });
    this.factory.session = '0000000000010000' as SessionId;
    this.socket = io(url, {
      path: '/banyan',
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
      extraHeaders: { ...headers, ...(origin === undefined ? {} : { origin }) },
    });
    this.socket.on('packet', (bytes: Uint8Array) => {
      const decoded = decodePacket(Uint8Array.from(bytes));
      if (decoded.ok) this.inbox.push(decoded.packet);
    });
    this.socket.on('disconnect', () => this.ends++);
    this.socket.on('connect_error', (error) => (this.connectError = error.message));
  }

  seal(packet: Packet): Packet {
    if (!packetTypes[packet.header.type].signed) return packet;
    const region = Buffer.concat([Buffer.from('banyan-1'), encodeSignedRegion(packet)]);
    return { ...packet, validator: Uint8Array.from(sign(null, region, this.keys.privateKey)) };
  }

  send(packet: Packet): this {
    this.socket.emit('packet', Buffer.from(encodePacket(this.seal(packet))));
    return this;
  }

  /** The first packet of this kind that came, once it has. */
  async got(type: Packet['header']['type'], action: Packet['action']): Promise<Packet> {
    const find = (): Packet | undefined => this.inbox.find((one) => one.header.type === type && one.action === action);
    await until(() => find() !== undefined, `${type}.${action}`);
    return find() as Packet;
  }

  async challenge(): Promise<Uint8Array> {
    const { body } = await this.got('registration', 'push');
    return bodies.challengeBody.decode(body)?.challenge ?? new Uint8Array(32);
  }

  async regReq(changes: Partial<bodies.RegReq> = {}): Promise<Packet> {
    const challenge = changes.challenge ?? (await this.challenge());
    const proof = Buffer.concat([Buffer.from('banyan-admission-1'), challenge, this.keys.publicKey]);
    return this.factory.newReg({
      room: this.room.id,
      challenge,
      origin: 'node',
      admission: Uint8Array.from(sign(null, proof, this.room.keys.privateKey)),
      clientsMax: 4,
      role: 'peer',
      hidden: false,
      head: false,
      parent: noNode,
      attachEpoch: 0,
      depth: 255,
      subtreeSize: 1,
      clients: [],
      roomKey: this.room.keys.publicKey,
      ...changes,
    });
  }

  async register(changes: Partial<bodies.RegReq> = {}): Promise<bodies.RegRes> {
    this.send(await this.regReq(changes));
    const { body } = await this.got('registration', 'response');
    return bodies.regResBody.decode(body) as bodies.RegRes;
  }

  /** Asks for a parent and gives the answer back. */
  async advertise(): Promise<bodies.AssignmentBody> {
    const before = this.assignments().length;
    this.send(this.factory.newAdv({ purpose: 'parent', complaint: noNode, reason: 'none', attachEpoch: 0 }));
    await until(() => this.assignments().length > before, 'an assignment');
    return this.assignments()[before] as bodies.AssignmentBody;
  }

  assignments(): bodies.AssignmentBody[] {
    return this.inbox
      .filter((one) => one.header.type === 'advertise' && one.action === 'response')
      .flatMap((one) => bodies.assignmentBody.decode(one.body) ?? []);
  }

  errors(): RootErrorCode[] {
    return this.inbox
      .filter((one) => one.header.type === 'error')
      .flatMap((one) => bodies.errorBody.decode(one.body)?.code ?? []);
  }

  close(): void {
    this.socket.disconnect();
  }
}
