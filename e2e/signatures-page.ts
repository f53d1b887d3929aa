/** What runs in a page of signatures.spec.ts: which of the known signatures each provider takes there. */
import { nobleCrypto } from '../client/crypto/noble.ts';
import { taken } from '../client/crypto/vectors.ts';
import { webCrypto } from '../client/crypto/web-crypto.ts';

/** By the name of the provider. */
export type Taken = Readonly<Record<string, readonly string[]>>;

export async function judge(): Promise<Taken> {
  const providers = [webCrypto(), nobleCrypto()];
  return Object.fromEntries(
    await Promise.all(providers.map(async (provider) => [provider.name, await taken(provider)] as const)),
  );
}
