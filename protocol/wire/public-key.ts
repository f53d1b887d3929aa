/** Which Ed25519 public keys are taken at all (rule S1). Pure, so that root and peers decide alike. */

/** The field's prime, 2^255 - 19. */
export const prime = (1n << 255n) - 19n;

/** The y coordinates of the eight points of small order; for each both signs of x are refused. */
const smallOrderY: ReadonlySet<bigint> = new Set([
  0n,
  1n,
  prime - 1n,
  55188659117513257062467267217118295137698188065244968500265048394206261417927n,
  2707385501144840649318225287225658788936804267575313519463743609750303402022n,
]);

/** The coordinate that 32 bytes state: little-endian, without the topmost bit, which is something else's. */
export function coordinateOf(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let i = 31; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] ?? 0);
  return value & ((1n << 255n) - 1n);
}

/**
 * Whether a public key is 32 bytes, canonical and not of small order. Verifiers disagree about the others, and a message
 * that one peer delivers and the next refuses would split the room.
 */
export function isSoundPublicKey(publicKey: Uint8Array): boolean {
  if (publicKey.length !== 32) return false;
  const y = coordinateOf(publicKey);
  return y < prime && !smallOrderY.has(y);
}
