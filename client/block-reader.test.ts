import { describe, expect, it, vi } from 'vitest';
import { BlockReader } from './block-reader.ts';

const bytes = Uint8Array.from({ length: 1_000 }, (_, i) => i % 251);

function reader(blockBytes = 64): { readonly blob: Blob; readonly reader: BlockReader } {
  const blob = new Blob([bytes]);
  return { blob, reader: new BlockReader(blob, blockBytes) };
}

describe('reading a blob by blocks', () => {
  it('gives what the blob holds, also across blocks and at its end', async () => {
    const { reader: blocks } = reader();
    for (const [from, to] of [
      [0, 10],
      [60, 70],
      [0, 1_000],
      [990, 1_100],
      [1_000, 1_010],
      [130, 131],
    ] as const)
      expect(await blocks.read(from, to)).toEqual(bytes.slice(from, to));
  });

  it('asks the blob once a block, for readers side by side and one after the other', async () => {
    const { blob, reader: blocks } = reader(100);
    const slice = vi.spyOn(blob, 'slice');
    await Promise.all([blocks.read(0, 50), blocks.read(0, 50), blocks.read(50, 150)]);
    await blocks.read(20, 30);
    expect(slice).toHaveBeenCalledTimes(2);
  });

  it('gives copies: who changes one spoils nothing', async () => {
    const { reader: blocks } = reader();
    (await blocks.read(0, 10)).fill(0);
    expect(await blocks.read(0, 10)).toEqual(bytes.slice(0, 10));
  });

  it('rejects when a block cannot be read, and tries it again', async () => {
    const { blob, reader: blocks } = reader();
    vi.spyOn(blob, 'slice').mockImplementationOnce(
      () => ({ arrayBuffer: () => Promise.reject(new Error('gone')) }) as unknown as Blob,
    );
    await expect(blocks.read(0, 10)).rejects.toThrow('gone');
    expect(await blocks.read(0, 10)).toEqual(bytes.slice(0, 10));
  });
});
