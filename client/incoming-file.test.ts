import { beforeAll, describe, expect, it } from 'vitest';
import { chunkBytesMax } from '../protocol/limits.ts';
import { fileKey, type SessionId } from '../protocol/types.ts';
import { decodePacket, encodePacket, type Packet, type VerifiedPacket } from '../protocol/wire/packet.ts';
import { PacketFactory } from '../protocol/wire/packet-factory.ts';
import { webCrypto } from './crypto/web-crypto.ts';
import { memoryStore } from './file-store.ts';
import { Incoming } from './incoming-file.ts';
import { deriveRoom } from './room-link.ts';
import { Sealer } from './seal.ts';

const manifest = {
  file: 4,
  sizeBytes: 2 * chunkBytesMax + 5,
  chunkBytes: chunkBytesMax,
  name: '../a\u202eb',
  type: '',
};

describe('a file that comes', () => {
  let sender: Sealer;
  let factory: PacketFactory;

  beforeAll(async () => {
    const provider = webCrypto();
    sender = await Sealer.create(provider, await deriveRoom(new Uint8Array(16), provider));
    factory = new PacketFactory(sender);
    factory.session = '0000000000000001' as SessionId;
  });

  /** A packet as its receiver has it: from its bytes, verified and opened. */
  async function arrived(packet: Packet): Promise<VerifiedPacket<'chunk'>> {
    const decoded = decodePacket(encodePacket(await sender.seal(packet)));
    if (!decoded.ok) throw new Error(decoded.error);
    return (await sender.verify(decoded.packet)) as VerifiedPacket<'chunk'>;
  }

  function coming(): { file: Incoming; failures: string[] } {
    const failures: string[] = [];
    const file = new Incoming(
      fileKey(sender.id, factory.session, manifest.file),
      sender.id,
      manifest,
      { atMs: 1, to: undefined },
      { store: Promise.resolve(memoryStore()), sealer: sender, failed: (_file, { code }) => failures.push(code) },
    );
    return { file, failures };
  }

  it('[F3] gives each packet on as it came, to the byte, long after', async () => {
    const { file, failures } = coming();
    const packets: VerifiedPacket<'chunk'>[] = [];
    for (const [index, length] of [chunkBytesMax, chunkBytesMax, 5].entries()) {
      const packet = await arrived(factory.newChunk(4, index, new Uint8Array(length).fill(index + 1)));
      packets.push({ ...packet, hops: 3 });
      file.take(packets[index]!);
    }
    const blob = await file.done;
    expect([blob.size, file.name, failures]).toEqual([manifest.sizeBytes, '_ab', []]);
    // What was kept for neighbours that are as far is gone: from here on it comes out of the store.
    for (const [index, packet] of packets.entries()) {
      const read = await file.read(index);
      expect(read?.bytes && encodePacket({ ...read, node: packet.node })).toEqual(encodePacket(packet));
      expect([read?.hops, read?.senderId]).toEqual([3, sender.id]);
    }
    expect(await file.read(3)).toBeUndefined();
  });

  it('[F1] is given up when a chunk is not what was announced, or could not be made again', async () => {
    const good = factory.newChunk(4, 0, new Uint8Array(chunkBytesMax));
    const bad: Packet[] = [
      factory.newChunk(4, 0, new Uint8Array(chunkBytesMax - 1)),
      { ...good, header: { ...good.header, timeMs: 7 } },
      { ...good, action: 'pull' },
    ];
    for (const packet of bad) {
      const { file, failures } = coming();
      file.take(await arrived(packet));
      expect(failures).toEqual(['file-damaged']);
      expect(file.progress.bytes).toBe(0);
    }
  });
});
