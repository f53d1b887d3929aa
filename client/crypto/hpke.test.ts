import { webcrypto } from 'node:crypto';
import { Chacha20Poly1305 } from '@hpke/chacha20poly1305';
import { CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { fromHex, toHex } from '../../protocol/wire/bytes.ts';
import { newHpkeKey, openWith, sealTo } from './hpke.ts';
import { isSoundHpkeKey, newSessionKey } from './hpke-key.ts';
import { plainBytes, utf8 } from './provider.ts';

/** RFC 9180, A.2.1. */
const rfc9180 = {
  info: fromHex('4f6465206f6e2061204772656369616e2055726e'),
  receiver: {
    secretKey: fromHex('8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb'),
    publicKey: fromHex('4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a'),
  },
  ephemeral: {
    secretKey: fromHex('f4ec9b33b792c372c1d2c2063507b684ef925b8c75a42dbcbf57d63ccd381600'),
    publicKey: fromHex('1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a'),
  },
  text: fromHex('4265617574792069732074727574682c20747275746820626561757479'),
  /** Number, what is under it. The number stands in the additional data, too. */
  sealed: [
    [0, '1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28'],
    [1, '6b53c051e4199c518de79594e1c4ab18b96f081549d45ce015be002090bb119e85285337cc95ba5f59992dc98c'],
    [2, '71146bd6795ccc9c49ce25dda112a48f202ad220559502cef1f34271e0cb4b02b4f10ecac6f48c32f878fae86b'],
    [4, '63357a2aa291f5a4e5f27db6baa2af8cf77427c7c1a909e0b37214dd47db122bb153495ff0b02e9e54a50dbe16'],
    [255, '18ab939d63ddec9f6ac2b60d61d36a7375d2070c9b683861110757062c52b8880a5f6b3936da9cd6c23ef2a95c'],
    [256, '7a4a13e9ef23978e2c520fd4d2e757514ae160cd0cd05e556ef692370ca53076214c0c40d4c728d6ed9e727a5b'],
  ] as const,
};

/** Points of the curve whose order divides 8, and their other encodings: everybody shares the same secret with them. */
const smallOrder = [
  '00'.repeat(32),
  `01${'00'.repeat(31)}`,
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  `ec${'ff'.repeat(30)}7f`,
  `ed${'ff'.repeat(30)}7f`,
  `ee${'ff'.repeat(30)}7f`,
].map(fromHex);

describe('HPKE', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  });

  it('[S7] seals and opens the vectors of RFC 9180', () => {
    const { info, receiver, ephemeral, text, sealed } = rfc9180;
    const sender = sealTo(receiver.publicKey, info, ephemeral);
    expect(toHex(sender!.enc)).toBe(toHex(ephemeral.publicKey));
    const context = openWith(receiver, sender!.enc, info);
    for (const [number, hex] of sealed) {
      const aad = utf8(`Count-${number}`);
      expect(toHex(sender!.context.seal(number, aad, text))).toBe(hex);
      expect(context!.open(number, aad, fromHex(hex))).toEqual(text);
    }
  });

  it('[S7] is understood by another library, and understands it', async () => {
    const suite = new CipherSuite({
      kem: new DhkemX25519HkdfSha256(),
      kdf: new HkdfSha256(),
      aead: new Chacha20Poly1305(),
    });
    const [info, aad, text] = [utf8('where'), utf8('which'), utf8('what')];
    const key = newHpkeKey();
    const [publicKey, secretKey] = await Promise.all([
      suite.kem.importKey('raw', Uint8Array.from(key.publicKey).buffer, true),
      suite.kem.importKey('raw', Uint8Array.from(key.secretKey).buffer, false),
    ]);

    const theirs = await suite.createSenderContext({ recipientPublicKey: publicKey, info });
    const first = new Uint8Array(await theirs.seal(text, aad));
    const second = new Uint8Array(await theirs.seal(text, aad));
    const ours = openWith(key, new Uint8Array(theirs.enc), info);
    // Numbers, not an order: what is lost or late harms nothing else.
    expect(ours!.open(1, aad, second)).toEqual(text);
    expect(ours!.open(0, aad, first)).toEqual(text);

    const sender = sealTo(key.publicKey, info)!;
    const opener = await suite.createRecipientContext({
      recipientKey: secretKey,
      enc: plainBytes(sender.enc),
      info,
    });
    for (const number of [0, 1, 2]) {
      const sealed = plainBytes(sender.context.seal(number, aad, text));
      expect(new Uint8Array(await opener.open(sealed, aad))).toEqual(text);
    }
  });

  it('[S7] takes a session’s key from Web Crypto, or makes it where there is none', async () => {
    const text = utf8('text');
    const generated = vi.spyOn(crypto.subtle, 'generateKey');
    const keys = [await newSessionKey(), await newSessionKey()];
    expect(generated).toHaveBeenCalledTimes(2);
    vi.stubGlobal('crypto', { getRandomValues: (bytes: Uint8Array) => webcrypto.getRandomValues(bytes) });
    keys.push(await newSessionKey());
    expect(new Set(keys.map(({ publicKey }) => toHex(publicKey))).size).toBe(3);
    for (const key of keys) {
      expect(key.secretKey).toHaveLength(32);
      const { enc, context } = sealTo(key.publicKey, text)!;
      expect(openWith(key, enc, text)!.open(0, text, context.seal(0, text, text))).toEqual(text);
    }
  });

  it('[S7] opens under the same key, number, additional data and info only', () => {
    const key = newHpkeKey();
    const [info, aad, text] = [utf8('info'), utf8('aad'), utf8('text')];
    const { enc, context } = sealTo(key.publicKey, info)!;
    const sealed = context.seal(3, aad, text);
    expect(openWith(key, enc, info)!.open(3, aad, sealed)).toEqual(text);
    expect(openWith(key, enc, info)!.open(2, aad, sealed)).toBeUndefined();
    expect(openWith(key, enc, info)!.open(3, info, sealed)).toBeUndefined();
    expect(openWith(key, enc, aad)!.open(3, aad, sealed)).toBeUndefined();
    expect(openWith(newHpkeKey(), enc, info)!.open(3, aad, sealed)).toBeUndefined();
    expect(openWith(key, newHpkeKey().publicKey, info)!.open(3, aad, sealed)).toBeUndefined();
    expect(openWith(key, enc, info)!.open(3, aad, sealed.subarray(1))).toBeUndefined();
    expect(openWith(key, enc, info)!.open(3, aad, new Uint8Array(0))).toBeUndefined();
    // Two contexts for the same text have nothing in common.
    expect(sealTo(key.publicKey, info)!.context.seal(3, aad, text)).not.toEqual(sealed);
  });

  it('[S8] refuses keys with which everybody shares the same secret, and what is no key', () => {
    const key = newHpkeKey();
    expect(isSoundHpkeKey(key.publicKey)).toBe(true);
    for (const point of [...smallOrder, key.publicKey.subarray(1), new Uint8Array(0)]) {
      expect(isSoundHpkeKey(point), toHex(point)).toBe(false);
      expect(sealTo(point, utf8(''))).toBeUndefined();
      expect(openWith(key, point, utf8(''))).toBeUndefined();
    }
  });
});
