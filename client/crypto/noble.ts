/** The primitives without Web Crypto: plain http on a LAN, and browsers without Ed25519. Slower, and loaded only then. */
import { gcm } from '@noble/ciphers/aes.js';
import { ed25519 } from '@noble/curves/ed25519.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { sameBytes, toHex } from '../../protocol/wire/bytes.ts';
import { isSoundPublicKey, isSoundSignature } from './keys.ts';
import { concat, utf8, type CryptoProvider, type SigningKey } from './provider.ts';
import { Recent } from '../../protocol/recent.ts';

const { Point } = ed25519;

function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] ?? 0);
  return value;
}

type PublicPoint = InstanceType<typeof Point>;

/** Decoded public keys that are kept; decoding one is a square root, a fifth of a verification. */
const points = new Recent<PublicPoint>(1_024);

function decoded(publicKey: Uint8Array): PublicPoint | undefined {
  if (!isSoundPublicKey(publicKey)) return undefined;
  try {
    return points.getOr(toHex(publicKey), () => Point.fromBytes(publicKey));
  } catch {
    return undefined;
  }
}

/**
 * Cofactorless: the encoding of [S]B - [k]A must be R itself. The library's own `verify` multiplies by the cofactor and
 * takes signatures that Web Crypto refuses (rule S1).
 */
function verify(publicKey: Uint8Array, signature: Uint8Array, data: Uint8Array): boolean {
  if (!isSoundSignature(signature)) return false;
  const a = decoded(publicKey);
  if (a === undefined) return false;
  const r = signature.subarray(0, 32);
  const s = littleEndian(signature.subarray(32));
  const k = littleEndian(sha512(concat(r, publicKey, data))) % Point.Fn.ORDER;
  const sB = s === 0n ? Point.ZERO : Point.BASE.multiplyUnsafe(s);
  const kA = k === 0n ? Point.ZERO : a.multiplyUnsafe(k);
  return sameBytes(sB.subtract(kA).toBytes(), r);
}

function signingKey(seed: Uint8Array): SigningKey {
  return {
    publicKey: ed25519.getPublicKey(seed),
    sign: (data) => Promise.resolve(ed25519.sign(data, seed)),
  };
}

export function nobleCrypto(): CryptoProvider {
  return {
    name: 'noble',
    newKey: () => Promise.resolve(signingKey(crypto.getRandomValues(new Uint8Array(32)))),
    keyFromSeed: (seed) => Promise.resolve(signingKey(seed)),
    verify: (publicKey, signature, data) => Promise.resolve(verify(publicKey, signature, data)),
    sha256: (data) => Promise.resolve(sha256(data)),
    hkdf: (secret, info, lengthBytes) => Promise.resolve(hkdf(sha256, secret, undefined, utf8(info), lengthBytes)),
    cipher: (key) =>
      Promise.resolve({
        seal: (iv, aad, data) => Promise.resolve(gcm(key, iv, aad).encrypt(data)),
        open: (iv, aad, data) => {
          try {
            return Promise.resolve(gcm(key, iv, aad).decrypt(data));
          } catch {
            return Promise.resolve(undefined);
          }
        },
      }),
  };
}
