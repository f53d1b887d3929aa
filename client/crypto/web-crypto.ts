/** The primitives by Web Crypto: secure contexts of browsers, and Node. */
import { toHex } from '../../protocol/wire/bytes.ts';
import { isSoundPublicKey, isSoundSignature } from './keys.ts';
import { concat, plainBytes, utf8, type Cipher, type CryptoProvider, type SigningKey } from './provider.ts';
import { Recent } from '../../protocol/recent.ts';

/** Imported public keys that are kept: as many as a large room has senders. */
const keysKept = 1_024;

/** What stands before a 32-byte seed in PKCS #8 (RFC 8410). */
const seedPrefix = Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20);

function signingKey(publicKey: Uint8Array, privateKey: CryptoKey): SigningKey {
  return {
    publicKey,
    sign: async (data) => new Uint8Array(await crypto.subtle.sign('Ed25519', privateKey, plainBytes(data))),
  };
}

function decodeBase64Url(text: string): Uint8Array {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (symbol) => symbol.charCodeAt(0));
}

async function cipher(key: Uint8Array): Promise<Cipher> {
  const aes = await crypto.subtle.importKey('raw', plainBytes(key), 'AES-GCM', false, ['encrypt', 'decrypt']);
  const parameters = (iv: Uint8Array, aad: Uint8Array) => ({
    name: 'AES-GCM',
    iv: plainBytes(iv),
    additionalData: plainBytes(aad),
  });
  return {
    seal: async (iv, aad, data) =>
      new Uint8Array(await crypto.subtle.encrypt(parameters(iv, aad), aes, plainBytes(data))),
    open: async (iv, aad, data) => {
      try {
        return new Uint8Array(await crypto.subtle.decrypt(parameters(iv, aad), aes, plainBytes(data)));
      } catch {
        return undefined;
      }
    },
  };
}

/** Wants `crypto.subtle` with Ed25519: see choose.ts. */
export function webCrypto(): CryptoProvider {
  /** `undefined` for keys that are refused. */
  const keys = new Recent<Promise<CryptoKey | undefined>>(keysKept);
  const imported = async (publicKey: Uint8Array): Promise<CryptoKey | undefined> => {
    if (!isSoundPublicKey(publicKey)) return undefined;
    try {
      return await crypto.subtle.importKey('raw', Uint8Array.from(publicKey), 'Ed25519', false, ['verify']);
    } catch {
      return undefined;
    }
  };
  return {
    name: 'web-crypto',
    newKey: async () => {
      const pair = await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify']);
      const publicKey = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));
      return signingKey(publicKey, pair.privateKey);
    },
    keyFromSeed: async (seed) => {
      const key = await crypto.subtle.importKey('pkcs8', concat(seedPrefix, seed), 'Ed25519', true, ['sign']);
      const { x = '' } = await crypto.subtle.exportKey('jwk', key);
      return signingKey(decodeBase64Url(x), key);
    },
    verify: async (publicKey, signature, data) => {
      if (!isSoundSignature(signature)) return false;
      const key = await keys.getOr(toHex(publicKey), () => imported(publicKey));
      if (key === undefined) return false;
      try {
        return await crypto.subtle.verify('Ed25519', key, plainBytes(signature), plainBytes(data));
      } catch {
        return false;
      }
    },
    sha256: async (data) => new Uint8Array(await crypto.subtle.digest('SHA-256', plainBytes(data))),
    hkdf: async (secret, info, lengthBytes) => {
      const key = await crypto.subtle.importKey('raw', plainBytes(secret), 'HKDF', false, ['deriveBits']);
      const parameters = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0), info: utf8(info) };
      return new Uint8Array(await crypto.subtle.deriveBits(parameters, key, lengthBytes * 8));
    },
    cipher,
  };
}
