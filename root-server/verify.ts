/** The root's checks of a packet's signatures: the sender's key, and the room's admission key (rules R2, R3, S1, W3, W6). */
import { createHash, webcrypto } from 'node:crypto';
import type { NodeId } from '../protocol/types.ts';
import { regReqBody } from '../protocol/wire/bodies.ts';
import { fromHex } from '../protocol/wire/bytes.ts';
import { packetTypes, signedRegionOf, type Packet, type VerifiedPacket } from '../protocol/wire/packet.ts';

const domain = Buffer.from('banyan-1');
const admissionDomain = Buffer.from('banyan-admission-1');

/** The field's prime, 2^255 - 19. */
const prime = (1n << 255n) - 19n;

/** The y coordinates of the eight points of small order; for each both signs of x are refused. */
const smallOrderY = new Set([
  0n,
  1n,
  prime - 1n,
  55188659117513257062467267217118295137698188065244968500265048394206261417927n,
  2707385501144840649318225287225658788936804267575313519463743609750303402022n,
]);

/** Whether a public key is canonical and of large order. Verifiers disagree about the others (rule S1). */
export function isSoundKey(publicKey: Uint8Array): boolean {
  let y = 0n;
  for (let i = 31; i >= 0; i--) y = (y << 8n) | BigInt(publicKey[i] ?? 0);
  y &= (1n << 255n) - 1n;
  return publicKey.length === 32 && y < prime && !smallOrderY.has(y);
}

async function verifySignature(publicKey: Uint8Array, signature: Uint8Array, data: Uint8Array): Promise<boolean> {
  if (!isSoundKey(publicKey)) return false;
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
}

/**
 * A packet with its sender's id, or `undefined` when its signature is wrong. Signals are checked by the peer they are for;
 * the root only relays their bytes.
 */
export async function verifyForRoot(packet: Packet): Promise<Verdict | undefined> {
  const verified = { ...packet, senderId: nodeIdOf(packet.sender) };
  if (packet.header.type !== 'registration') return { packet: verified, admitted: false };
  if (!packetTypes.registration.signed || packet.bytes === undefined) return undefined;
  const region = Buffer.concat([domain, signedRegionOf(packet, packet.bytes)]);
  if (!(await verifySignature(packet.sender, packet.validator, region))) return undefined;
  const body = packet.action === 'request' ? regReqBody.decode(packet.body) : undefined;
  if (body === undefined) return { packet: verified, admitted: false };
  const proof = Buffer.concat([admissionDomain, body.challenge, packet.sender]);
  return { packet: verified, admitted: await verifySignature(fromHex(body.room), body.admission, proof) };
}
