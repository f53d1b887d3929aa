/** Keeps files in the system's folder for temporary ones, in a folder of its own that is removed when the room is left. */
import { openAsBlob } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { diskStoreBytesMax, type FileStore } from './file-store.ts';

/** Rejects when no folder can be made. Only this user can read what is in it. */
export async function nodeFileStore(bytesMax = diskStoreBytesMax): Promise<FileStore> {
  const folder = await mkdtemp(join(tmpdir(), 'banyan-'));
  return {
    bytesMax,
    async keep(name, bytes) {
      const path = join(folder, name);
      await writeFile(path, bytes, { mode: 0o600 });
      return openAsBlob(path);
    },
    async drop(names) {
      await Promise.all(names.map((name) => rm(join(folder, name), { force: true }).catch(() => undefined)));
    },
    async close() {
      await rm(folder, { recursive: true, force: true }).catch(() => undefined);
    },
  };
}
