import { describe, expect, it, vi } from 'vitest';
import { ChunkFile, tailBytes } from './chunk-file.ts';
import { memoryStore } from './file-store.ts';

describe('a file as it arrives', () => {
  it('is read by blocks, also for neighbours that are in different pieces of it', async () => {
    const chunkBytes = 8;
    const chunks = 600;
    const file = new ChunkFile(
      'file',
      { sizeBytes: chunks * chunkBytes, chunkBytes },
      Promise.resolve(memoryStore()),
      () => {
        throw new Error('not kept');
      },
    );
    for (let i = 0; i < chunks; i++)
      file.append(new Uint8Array(chunkBytes).fill(i), new Uint8Array(tailBytes).fill(i + 1));
    await file.blob('');
    const slice = vi.spyOn(Blob.prototype, 'slice');
    for (let i = 0; i < 32; i++) {
      for (const index of [i, 256 + i, 512 + i])
        expect(await file.read(index)).toEqual({
          data: new Uint8Array(chunkBytes).fill(index),
          tail: new Uint8Array(tailBytes).fill(index + 1),
        });
    }
    // Of each of the three pieces two blocks of data, and its tails, which lie in two blocks.
    expect(slice.mock.calls.length).toBeLessThanOrEqual(3 * 4);
    slice.mockRestore();
  });

  it('needs the memory of one piece when pieces are kept as they come, and mixes none of them up', async () => {
    const chunkBytes = 8;
    const chunks = 600;
    const memory = memoryStore();
    const buffers = new Set<ArrayBuffer>();
    const store = {
      ...memory,
      keep(name: string, bytes: Uint8Array<ArrayBuffer>) {
        buffers.add(bytes.buffer);
        return memory.keep(name, bytes);
      },
    };
    const file = new ChunkFile(
      'file',
      { sizeBytes: chunks * chunkBytes - 3, chunkBytes },
      Promise.resolve(store),
      () => {
        throw new Error('not kept');
      },
    );
    for (let i = 0; i < chunks; i++) {
      file.append(new Uint8Array(file.lengthOf(i)).fill(i), new Uint8Array(tailBytes).fill(i + 1));
      await new Promise(setImmediate);
    }
    const blob = await file.blob('');
    expect(buffers.size).toBe(1);
    const bytes = new Uint8Array(await blob!.arrayBuffer());
    expect(bytes.length).toBe(chunks * chunkBytes - 3);
    expect(bytes.every((byte, at) => byte === Math.floor(at / chunkBytes) % 256)).toBe(true);
    for (const index of [0, 255, 256, 511, 512, 599])
      expect(await file.read(index)).toEqual({
        data: new Uint8Array(file.lengthOf(index)).fill(index),
        tail: new Uint8Array(tailBytes).fill(index + 1),
      });
  });
});
