/**
 * Makes packets that leave and checks packets that come: encryption for the room and for one, signatures, ids (rules S2, S3, S7,
 * R3, R10). The core's two crypto ports in one object, because both need the same keys.
 */
import { Recent } from '../protocol/recent.ts';
import type { Signer, Verifier } from '../protocol/ports.ts';
import { noDigest, noNode, type NodeId, type PacketDigest } from '../protocol/types.ts';
import { chunkPrefixBytes, regReqBody, signalBody } from '../protocol/wire/bodies.ts';
import { ByteWriter, toHex } from '../protocol/wire/bytes.ts';
import {
  digestOf,
  encodeHeader,
  encodePacket,
  layOut,
  packetTypes,
  signedRegionOf,
  type Packet,
  type VerifiedPacket,
} from '../protocol/wire/packet.ts';
import { concat, utf8, type CryptoProvider, type SigningKey } from './crypto/provider.ts';
import { findWork } from './crypto/work.ts';
import { DirectMessages } from './direct.ts';
import type { RoomKeys } from './room-link.ts';
import { safetyTag } from './safety-tag.ts';

const domain = utf8('banyan-1');
const admissionDomain = utf8('banyan-admission-1');
const ivBytes = 12;
/** Ids of senders that are kept. */
const idsKept = 4_096;

/** Bytes of the body that stay readable in front of what is encrypted. */
function clearBytes(packet: Packet): number {
  return packet.header.type === 'chunk' ? chunkPrefixBytes : 0;
}

/** One for each packet under one stream's key: type, file and seq. */
function ivOf(packet: Packet): Uint8Array {
  const file =
    packet.header.type === 'chunk' ? packet.body.subarray(0, chunkPrefixBytes) : new Uint8Array(chunkPrefixBytes);
  return new ByteWriter()
    .u8(packetTypes[packet.header.type].code)
    .raw(new Uint8Array(3))
    .raw(file)
    .u32(packet.header.seq)
    .finish();
}

export class Sealer implements Signer, Verifier {
  readonly id: NodeId;
  readonly publicKey: Uint8Array;
  /** Keys of the members, and this peer's own, for what only one is to read. */
  readonly direct: DirectMessages;
  readonly #provider: CryptoProvider;
  readonly #key: SigningKey;
  readonly #room: RoomKeys;
  readonly #ids = new Recent<NodeId>(idsKept);
  /** Of the last message that was sealed: each names the one before it (rule K1). */
  #last: Promise<PacketDigest> = Promise.resolve(noDigest);

  private constructor(provider: CryptoProvider, key: SigningKey, room: RoomKeys, id: NodeId, direct: DirectMessages) {
    this.#provider = provider;
    this.#key = key;
    this.#room = room;
    this.direct = direct;
    this.publicKey = key.publicKey;
    this.id = id;
  }

  /** With fresh key pairs, or under the key that a seed stands for. */
  static async create(provider: CryptoProvider, room: RoomKeys, seed?: Uint8Array): Promise<Sealer> {
    const key = await (seed === undefined ? provider.newKey() : provider.keyFromSeed(seed));
    const hash = await provider.sha256(key.publicKey);
    const id = toHex(hash.subarray(0, 16)) as NodeId;
    const sealer = new Sealer(provider, key, room, id, await DirectMessages.create(room.room, id));
    sealer.#ids.set(toHex(key.publicKey), sealer.id);
    return sealer;
  }

  /** What this peer and another one compare: see safety-tag.ts. */
  safetyTag(other: NodeId): Promise<string> {
    return safetyTag(this.#provider, this.#room.room, this.id, other);
  }

  async seal(packet: Packet): Promise<Packet> {
    if (packet.header.type === 'message') return this.#sealMessage(packet);
    const ready = await this.#encrypt(packet);
    return packetTypes[packet.header.type].signed ? this.#sign(layOut(domain, ready)) : ready;
  }

  /** One after the other, for each names the one before it by its signature. */
  #sealMessage(packet: Packet): Promise<Packet> {
    const sealed = this.#last.then(async (prev) => {
      const signed = await this.#sign(layOut(domain, await this.#encrypt({ ...packet, prev })));
      return { ...signed, digest: digestOf(signed.validator) };
    });
    this.#last = sealed.then(({ digest }) => digest);
    return sealed;
  }

  async #sign({ signed, packet }: ReturnType<typeof layOut>): Promise<Packet> {
    packet.validator.set(await this.#key.sign(signed));
    return packet;
  }

  /**
   * A chunk that was opened before, made again from its plain text (in `body`) and its signature: encryption gives the same
   * bytes each time, so what is stored need not be stored twice. (What is sealed to one differs each time.)
   */
  async restore(packet: Packet, validator: Uint8Array): Promise<Packet> {
    const { bytes: _bytes, plainText: _plainText, ...rest } = packet;
    const signed = { ...(await this.#encrypt(rest)), validator };
    return { ...signed, bytes: encodePacket(signed) };
  }

  async #encrypt(packet: Packet): Promise<Packet> {
    switch (packet.header.type) {
      case 'message':
      case 'chunk': {
        const clear = clearBytes(packet);
        const text = packet.header.type === 'message' ? await this.direct.seal(packet) : packet.body;
        const cipher = await this.#room.stream(packet.sender, packet.header.session);
        const sealed = await cipher.seal(ivOf(packet), encodeHeader(packet), text.subarray(clear));
        return { ...packet, body: clear === 0 ? sealed : concat(text.subarray(0, clear), sealed) };
      }
      case 'registration': {
        const request = packet.action === 'request' ? regReqBody.decode(packet.body) : undefined;
        if (request === undefined) return packet;
        const proof = concat(admissionDomain, request.challenge, packet.sender);
        const admission = await this.#room.admission.sign(proof);
        const work = await findWork(request.challenge, packet.sender);
        const { owner, admission: roomSigner } = this.#room;
        const proven = { ...request, admission, work, roomKey: roomSigner.publicKey, owner };
        return { ...packet, body: regReqBody.encode(proven) };
      }
      case 'signal': {
        const signal = signalBody.decode(packet.body);
        if (signal === undefined) return packet;
        const iv = crypto.getRandomValues(new Uint8Array(ivBytes));
        const sealed = await this.#room.signals.seal(iv, utf8(`${signal.to} ${signal.ticket}`), signal.data);
        return { ...packet, body: signalBody.encode({ ...signal, data: concat(iv, sealed) }) };
      }
      default:
        return packet;
    }
  }

  verify(packet: Packet): Promise<VerifiedPacket | undefined> | VerifiedPacket | undefined {
    // The root's own packets name nobody and carry no signature; Peer takes them only from the root link.
    if (packet.sender.every((byte) => byte === 0)) return { ...packet, senderId: noNode };
    const id = this.#ids.get(toHex(packet.sender));
    if (id !== undefined && !packetTypes[packet.header.type].signed) return { ...packet, senderId: id };
    return this.#verify(packet, id);
  }

  verifyRoot(rootKey: Uint8Array, signature: Uint8Array, signed: Uint8Array): Promise<boolean> {
    return this.#provider.verify(rootKey, signature, signed);
  }

  /** The id of a sender; at once when it was seen before. */
  idOf(publicKey: Uint8Array): NodeId | Promise<NodeId> {
    if (publicKey.every((byte) => byte === 0)) return noNode;
    return this.#ids.get(toHex(publicKey)) ?? this.#hash(publicKey);
  }

  async #verify(packet: Packet, known: NodeId | undefined): Promise<VerifiedPacket | undefined> {
    const senderId = known ?? (await this.#hash(packet.sender));
    if (!packetTypes[packet.header.type].signed) return { ...packet, senderId };
    if (packet.bytes === undefined) return undefined;
    const region = concat(domain, signedRegionOf(packet, packet.bytes));
    if (!(await this.#provider.verify(packet.sender, packet.validator, region))) return undefined;
    const isMessage = packet.header.type === 'message';
    return this.#decrypt({ ...packet, senderId, ...(isMessage && { digest: digestOf(packet.validator) }) });
  }

  /** A message or chunk gets its `plainText`; a signal's body is given with its data in the clear. */
  async #decrypt(packet: VerifiedPacket): Promise<VerifiedPacket | undefined> {
    switch (packet.header.type) {
      case 'message':
      case 'chunk': {
        const cipher = await this.#room.stream(packet.sender, packet.header.session);
        const sealed = packet.body.subarray(clearBytes(packet));
        const text = await cipher.open(ivOf(packet), encodeHeader(packet), sealed);
        if (text === undefined) return undefined;
        const isMessage = packet.header.type === 'message';
        return { ...packet, plainText: isMessage ? await this.direct.open(packet, text) : text };
      }
      case 'presence':
        this.direct.learn(packet.senderId, packet.header.session, packet.body);
        return packet;
      case 'signal': {
        const signal = signalBody.decode(packet.body);
        if (signal === undefined) return undefined;
        const { to, ticket, data } = signal;
        const opened = await this.#room.signals.open(
          data.subarray(0, ivBytes),
          utf8(`${to} ${ticket}`),
          data.subarray(ivBytes),
        );
        return opened && { ...packet, body: signalBody.encode({ to, ticket, data: opened }) };
      }
      default:
        return packet;
    }
  }

  async #hash(publicKey: Uint8Array): Promise<NodeId> {
    const hash = await this.#provider.sha256(publicKey);
    const id = toHex(hash.subarray(0, 16)) as NodeId;
    this.#ids.set(toHex(publicKey), id);
    return id;
  }
}
