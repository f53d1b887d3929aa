/**
 * The work that a root asks for when too many come at once (rule R10): which bytes are hashed, and how the result is read.
 * The hash itself is the shells': a peer looks for `work`, the root hashes once.
 */
import { workBitsMax } from './limits.ts';
import { ByteWriter } from './wire/bytes.ts';

/** Bytes of a challenge: 31 random ones and the bits of work it asks for. */
export const challengeBytes = 32;

/** `banyan-work-1`. */
const domain = Uint8Array.from([0x62, 0x61, 0x6e, 0x79, 0x61, 0x6e, 0x2d, 0x77, 0x6f, 0x72, 0x6b, 0x2d, 0x31]);

/** Bits of work that a challenge asks for, 0 to 255. */
export function workBitsAsked(challenge: Uint8Array): number {
  return challenge[challengeBytes - 1] ?? 0;
}

/** Whether a peer does what a challenge asks: a root may not keep it busy for longer than a moment. */
export function isWorkFair(challenge: Uint8Array): boolean {
  return workBitsAsked(challenge) <= workBitsMax;
}

/** What stands before `work` in the bytes that are hashed. Each challenge and each key needs work of its own. */
export function workPrefix(challenge: Uint8Array, sender: Uint8Array): Uint8Array {
  return new ByteWriter().raw(domain).raw(challenge).raw(sender).finish();
}

/** Zero bits at the start of a hash: the work that was done. */
export function leadingZeroBits(hash: Uint8Array): number {
  let bits = 0;
  for (const byte of hash) {
    bits += byte === 0 ? 8 : Math.clz32(byte) - 24;
    if (byte !== 0) break;
  }
  return bits;
}
