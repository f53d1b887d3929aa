/** The packet: seven parts, the table of its types, and its one binary form (rules W1 to W8). */
import type { DecodeErrorCode } from '../errors.ts';
import { packetBytesMax } from '../limits.ts';
import { noDigest, type Node, type NodeId, type PacketDigest, type SessionId } from '../types.ts';
import { ByteReader, ByteWriter, toHex, writeHex } from './bytes.ts';

/** Version of the packet format. A packet of another version is counted and ignored (rule W4). */
export const packetVersion = 1;

/** What a packet asks or says. The index is the number on the wire; new ones go at the end. */
export const actions = [
  'none',
  'request',
  'response',
  'push',
  'pull',
  'leave',
  'confirm',
  'refuse',
  'move',
  'expect',
  'promote',
  'update',
] as const;
export type Action = (typeof actions)[number];

/** Order in which a link sends what waits: lower first. */
export type Priority = 0 | 1 | 2;

interface TypeRow {
  readonly code: number;
  /** Whether an Ed25519 signature stands in the validator. The others never leave the one link they were sent on. */
  readonly signed: boolean;
  /** Between whom it may travel. `room` packets are forwarded along the tree, with the bytes they were received with; `all` ones go to the root, too. */
  readonly scope: 'root' | 'link' | 'both' | 'room' | 'all';
  readonly priority: Priority;
}

/** The table of packet types: everything that decides by type looks here. */
export const packetTypes = {
  registration: { code: 1, signed: true, scope: 'root', priority: 0 },
  advertise: { code: 2, signed: false, scope: 'root', priority: 0 },
  reunion: { code: 3, signed: false, scope: 'both', priority: 0 },
  signal: { code: 4, signed: true, scope: 'root', priority: 0 },
  leave: { code: 5, signed: false, scope: 'both', priority: 0 },
  error: { code: 6, signed: false, scope: 'root', priority: 0 },
  hello: { code: 16, signed: true, scope: 'link', priority: 0 },
  ping: { code: 17, signed: false, scope: 'link', priority: 0 },
  frontier: { code: 18, signed: false, scope: 'link', priority: 0 },
  healing: { code: 19, signed: false, scope: 'link', priority: 0 },
  edges: { code: 20, signed: false, scope: 'link', priority: 0 },
  want: { code: 21, signed: false, scope: 'link', priority: 0 },
  progress: { code: 22, signed: false, scope: 'link', priority: 0 },
  receipts: { code: 23, signed: false, scope: 'link', priority: 0 },
  audit: { code: 24, signed: false, scope: 'link', priority: 0 },
  fork: { code: 25, signed: false, scope: 'link', priority: 0 },
  presence: { code: 32, signed: true, scope: 'room', priority: 0 },
  message: { code: 33, signed: true, scope: 'room', priority: 1 },
  chunk: { code: 34, signed: true, scope: 'room', priority: 2 },
  typing: { code: 35, signed: true, scope: 'room', priority: 0 },
  order: { code: 36, signed: true, scope: 'all', priority: 0 },
} as const satisfies Record<string, TypeRow>;

export type PacketType = keyof typeof packetTypes;

/** Types that a peer may send to the root. Anything else does not type-check there: no message reaches a server. */
export type RootBoundType = 'registration' | 'advertise' | 'reunion' | 'signal' | 'leave' | 'order';

const typeByCode = new Map<number, PacketType>(
  (Object.keys(packetTypes) as PacketType[]).map((type) => [packetTypes[type].code, type]),
);

/** Flag: the body is encrypted for the room. */
export const flagEncrypted = 1;
/** All flags this version knows. A packet with another one is ignored. */
const flagsKnown = flagEncrypted;

/** First of the seven parts. */
export interface Header<T extends PacketType = PacketType> {
  readonly version: typeof packetVersion;
  readonly type: T;
  readonly flags: number;
  readonly session: SessionId;
  /** Position in the sender's stream: 1, 2, 3 ... for messages, the version for presence and orders, 0 elsewhere. */
  readonly seq: number;
  /** The sender's clock, ms since 1970. Shown, never used to decide. */
  readonly timeMs: number;
}

/**
 * A packet: `header`, `node`, `sender`, `validator`, `action`, `body`, `plainText`.
 * `node` and `hops` change at every hop and stand outside the signature; the rest is signed as received.
 */
export interface Packet<T extends PacketType = PacketType> {
  readonly header: Header<T>;
  /** Next or last hop. */
  readonly node: Node;
  /** Edges the packet has crossed when it arrives. */
  readonly hops: number;
  /** Public key of the origin, 32 bytes. */
  readonly sender: Uint8Array;
  /** Ed25519 signature, 64 bytes; empty before sealing and for types that are not signed. */
  readonly validator: Uint8Array;
  readonly action: Action;
  readonly body: Uint8Array;
  /** Of a message: the digest of the packet before it in its stream (rule K1). Filled in by whoever seals it. */
  readonly prev?: PacketDigest;
  /** Of a message that was sealed or verified: its own digest. Never on the wire. */
  readonly digest?: PacketDigest;
  /** The decrypted body of a message. Never on the wire. */
  readonly plainText?: Uint8Array;
  /** The bytes as received or sealed. Forwarding copies them and rewrites the hop at their end (rule W7). */
  readonly bytes?: Uint8Array;
}

/** Bytes of a signature that stand for its packet: the low half of its second number, of which everything signed decides every bit. */
const digestAt = 32;

/**
 * What the next message of a stream names this one by, given its validator (rule K1). The signature was made over the whole packet, so
 * no second hash is needed.
 */
export function digestOf(validator: Uint8Array): PacketDigest {
  return toHex(validator.subarray(digestAt, digestAt + prevBytes)) as PacketDigest;
}

/** A packet whose validator was checked, with the id its sender's key hashes to. */
export type VerifiedPacket<T extends PacketType = PacketType> = Packet<T> & { readonly senderId: NodeId };

/** Whether a packet is of a type. */
export function isType<T extends PacketType>(packet: VerifiedPacket, type: T): packet is VerifiedPacket<T> {
  return packet.header.type === type;
}

/** What may be sent to the root. */
export type RootBoundPacket = { [T in RootBoundType]: Packet<T> }[RootBoundType];

const headerBytes = 4 + 32 + 8 + 4 + 6 + 2;
const prevBytes = 16;
const validatorBytes = 64;
const noValidator = new Uint8Array(validatorBytes);
/** Bytes of the hop at a packet's end: node id and hop count. */
export const hopBytes = 17;

/** Bytes before the body: a message's header is longer by the digest of its predecessor. */
function bytesBeforeBody(type: PacketType): number {
  return type === 'message' ? headerBytes + prevBytes : headerBytes;
}

/** Size of a packet on the wire, in bytes, sealed or not. */
export function packetSize(packet: Packet): number {
  if (packet.bytes) return packet.bytes.length;
  const signature = packetTypes[packet.header.type].signed ? validatorBytes : 0;
  return bytesBeforeBody(packet.header.type) + packet.body.length + signature + hopBytes;
}

/** The packet as `self` passes it on: its bytes stay, the hop changes (rule W7). */
export function passOn<P extends Packet>(packet: P, self: NodeId): P {
  return { ...packet, node: { id: self }, hops: Math.min(255, packet.hops + 1) };
}

/** The bytes that the validator signs: all of the packet before it. */
export function encodeSignedRegion(packet: Packet): Uint8Array {
  return writeSignedRegion(new ByteWriter(), packet).finish();
}

function writeSignedRegion(writer: ByteWriter, packet: Packet): ByteWriter {
  const { header } = packet;
  writer
    .u8(packetVersion)
    .u8(packetTypes[header.type].code)
    .u8(actions.indexOf(packet.action))
    .u8(header.flags)
    .raw(packet.sender)
    .id(header.session)
    .u32(header.seq)
    .u48(header.timeMs);
  if (header.type === 'message') writer.id(packet.prev ?? noDigest);
  return writer.u16(packet.body.length).raw(packet.body);
}

/** The header part of the signed region: what encryption binds as additional data (rule S3). */
export function encodeHeader(packet: Packet): Uint8Array {
  return encodeSignedRegion({ ...packet, body: new Uint8Array(0) }).subarray(
    0,
    bytesBeforeBody(packet.header.type) - 2,
  );
}

/** The signed region in a packet's received bytes, a view. */
export function signedRegionOf(packet: Packet, bytes: Uint8Array): Uint8Array {
  return bytes.subarray(0, bytesBeforeBody(packet.header.type) + packet.body.length);
}

/**
 * Lays a packet out once, for signing and for sending: `signed` is domain and signed region, `validator` is to be filled in. All are views
 * of one buffer, as are the parts of the packet.
 */
export function layOut(domain: Uint8Array, packet: Packet): { readonly signed: Uint8Array; readonly packet: Packet } {
  const whole = writePacket(new ByteWriter().raw(domain), packet).finish();
  const bodyAt = domain.length + bytesBeforeBody(packet.header.type);
  const signedEnd = bodyAt + packet.body.length;
  const body = whole.subarray(bodyAt, signedEnd);
  const validator = whole.subarray(signedEnd, signedEnd + validatorBytes);
  return {
    signed: whole.subarray(0, signedEnd),
    packet: { ...packet, body, validator, bytes: whole.subarray(domain.length) },
  };
}

/** The whole packet as bytes. */
export function encodePacket(packet: Packet): Uint8Array {
  const whole = new Uint8Array(packetSize(packet));
  putPacket(packet, whole, 0);
  return whole;
}

/**
 * Writes the whole packet, of `packetSize` bytes, at a place of a larger buffer. Sealed or received packets keep their bytes; only the
 * hop at their end is rewritten.
 */
export function putPacket(packet: Packet, target: Uint8Array, at: number): void {
  const bytes = packet.bytes ?? writePacket(new ByteWriter(), packet).finish();
  const hopAt = at + bytes.length - hopBytes;
  target.set(bytes, at);
  writeHex(packet.node.id, target, hopAt);
  target[hopAt + 16] = packet.hops;
}

function writePacket(writer: ByteWriter, packet: Packet): ByteWriter {
  // The root signs nothing: its registration packets have a validator of zeros.
  const isSigned = packetTypes[packet.header.type].signed;
  const validator = isSigned && packet.validator.length === 0 ? noValidator : packet.validator;
  return writeSignedRegion(writer, packet).raw(validator).id(packet.node.id).u8(packet.hops);
}

export type DecodeResult =
  { readonly ok: true; readonly packet: Packet } | { readonly ok: false; readonly error: DecodeErrorCode };

function refuse(error: DecodeErrorCode): DecodeResult {
  return { ok: false, error };
}

/** Total decoder: any bytes give a packet or a reason. The parts are views into `bytes`, which must not change after. */
export function decodePacket(bytes: Uint8Array): DecodeResult {
  if (bytes.length < headerBytes + hopBytes) return refuse('short');
  if (bytes.length > packetBytesMax) return refuse('length');
  const reader = new ByteReader(bytes);
  if (reader.u8() !== packetVersion) return refuse('version');
  const type = typeByCode.get(reader.u8());
  if (type === undefined) return refuse('type');
  const action = actions[reader.u8()];
  if (action === undefined) return refuse('action');
  const flags = reader.u8();
  if ((flags & ~flagsKnown) !== 0) return refuse('flags');
  const sender = reader.raw(32);
  const session = reader.id(8) as SessionId;
  const seq = reader.u32();
  const timeMs = reader.u48();
  if (bytes.length < bytesBeforeBody(type) + hopBytes) return refuse('short');
  const prev = type === 'message' ? (reader.id(prevBytes) as PacketDigest) : undefined;
  const bodyLength = reader.u16();
  const signatureLength = packetTypes[type].signed ? validatorBytes : 0;
  const expected = bytesBeforeBody(type) + bodyLength + signatureLength + hopBytes;
  if (bytes.length < expected) return refuse('short');
  if (bytes.length > expected) return refuse('trailing');
  const body = reader.raw(bodyLength);
  const validator = reader.raw(signatureLength);
  const node = { id: reader.id(16) as NodeId };
  const hops = reader.u8();
  return {
    ok: true,
    packet: {
      header: { version: packetVersion, type, flags, session, seq, timeMs },
      node,
      hops,
      sender,
      validator,
      action,
      body,
      ...(prev !== undefined && { prev }),
      bytes,
    },
  };
}
