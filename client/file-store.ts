/**
 * Where the bytes of files lie: a port, a store in memory and one in the browser's private file system. What is kept comes
 * back as a `Blob`, which reads from disk where the store has one, so that a large file costs no memory.
 */
import { BanyanError } from './api.ts';
import type { Bytes } from './crypto/provider.ts';

/** Bytes of files that a peer keeps at once unless told otherwise (`fileBytesMax`), in memory and on disk. */
export const memoryStoreBytesMax = 256 * 1024 * 1024;
export const diskStoreBytesMax = 4 * 1024 * 1024 * 1024;

/** Keeps pieces of files, each written once. */
export interface FileStore {
  /** Most bytes it should be given at once. */
  readonly bytesMax: number;
  /**
   * Keeps a piece under a name of its own (letters, digits, `-`); once it is kept, `bytes` are the caller's again. Rejects when there
   * is no room.
   */
  keep(name: string, bytes: Bytes): Promise<Blob>;
  /** Lets go of pieces. Never rejects. */
  drop(names: readonly string[]): Promise<void>;
  /** Lets go of everything; nothing is kept after. Never rejects. */
  close(): Promise<void>;
}

export function storageError(cause: unknown): BanyanError {
  if (cause instanceof BanyanError) return cause;
  return new BanyanError(
    'storage',
    `there is no room to keep the file: ${cause instanceof Error ? cause.name : 'unknown'}`,
  );
}

/** Keeps pieces in memory; a browser may move blobs to its disk as it sees fit. */
export function memoryStore(bytesMax = memoryStoreBytesMax): FileStore {
  const sizes = new Map<string, number>();
  let keptBytes = 0;
  return {
    bytesMax,
    keep(name, bytes) {
      if (keptBytes + bytes.length > bytesMax) return Promise.reject(storageError(new RangeError('full')));
      keptBytes += bytes.length;
      sizes.set(name, bytes.length);
      return Promise.resolve(new Blob([bytes]));
    },
    drop(names) {
      for (const name of names) {
        keptBytes -= sizes.get(name) ?? 0;
        sizes.delete(name);
      }
      return Promise.resolve();
    },
    close() {
      sizes.clear();
      keptBytes = 0;
      return Promise.resolve();
    },
  };
}

/** Folder of this origin's private file system that holds a folder for each open room. */
const folderName = 'banyan-files';

/** Removes the folders of rooms whose page is gone: each living room holds a lock of its folder's name. */
async function sweep(top: FileSystemDirectoryHandle): Promise<void> {
  for await (const name of top.keys()) {
    await navigator.locks.request(name, { ifAvailable: true }, async (lock) => {
      if (lock) await top.removeEntry(name, { recursive: true }).catch(() => undefined);
    });
  }
}

/**
 * A store in the origin private file system; one in memory where there is none (plain http, private windows of some browsers).
 * Never rejects. `bytesMax`: more than that is not kept, nor more than the browser grants.
 */
export async function browserStore(bytesMax?: number): Promise<FileStore> {
  try {
    return await privateFileStore(bytesMax ?? diskStoreBytesMax);
  } catch {
    return memoryStore(bytesMax);
  }
}

async function privateFileStore(wantedBytes: number): Promise<FileStore> {
  const { storage, locks } = navigator;
  if (!('createWritable' in FileSystemFileHandle.prototype)) throw new TypeError('files cannot be written here');
  const top = await (await storage.getDirectory()).getDirectoryHandle(folderName, { create: true });
  await sweep(top).catch(() => undefined);
  const name = `room-${crypto.randomUUID()}`;
  let unlock = (): void => undefined;
  // Held until the room is left or the page is gone.
  await new Promise<void>((resolve) => {
    void locks.request(name, () => {
      resolve();
      return new Promise<void>((end) => {
        unlock = end;
      });
    });
  });
  const folder = await top.getDirectoryHandle(name, { create: true });
  const { quota = wantedBytes, usage = 0 } = await storage.estimate();
  return {
    bytesMax: Math.min(wantedBytes, quota - usage),
    async keep(piece, bytes) {
      const handle = await folder.getFileHandle(piece, { create: true });
      const writable = await handle.createWritable();
      await writable.write(bytes);
      await writable.close();
      return handle.getFile();
    },
    async drop(pieces) {
      for (const piece of pieces) await folder.removeEntry(piece).catch(() => undefined);
    },
    async close() {
      await top.removeEntry(name, { recursive: true }).catch(() => undefined);
      unlock();
    },
  };
}
