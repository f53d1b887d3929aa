/**
 * What two people compare, by voice or side by side, to know that neither talks with somebody who only passes for the other. It
 * is made of both ids, and an id is 128 bits of its key's hash (rule W6): the same digits on both sides mean the same two keys,
 * and what is sealed to a member is sealed to a key that this key signed (rule S8).
 */
import type { NodeId, RoomId } from '../protocol/types.ts';
import { fromHex } from '../protocol/wire/bytes.ts';
import { concat, utf8, type CryptoProvider } from './crypto/provider.ts';

const domain = utf8('banyan-1 safety');
/**
 * Digits of one person's half: 66 bits. Halves are compared each for itself, so that somebody in the middle must find a key that
 * looks like a given one; two keys of their own choice that merely look alike, which is the square root of the work, help nobody.
 */
const groups = 4;
const groupBytes = 5;
const groupSize = 100_000;

async function half(provider: CryptoProvider, room: RoomId, id: NodeId): Promise<string> {
  const hash = await provider.sha256(concat(domain, fromHex(room), fromHex(id)));
  return Array.from({ length: groups }, (_, at) => {
    const bytes = hash.subarray(at * groupBytes, (at + 1) * groupBytes);
    const value = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
    return `${value % groupSize}`.padStart(5, '0');
  }).join(' ');
}

/** Eight groups of five digits, the same whichever of the two asks. */
export async function safetyTag(provider: CryptoProvider, room: RoomId, one: NodeId, other: NodeId): Promise<string> {
  const [low, high] = one < other ? [one, other] : [other, one];
  return (await Promise.all([half(provider, room, low), half(provider, room, high)])).join(' ');
}
