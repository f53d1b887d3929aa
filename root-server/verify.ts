/** The root's checks of a packet's signatures: the sender's key, and the room's admission key (rules R2, R3, R10, S1, W3, W6). */
import { createHash, webcrypto } from 'node:crypto';
import { roomIdInput } from '../protocol/room-id.ts';
import { noNode, type NodeId } from '../protocol/types.ts';
import { regReqBody, type RegReq } from '../protocol/wire/bodies.ts';
import { fromHex, sameBytes } from '../protocol/wire/bytes.ts';
import { isSoundPublicKey } from '../protocol/wire/public-key.ts';
import { signedRegionOf, type Packet, type VerifiedPacket } from '../protocol/wire/packet.ts';
import { leadingZeroBits, workPrefix } from '../protocol/work.ts';

const domain = Buffer.from('banyan-1');
const admissionDomain = Buffer.from('banyan-admission-1');

/** Whether an Ed25519 signature is right: cofactorless, and never under a key that is unsound (rule S1). Never rejects. */
export async function verifySignature(
  publicKey: Uint8Array,
  signature: Uint8Array,
  data: Uint8Array,
): Promise<boolean> {
  if (!isSoundPublicKey(publicKey)) return false;
  try {
    const key = await webcrypto.subtle.importKey('raw', publicKey, 'Ed25519', false, ['verify']);
    return await webcrypto.subtle.verify('Ed25519', key, signature, data);
  } catch {
    return false;
  }
}

export function nodeIdOf(publicKey: Uint8Array): NodeId {
  return createHash('sha256').update(publicKey).digest('hex').slice(0, 32) as NodeId;
}

export interface Verdict {
  readonly packet: VerifiedPacket;
  readonly admitted: boolean;
  /** Work done for the challenge that a registration names, in bits; 0 for other packets. */
  readonly workBits: number;
}

/** Whether a room's id is the one of its admission key and owner: nobody can claim another owner (rule O1). */
function isRoomOf({ room, roomKey = new Uint8Array(32), owner = noNode }: RegReq): boolean {
  if (owner === noNode) return sameBytes(fromHex(room), roomKey);
  return createHash('sha256').update(roomIdInput(roomKey, owner)).digest('hex') === room;
}

/** Whether a packet is what it says, and nothing more. */
function plain(packet: VerifiedPacket): Verdict {
  return { packet, admitted: false, workBits: 0 };
}

/**
 * A packet with its sender's id, or `undefined` when its signature is wrong. Signals are checked by the peer they are for;
 * the root only relays their bytes.
 */
export async function verifyForRoot(packet: Packet): Promise<Verdict | undefined> {
  const verified = { ...packet, senderId: nodeIdOf(packet.sender) };
  // Orders come from whoever has them: their owner's signature is all there is to go by.
  if (packet.header.type !== 'registration' && packet.header.type !== 'order') return plain(verified);
  if (packet.bytes === undefined) return undefined;
  const region = Buffer.concat([domain, signedRegionOf(packet, packet.bytes)]);
  if (!(await verifySignature(packet.sender, packet.validator, region))) return undefined;
  const body = packet.action === 'request' ? regReqBody.decode(packet.body) : undefined;
  if (body?.work === undefined || body.roomKey === undefined) return plain(verified);
  const proof = Buffer.concat([admissionDomain, body.challenge, packet.sender]);
  const work = createHash('sha256').update(workPrefix(body.challenge, packet.sender)).update(body.work).digest();
  return {
    packet: verified,
    admitted: isRoomOf(body) && (await verifySignature(body.roomKey, body.admission, proof)),
    workBits: leadingZeroBits(work),
  };
}
