/** The page. What is seen first is loaded first, the SDK right behind it. */
import { BanyanError } from '../../client/api.ts';
import type * as Client from '../../client/index.ts';
import { mountPage } from './mount.ts';

async function client(): Promise<typeof Client> {
  try {
    return await import('../../client/index.ts');
  } catch {
    throw new BanyanError('root-unreachable', 'the rest of this page could not be loaded');
  }
}

mountPage({
  createIdentity: async () => (await client()).createIdentity(),
  createOwnedRoom: async (rootUrl) => (await client()).createOwnedRoom(rootUrl),
  joinRoom: async (link, options) => (await client()).joinRoom(link, options),
});
// Not only when it is needed; what fails now is asked for again then.
client().catch(() => undefined);
