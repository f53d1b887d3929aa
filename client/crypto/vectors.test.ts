import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../protocol/wire/bytes.ts';
import { verifySignature } from '../../root-server/verify.ts';
import { nobleCrypto } from './noble.ts';
import { rfc8032, wrong } from './vectors.ts';
import { webCrypto } from './web-crypto.ts';

/** Everything in the project that says whether a signature is right. */
const verifiers = [webCrypto(), nobleCrypto(), { name: 'root', verify: verifySignature }];

describe('known signatures', () => {
  it.each(verifiers)('[S1] $name takes those of RFC 8032', async (verifier) => {
    for (const [, key, text, proof] of rfc8032)
      expect(await verifier.verify(fromHex(key), fromHex(proof), fromHex(text))).toBe(true);
  });

  it('[S1] both providers make those of RFC 8032', async () => {
    for (const provider of [webCrypto(), nobleCrypto()]) {
      for (const [seed, publicHex, text, proof] of rfc8032) {
        const key = await provider.keyFromSeed(fromHex(seed));
        expect([toHex(key.publicKey), toHex(await key.sign(fromHex(text)))]).toEqual([publicHex, proof]);
      }
    }
  });

  it.each(wrong)('[S1] nobody takes %s', async (_name, key, proof, text) => {
    for (const verifier of verifiers) expect(await verifier.verify(key, proof, text), verifier.name).toBe(false);
  });
});
