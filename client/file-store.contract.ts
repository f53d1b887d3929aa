/** What every place that keeps pieces of files must do. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ChunkFile, tailBytes } from './chunk-file.ts';
import type { FileStore } from './file-store.ts';

export function fileStoreContract(name: string, open: (bytesMax?: number) => Promise<FileStore>): void {
  describe(`a store of files: ${name}`, () => {
    let store: FileStore;

    beforeEach(async () => {
      store = await open();
    });

    afterEach(() => store.close());

    it('gives back what it keeps, whole and in parts, and joined to one', async () => {
      const one = await store.keep('one', Uint8Array.of(1, 2, 3, 4));
      const two = await store.keep('two', Uint8Array.of(5, 6));
      expect(one.size).toBe(4);
      expect(new Uint8Array(await one.slice(1, 3).arrayBuffer())).toEqual(Uint8Array.of(2, 3));
      const whole = new Blob([one.slice(0, 3), two], { type: 'x/y' });
      expect(new Uint8Array(await whole.arrayBuffer())).toEqual(Uint8Array.of(1, 2, 3, 5, 6));
    });

    it('lets go of pieces, also of those it never had', async () => {
      await store.keep('one', Uint8Array.of(1));
      await store.drop(['one', 'none']);
      const again = await store.keep('one', Uint8Array.of(2));
      expect(new Uint8Array(await again.arrayBuffer())).toEqual(Uint8Array.of(2));
    });

    it('says how much it takes', async () => {
      expect(store.bytesMax).toBeGreaterThanOrEqual(256 * 1024 * 1024);
      const small = await open(1_000);
      expect(small.bytesMax).toBe(1_000);
      await small.close();
    });

    it.each([0, 1, 255, 256, 257, 513])(
      'holds a file of %i chunks, readable while it comes and after',
      async (chunks) => {
        const chunkBytes = 50;
        const sizeBytes = Math.max(0, chunks * chunkBytes - 7);
        const errors: unknown[] = [];
        const file = new ChunkFile('file', { sizeBytes, chunkBytes }, Promise.resolve(store), (error) =>
          errors.push(error),
        );
        for (let i = 0; i < chunks; i++) {
          file.append(new Uint8Array(file.lengthOf(i)).fill(i), new Uint8Array(tailBytes).fill(i + 1));
          const back = await file.read(i);
          expect([back?.data.length, back?.data[0], back?.tail[64]]).toEqual([
            file.lengthOf(i),
            i % 256,
            (i + 1) % 256,
          ]);
          expect(await file.read(i + 1)).toBeUndefined();
        }
        expect(file.bytes).toBe(sizeBytes);
        const blob = await file.blob('text/plain');
        expect([blob?.size, blob?.type]).toEqual([sizeBytes, 'text/plain']);
        const bytes = new Uint8Array((await blob?.arrayBuffer()) ?? new ArrayBuffer(0));
        expect(bytes.every((byte, at) => byte === Math.floor(at / chunkBytes) % 256)).toBe(true);
        for (const i of [0, chunks >> 1, chunks - 1].filter((index) => index >= 0 && index < chunks)) {
          const back = await file.read(i);
          expect([back?.data.length, back?.data.at(-1), back?.tail[0]]).toEqual([
            file.lengthOf(i),
            i % 256,
            (i + 1) % 256,
          ]);
        }
        await file.drop();
        expect(await file.read(0)).toBeUndefined();
        expect(errors).toEqual([]);
      },
    );
  });
}
