/** Keys for direct messages. Everybody who joins makes one, and few ever use theirs: so without hpke.ts, where that can be. */
import { coordinateOf, prime } from '../../protocol/wire/public-key.ts';

/** Bytes of a public key, of a secret key, and of what a sender hands over with the first message of a context. */
export const hpkeKeyBytes = 32;

/** The u coordinates of points whose order divides 8: with them everybody shares the same secret (RFC 7748, section 7). */
const smallOrderU: ReadonlySet<bigint> = new Set([
  0n,
  1n,
  prime - 1n,
  325606250916557431795983626356110631294008115727848805560023387167927233504n,
  39382357235489614581723060781553021112529911719440698176882885853963445705823n,
]);

export interface HpkeKey {
  readonly publicKey: Uint8Array;
  readonly secretKey: Uint8Array;
}

/** A fresh key pair, by Web Crypto where it has X25519. */
export async function newSessionKey(): Promise<HpkeKey> {
  try {
    const pair = await crypto.subtle.generateKey('X25519', true, ['deriveBits']);
    const publicKey = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));
    // PKCS #8 ends with the bytes of the key (RFC 8410).
    const secretKey = new Uint8Array(await crypto.subtle.exportKey('pkcs8', pair.privateKey)).slice(-hpkeKeyBytes);
    return { publicKey, secretKey };
  } catch {
    // No Web Crypto, as over plain http on a LAN, or one without X25519.
    return (await import('./hpke.ts')).newHpkeKey();
  }
}

/** Whether something can be sealed to this key: 32 bytes, not of small order in any of its encodings (rule S8). */
export function isSoundHpkeKey(publicKey: Uint8Array): boolean {
  return publicKey.length === hpkeKeyBytes && !smallOrderU.has(coordinateOf(publicKey) % prime);
}
