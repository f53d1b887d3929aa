/**
 * HPKE as RFC 9180 has it, in base mode, with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and ChaCha20-Poly1305 (rule S7). Written
 * over @noble, because the libraries for it want `crypto.subtle`, which a page over plain http on a LAN does not have. Loaded
 * some time after joining: nobody needs it to join. The cipher of files for one is here because it is made of the same.
 */
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { pow } from '@noble/curves/abstract/modular.js';
import { montgomery } from '@noble/curves/abstract/montgomery.js';
import { expand, extract } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import type { HpkeKey } from './hpke-key.ts';
import { concat, utf8, type Bytes } from './provider.ts';

/** Bytes that sealing adds to a text. */
export const hpkeTagBytes = 16;
const nonceBytes = 12;

/**
 * X25519 (RFC 7748) by its own ladder. What @noble/curves/ed25519 exports brings the Edwards curve and its tables along, which cost
 * everybody who joins 60 ms of a slow processor, and 60 more for the first key.
 */
const prime = 2n ** 255n - 19n;
const x25519 = montgomery({
  P: prime,
  type: 'x25519',
  powPminus2: (x) => pow(x, prime - 2n, prime),
  adjustScalarBytes: (given: Uint8Array) => {
    const scalar = Uint8Array.from(given);
    scalar[0] = (given[0] ?? 0) & 248;
    scalar[31] = ((given[31] ?? 0) & 127) | 64;
    return scalar;
  },
});

const version = utf8('HPKE-v1');
/** The suites' names in labels: KEM 0x0020; and KEM 0x0020, KDF 0x0001, AEAD 0x0003. */
const kemSuite = concat(utf8('KEM'), Uint8Array.of(0, 0x20));
const suite = concat(utf8('HPKE'), Uint8Array.of(0, 0x20, 0, 1, 0, 3));
const baseMode = 0;
const nothing = new Uint8Array(0);

/** What both ends derive. A context is good for a few messages, each under a number of its own, counted from 0. */
export interface HpkeContext {
  seal(number: number, aad: Uint8Array, text: Uint8Array): Uint8Array;
  /** `undefined` for anything but what was sealed under that number with that additional data. */
  open(number: number, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined;
}

function labeledExtract(name: Uint8Array, salt: Uint8Array, label: string, material: Uint8Array): Uint8Array {
  return extract(sha256, concat(version, name, utf8(label), material), salt);
}

function labeledExpand(name: Uint8Array, key: Uint8Array, label: string, info: Uint8Array, lengthBytes: number): Bytes {
  const labeled = concat(Uint8Array.of(lengthBytes >> 8, lengthBytes & 255), version, name, utf8(label), info);
  return Uint8Array.from(expand(sha256, key, labeled, lengthBytes));
}

/** A fresh key pair, at once: some milliseconds, 16 for the first. */
export function newHpkeKey(): HpkeKey {
  return x25519.keygen();
}

/** The secret both ends share; `undefined` for keys of small order, which give everybody the same. */
function sharedSecret(own: Uint8Array, other: Uint8Array, enc: Uint8Array, receiver: Uint8Array): Bytes | undefined {
  let dh: Uint8Array;
  try {
    dh = x25519.getSharedSecret(own, other);
  } catch {
    return undefined;
  }
  const key = labeledExtract(kemSuite, nothing, 'eae_prk', dh);
  return labeledExpand(kemSuite, key, 'shared_secret', concat(enc, receiver), 32);
}

function contextOf(shared: Uint8Array, info: Uint8Array): HpkeContext {
  const noPskId = labeledExtract(suite, nothing, 'psk_id_hash', nothing);
  const infoHash = labeledExtract(suite, nothing, 'info_hash', info);
  const schedule = concat(Uint8Array.of(baseMode), noPskId, infoHash);
  const secret = labeledExtract(suite, shared, 'secret', nothing);
  const key = labeledExpand(suite, secret, 'key', schedule, 32);
  return contextUnder(key, labeledExpand(suite, secret, 'base_nonce', schedule, nonceBytes));
}

function contextUnder(key: Uint8Array, base: Uint8Array): HpkeContext {
  const nonceOf = (number: number): Uint8Array => {
    const nonce = Uint8Array.from(base);
    const view = new DataView(nonce.buffer);
    view.setUint32(nonceBytes - 4, view.getUint32(nonceBytes - 4) ^ number);
    return nonce;
  };
  return {
    seal: (number, aad, text) => chacha20poly1305(key, nonceOf(number), aad).encrypt(text),
    open: (number, aad, sealed) => {
      try {
        return chacha20poly1305(key, nonceOf(number), aad).decrypt(sealed);
      } catch {
        return undefined;
      }
    },
  };
}

/**
 * A context for sealing to a key, and `enc`, which the receiver needs. `undefined` for a key that is not sound. `ephemeral` is
 * for test vectors; it must never be used twice.
 */
export function sealTo(
  receiver: Uint8Array,
  info: Uint8Array,
  ephemeral: HpkeKey = newHpkeKey(),
): { readonly enc: Uint8Array; readonly context: HpkeContext } | undefined {
  const enc = ephemeral.publicKey;
  const shared = sharedSecret(ephemeral.secretKey, receiver, enc, receiver);
  return shared && { enc, context: contextOf(shared, info) };
}

/** The receiver's end of it; `undefined` for an `enc` that is no sound key. */
export function openWith(key: HpkeKey, enc: Uint8Array, info: Uint8Array): HpkeContext | undefined {
  const shared = sharedSecret(key.secretKey, enc, enc, key.publicKey);
  return shared && contextOf(shared, info);
}

/** Seals the chunks of one file, each under its number (rule F7): the same bytes each time, so that one can be made again. */
export interface FileCipher {
  seal(index: number, data: Uint8Array): Uint8Array;
  /** `undefined` for anything but what was sealed under that number. */
  open(index: number, sealed: Uint8Array): Uint8Array | undefined;
}

/** ChaCha20-Poly1305 under a key of 32 bytes that is used for one file only. */
export function fileCipher(key: Uint8Array): FileCipher {
  const context = contextUnder(key, new Uint8Array(nonceBytes));
  return {
    seal: (index, data) => context.seal(index, nothing, data),
    open: (index, sealed) => context.open(index, nothing, sealed),
  };
}
