/**
 * Which Ed25519 signatures are looked at: the encodings about which verifiers disagree are refused before any of them is
 * asked (rule S1). Works on bytes, because it runs for every packet. Public keys: protocol/wire/public-key.ts.
 */
export { isSoundPublicKey } from '../../protocol/wire/public-key.ts';

/** The order of the base point, 2^252 + 27742317777372353535851937790883648493, little-endian as on the wire. */
const order = Uint8Array.of(
  0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
); // prettier-ignore

function isBelow(bytes: Uint8Array, limit: Uint8Array): boolean {
  for (let i = limit.length - 1; i >= 0; i--) {
    const [a = 0, b = 0] = [bytes[i], limit[i]];
    if (a !== b) return a < b;
  }
  return false;
}

/** Whether all bytes from the second up to the last but one are `value`. */
function isFilled(point: Uint8Array, value: number): boolean {
  for (let i = 1; i < 31; i++) if (point[i] !== value) return false;
  return true;
}

/** Whether 32 bytes are the one encoding of their point: y below 2^255 - 19, and no sign where x is 0. */
export function isCanonicalPoint(point: Uint8Array): boolean {
  const [low = 0, high = 0] = [point[0], point[31]];
  if ((high & 0x7f) === 0x7f && isFilled(point, 0xff)) return low < 0xed && !(low === 0xec && high === 0xff);
  return !(high === 0x80 && low === 1 && isFilled(point, 0));
}

/** Whether a signature is 64 bytes, its R canonical and its S below the order of the base point. */
export function isSoundSignature(signature: Uint8Array): boolean {
  return (
    signature.length === 64 && isBelow(signature.subarray(32), order) && isCanonicalPoint(signature.subarray(0, 32))
  );
}
