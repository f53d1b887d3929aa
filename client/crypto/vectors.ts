/** Signatures of which it is known whether they are right. For tests, here and in browsers. */
import { ed25519 } from '@noble/curves/ed25519.js';
import { fromHex, toHex } from '../../protocol/wire/bytes.ts';
import { concat, utf8, type CryptoProvider } from './provider.ts';

/** RFC 8032, 7.1: seed, public key, message, signature. */
export const rfc8032 = [
  [
    '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    '',
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  ],
  [
    '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    '72',
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  ],
  [
    'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    'af82',
    '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  ],
] as const;

const [, publicKeyHex, messageHex, signatureHex] = rfc8032[2];
const [publicKey, message, signature] = [publicKeyHex, messageHex, signatureHex].map(fromHex) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
];
const [r, s] = [signature.slice(0, 32), signature.slice(32)];
const order = ed25519.Point.Fn.ORDER;

export function littleEndian(value: bigint): Uint8Array {
  return fromHex(value.toString(16).padStart(64, '0')).reverse();
}

function valueOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(bytes.toReversed())}`);
}

/** What is no signature of that message under that key, as the Wycheproof project orders such cases. */
export const wrong: readonly [string, Uint8Array, Uint8Array, Uint8Array][] = [
  ['an empty signature', publicKey, new Uint8Array(0), message],
  ['R alone', publicKey, r, message],
  ['one byte short', publicKey, signature.subarray(0, 63), message],
  ['one byte more', publicKey, concat(signature, Uint8Array.of(0)), message],
  ['one byte before', publicKey, concat(Uint8Array.of(0), signature), message],
  ['zeros', publicKey, new Uint8Array(64), message],
  ['ones', publicKey, new Uint8Array(64).fill(0xff), message],
  ['S = 0', publicKey, concat(r, new Uint8Array(32)), message],
  ['S = 1', publicKey, concat(r, littleEndian(1n)), message],
  ['S = the order', publicKey, concat(r, littleEndian(order)), message],
  ['S = the order - 1', publicKey, concat(r, littleEndian(order - 1n)), message],
  ['S + the order', publicKey, concat(r, littleEndian(valueOf(s) + order)), message],
  ['S + twice the order', publicKey, concat(r, littleEndian(valueOf(s) + 2n * order)), message],
  ['-S', publicKey, concat(r, littleEndian(order - valueOf(s))), message],
  ['S with its highest bit', publicKey, concat(r, s.with(31, (s[31] ?? 0) | 0x80)), message],
  ['R of the other sign', publicKey, concat(r.with(31, (r[31] ?? 0) ^ 0x80), s), message],
  ['R = the neutral element', publicKey, concat(ed25519.Point.ZERO.toBytes(), s), message],
  ['R that is no point', publicKey, concat(littleEndian(2n), s), message],
  ['R and S exchanged', publicKey, concat(s, r), message],
  ['the key of the other sign', publicKey.with(31, (publicKey[31] ?? 0) ^ 0x80), signature, message],
  ['a key that is no point', littleEndian(2n), signature, message],
  ['another key', fromHex(rfc8032[1][1]), signature, message],
  ['another message', publicKey, signature, utf8('af82')],
  ['no message', publicKey, signature, new Uint8Array(0)],
  ['a message with a zero behind', publicKey, signature, concat(message, Uint8Array.of(0))],
  [
    'torsion, about which verifiers disagree',
    fromHex('df3276d04dbe616b9dce1c8d8faeb3adc3a479545f01cee0c31e28426c734e53'),
    fromHex(
      '896f3257ba12b9b691f88521631ddaa94869c995224485ac7aac507bf3b19e090d106b4185ba8afc137665599df4ba5b750cad2aaa616823f98c1fe2c3776b01',
    ),
    utf8('split'),
  ],
];

/** The eight points whose order divides the cofactor, as sent; computed from one of order eight. */
export const smallOrder = (() => {
  const generator = ed25519.Point.fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05');
  const points = [ed25519.Point.ZERO];
  for (let i = 1; i < 8; i++) points.push((points[i - 1] ?? ed25519.Point.ZERO).add(generator));
  return points.map((point) => point.toBytes());
})();

/** R = 0 and S = 0: right for the neutral element and, for one hash in a few, for the other points of small order. */
export const smallSignature = concat(ed25519.Point.ZERO.toBytes(), new Uint8Array(32));

/** The names of all of these that a verifier takes, messages of one byte under the points of small order included. */
export async function taken({ verify }: Pick<CryptoProvider, 'verify'>): Promise<string[]> {
  const cases: (typeof wrong)[number][] = [...wrong];
  for (const [i, [, key, text, proof]] of rfc8032.entries())
    cases.push([`RFC 8032, ${i + 1}`, fromHex(key), fromHex(proof), fromHex(text)]);
  for (const [i, key] of smallOrder.entries())
    for (let byte = 0; byte < 16; byte++)
      cases.push([`small order, ${i}, message ${byte}`, key, smallSignature, Uint8Array.of(byte)]);
  const names: string[] = [];
  for (const [name, key, proof, text] of cases) if (await verify(key, proof, text)) names.push(name);
  return names;
}
