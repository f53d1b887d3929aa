/** Which provider this place has: Web Crypto where it can do Ed25519, else the fallback, loaded only then. */
import { fromHex, toHex } from '../../protocol/wire/bytes.ts';
import { utf8, type CryptoProvider } from './provider.ts';
import { webCrypto } from './web-crypto.ts';

let chosen: Promise<CryptoProvider> | undefined;

/** RFC 8032, first test: a seed and the public key it stands for. */
const seed = fromHex('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60');
const seedPublicKey = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a';
/** A signature by a key with a torsion part: verifiers with a cofactor take it, ours must not (rule S1). */
const torsionKey = fromHex('df3276d04dbe616b9dce1c8d8faeb3adc3a479545f01cee0c31e28426c734e53');
const torsionSignature = fromHex(
  '896f3257ba12b9b691f88521631ddaa94869c995224485ac7aac507bf3b19e09' +
    '0d106b4185ba8afc137665599df4ba5b750cad2aaa616823f98c1fe2c3776b01',
);

/** Whether a provider does what this protocol wants of it: a few signatures' worth of time, once a page. */
export async function isFit(provider: CryptoProvider): Promise<boolean> {
  try {
    const key = await provider.keyFromSeed(seed);
    const data = utf8('banyan');
    return (
      toHex(key.publicKey) === seedPublicKey &&
      (await provider.verify(key.publicKey, await key.sign(data), data)) &&
      !(await provider.verify(torsionKey, torsionSignature, utf8('split')))
    );
  } catch {
    return false;
  }
}

async function choose(): Promise<CryptoProvider> {
  // `crypto.subtle` is missing outside secure contexts, whatever the types say.
  if ((crypto as { subtle?: SubtleCrypto }).subtle !== undefined) {
    const provider = webCrypto();
    if (await isFit(provider)) return provider;
  }
  const { nobleCrypto } = await import('./noble.ts');
  return nobleCrypto();
}

export function cryptoProvider(): Promise<CryptoProvider> {
  chosen ??= choose();
  return chosen;
}
