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
});
