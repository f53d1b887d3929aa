/** Which provider this place has: Web Crypto where it can do Ed25519, else the fallback, loaded only then. */
import type { CryptoProvider } from './provider.ts';
import { webCrypto } from './web-crypto.ts';

let chosen: Promise<CryptoProvider> | undefined;

async function hasEd25519(): Promise<boolean> {
  // `crypto.subtle` is missing outside secure contexts, whatever the types say.
  const subtle = (crypto as { subtle?: SubtleCrypto }).subtle;
  if (subtle === undefined) return false;
  try {
    await subtle.generateKey('Ed25519', false, ['sign', 'verify']);
    return true;
  } catch {
    return false;
  }
}

async function choose(): Promise<CryptoProvider> {
  if (await hasEd25519()) return webCrypto();
  const { nobleCrypto } = await import('./noble.ts');
  return nobleCrypto();
}

export function cryptoProvider(): Promise<CryptoProvider> {
  chosen ??= choose();
  return chosen;
}
