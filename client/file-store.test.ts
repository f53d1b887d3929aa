import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { ChunkFile, tailBytes } from './chunk-file.ts';
import { fileStoreContract } from './file-store.contract.ts';
import { browserStore, memoryStore } from './file-store.ts';
import { nodeFileStore } from './node-file-store.ts';

fileStoreContract('memory', (bytesMax) => Promise.resolve(memoryStore(bytesMax)));
fileStoreContract('temporary folder', nodeFileStore);
// Where there is no private file system, as here, the browser's is the one in memory.
fileStoreContract('browser', browserStore);

const folders = async () => (await readdir(tmpdir())).filter((name) => name.startsWith('banyan-'));

it('a folder of files is gone when its store is closed', async () => {
  const before = new Set(await folders());
  const store = await nodeFileStore();
  await store.keep('one', Uint8Array.of(1));
  const made = (await folders()).filter((name) => !before.has(name));
  expect(made.length).toBeGreaterThan(0);
  await store.close();
  const after = await folders();
  expect(made.some((name) => !after.includes(name))).toBe(true);
});

it('memory refuses what is beyond its limit, and takes more when room was made', async () => {
  const store = memoryStore(100);
  await store.keep('one', new Uint8Array(60));
  await expect(store.keep('two', new Uint8Array(60))).rejects.toMatchObject({ code: 'storage' });
  await store.drop(['one']);
  await expect(store.keep('two', new Uint8Array(60))).resolves.toBeInstanceOf(Blob);
});

it('a piece that cannot be kept is told of, and the file is not whole', async () => {
  const errors: unknown[] = [];
  const store = Promise.resolve(memoryStore(10));
  const file = new ChunkFile('file', { sizeBytes: 20, chunkBytes: 20 }, store, (error) => errors.push(error));
  file.append(new Uint8Array(20), new Uint8Array(tailBytes));
  expect(await file.blob('')).toBeUndefined();
  expect(errors).toMatchObject([{ code: 'storage' }]);
});
