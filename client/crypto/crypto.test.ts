import { ed25519 } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../protocol/wire/bytes.ts';
import { cryptoProvider, isFit } from './choose.ts';
import { isCanonicalPoint, isSoundPublicKey, isSoundSignature } from './keys.ts';
import { nobleCrypto } from './noble.ts';
import { concat, utf8, type CryptoProvider } from './provider.ts';
import { Recent } from '../../protocol/recent.ts';
import { littleEndian, smallOrder, smallSignature } from './vectors.ts';
import { webCrypto } from './web-crypto.ts';

const providers = [webCrypto(), nobleCrypto()];
const pairs = providers.flatMap((a) => providers.map((b) => [a.name, b.name, a, b] as const));
const { Point } = ed25519;
const order = Point.Fn.ORDER;

const torsion = {
  publicKey: fromHex('df3276d04dbe616b9dce1c8d8faeb3adc3a479545f01cee0c31e28426c734e53'),
  data: utf8('split'),
  signature: fromHex(
    '896f3257ba12b9b691f88521631ddaa94869c995224485ac7aac507bf3b19e090d106b4185ba8afc137665599df4ba5b750cad2aaa616823f98c1fe2c3776b01',
  ),
};

describe('Ed25519', () => {
  it.each(providers)('[S1] $name refuses the signature about which verifiers disagree', async (provider) => {
    // A verifier with a cofactor takes it, or the vector would show nothing.
    expect(ed25519.verify(torsion.signature, torsion.data, torsion.publicKey, { zip215: true })).toBe(true);
    expect(await provider.verify(torsion.publicKey, torsion.signature, torsion.data)).toBe(false);
  });

  it.each(providers)('[S1] $name refuses keys of small order, whatever the signature', async (provider) => {
    expect(new Set(smallOrder.map(toHex)).size).toBe(8);
    for (const publicKey of smallOrder) {
      expect(isSoundPublicKey(publicKey)).toBe(false);
      for (let i = 0; i < 16; i++) {
        expect(await provider.verify(publicKey, smallSignature, Uint8Array.of(i))).toBe(false);
      }
    }
  });

  it('[S1] refuses keys that are not canonical or not 32 bytes', () => {
    const prime = (1n << 255n) - 19n;
    for (let more = 0n; more < 19n; more++) {
      expect(isSoundPublicKey(littleEndian(prime + more))).toBe(false);
      expect(isSoundPublicKey(littleEndian((1n << 255n) | (prime + more)))).toBe(false);
    }
    const key = Point.BASE.toBytes();
    expect(isSoundPublicKey(key)).toBe(true);
    expect(isSoundPublicKey(key.subarray(1))).toBe(false);
    expect(isSoundPublicKey(concat(key, Uint8Array.of(0)))).toBe(false);
    for (const sign of [0n, 1n << 255n]) expect(isSoundPublicKey(littleEndian(1n | sign))).toBe(false);
  });

  it.each(providers)('[S1] $name refuses an S that is not reduced and an R that is not canonical', async (provider) => {
    const key = await provider.newKey();
    const data = utf8('reduced');
    const signature = await key.sign(data);
    const s = BigInt(`0x${toHex(signature.slice(32).reverse())}`);
    const raised = concat(signature.subarray(0, 32), littleEndian(s + order));
    expect(await provider.verify(key.publicKey, raised, data)).toBe(false);
    expect(isSoundSignature(signature)).toBe(true);
    expect(isSoundSignature(raised)).toBe(false);
    expect(isSoundSignature(concat(signature.subarray(0, 32), littleEndian(order)))).toBe(false);
    expect(isSoundSignature(concat(signature.subarray(0, 32), littleEndian(order - 1n)))).toBe(true);
    expect(isSoundSignature(signature.subarray(1))).toBe(false);
    const prime = (1n << 255n) - 19n;
    for (const sign of [0n, 1n << 255n]) {
      for (const y of [prime, prime + 1n, prime + 18n]) expect(isCanonicalPoint(littleEndian(y | sign))).toBe(false);
      for (const y of [0n, 2n, prime - 2n]) expect(isCanonicalPoint(littleEndian(y | sign))).toBe(true);
      // x is 0 there, so that it has no sign.
      for (const y of [1n, prime - 1n]) expect(isCanonicalPoint(littleEndian(y | sign))).toBe(sign === 0n);
    }
  });

  it('[S1] a signature is judged alike by both providers, torsion or not', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 0, maxLength: 40 }),
        fc.integer({ min: 0, max: 7 }),
        fc.integer({ min: 0, max: 7 }),
        fc.bigInt({ min: 1n, max: order - 1n }),
        fc.bigInt({ min: 1n, max: order - 1n }),
        async (data, keyTorsion, nonceTorsion, secret, nonce) => {
          // A signature as its equation wants it, by a key and with an R that may have torsion parts.
          const [a, r] = [
            [secret, keyTorsion],
            [nonce, nonceTorsion],
          ].map(([scalar, index]) =>
            Point.BASE.multiply(scalar as bigint)
              .add(Point.fromBytes(smallOrder[index as number] as Uint8Array))
              .toBytes(),
          ) as [Uint8Array, Uint8Array];
          const { sha512 } = await import('@noble/hashes/sha2.js');
          const k = BigInt(`0x${toHex(sha512(concat(r, a, data)).reverse())}`) % order;
          const signature = concat(r, littleEndian((nonce + k * secret) % order));
          const verdicts = await Promise.all(providers.map((provider) => provider.verify(a, signature, data)));
          expect(verdicts[0]).toBe(verdicts[1]);
          if (keyTorsion === 0) expect(verdicts[0]).toBe(nonceTorsion === 0);
        },
      ),
      { numRuns: 150 },
    );
  });

  it.each(pairs)('[W3] %s signs, %s verifies; a flipped bit anywhere is noticed', async (_a, _b, signer, verifier) => {
    const key = await signer.newKey();
    const data = utf8('what was said');
    const signature = await key.sign(data);
    expect(signature).toHaveLength(64);
    expect(await verifier.verify(key.publicKey, signature, data)).toBe(true);
    const flip = (bytes: Uint8Array, bit: number): Uint8Array => {
      const copy = bytes.slice();
      copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      return copy;
    };
    for (let bit = 0; bit < 512; bit += 37)
      expect(await verifier.verify(key.publicKey, flip(signature, bit), data)).toBe(false);
    for (let bit = 0; bit < 256; bit += 37)
      expect(await verifier.verify(flip(key.publicKey, bit), signature, data)).toBe(false);
    for (let bit = 0; bit < data.length * 8; bit += 11)
      expect(await verifier.verify(key.publicKey, signature, flip(data, bit))).toBe(false);
    expect(await verifier.verify(key.publicKey, signature.subarray(0, 63), data)).toBe(false);
    expect(await verifier.verify(key.publicKey.subarray(0, 31), signature, data)).toBe(false);
  });
});

describe('providers', () => {
  it('give the same keys, hashes, derived keys and ciphertexts', async () => {
    const [web, noble] = providers as [CryptoProvider, CryptoProvider];
    const bytes = (seed: number, count: number): Uint8Array =>
      Uint8Array.from({ length: count }, (_, i) => (i * 7 + seed) & 255);
    const both = async <T>(of: (provider: CryptoProvider) => Promise<T>): Promise<T> => {
      const [a, b] = await Promise.all([of(web), of(noble)]);
      expect(a).toEqual(b);
      return a;
    };
    await both(async (provider) => (await provider.keyFromSeed(bytes(1, 32))).publicKey);
    await both(async (provider) => (await provider.keyFromSeed(bytes(1, 32))).sign(bytes(2, 99)));
    await both((provider) => provider.sha256(bytes(3, 1_000)));
    const key = await both((provider) => provider.hkdf(bytes(4, 16), 'purpose', 32));
    const sealed = await both(async (provider) =>
      (await provider.cipher(key)).seal(bytes(5, 12), bytes(6, 20), bytes(7, 300)),
    );
    expect(sealed).toHaveLength(316);
    for (const provider of providers) {
      const cipher = await provider.cipher(key);
      expect(await cipher.open(bytes(5, 12), bytes(6, 20), sealed)).toEqual(bytes(7, 300));
      expect(await cipher.open(bytes(6, 12), bytes(6, 20), sealed)).toBeUndefined();
      expect(await cipher.open(bytes(5, 12), bytes(7, 20), sealed)).toBeUndefined();
      expect(await cipher.open(bytes(5, 12), bytes(6, 20), sealed.subarray(1))).toBeUndefined();
      expect(await cipher.open(new Uint8Array(0), bytes(6, 20), new Uint8Array(0))).toBeUndefined();
    }
  });

  it('Web Crypto is chosen where it is fit, and what takes the torsion vector is not', async () => {
    expect((await cryptoProvider()).name).toBe('web-crypto');
    const [web, noble] = providers as [CryptoProvider, CryptoProvider];
    expect(await isFit(web)).toBe(true);
    expect(await isFit(noble)).toBe(true);
    expect(await isFit({ ...web, verify: () => Promise.resolve(true) })).toBe(false);
    expect(await isFit({ ...web, keyFromSeed: () => web.newKey() })).toBe(false);
    expect(await isFit({ ...web, keyFromSeed: () => Promise.reject(new Error('not supported')) })).toBe(false);
  });

  it('forget what was not asked for the longest', () => {
    const recent = new Recent<number>(2);
    recent.set('a', 1);
    recent.set('b', 2);
    expect(recent.get('a')).toBe(1);
    recent.set('c', 3);
    expect([recent.get('a'), recent.get('b'), recent.get('c'), recent.size]).toEqual([1, undefined, 3, 2]);
    expect(recent.getOr('b', () => 4)).toBe(4);
    expect(recent.getOr('b', () => 5)).toBe(4);
  });
});
