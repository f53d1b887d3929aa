import { beforeAll, describe, expect, it } from 'vitest';
import { chunkBytesMax } from '../protocol/limits.ts';
import { fileKey, type SessionId } from '../protocol/types.ts';
import { chunkTagBytes, openedLayout } from '../protocol/wire/bodies/direct.ts';
import { decodePacket, encodePacket, type Packet, type VerifiedPacket } from '../protocol/wire/packet.ts';
import { PacketFactory } from '../protocol/wire/packet-factory.ts';
import { concat } from './crypto/provider.ts';
import { webCrypto } from './crypto/web-crypto.ts';
import { memoryStore } from './file-store.ts';
import { Incoming, type Opened } from './incoming-file.ts';
import { deriveRoom } from './room-link.ts';
import { Sealer } from './seal.ts';

const manifest = {
  file: 4,
  sizeBytes: 2 * chunkBytesMax + 35,
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

  function coming(opened?: Opened): { file: Incoming; failures: string[] } {
    const failures: string[] = [];
    const file = new Incoming(
      fileKey(sender.id, factory.session, manifest.file),
      sender.id,
      manifest,
      { atMs: 1, to: undefined },
      {
        store: Promise.resolve(memoryStore()),
        sealer: sender,
        opened,
        failed: (_file, { code }) => failures.push(code),
      },
    );
    return { file, failures };
  }

  it('[F3] gives each packet on as it came, to the byte, long after', async () => {
    const { file, failures } = coming();
    const packets: VerifiedPacket<'chunk'>[] = [];
    for (const [index, length] of [chunkBytesMax, chunkBytesMax, 35].entries()) {
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

  /** What its addressee knows of a file whose announcement says nothing but its size. */
  async function forOne(): Promise<{ opened: Opened; sealed: Packet[]; plain: Uint8Array[] }> {
    const layout = openedLayout(manifest);
    if (layout === undefined) throw new Error('no layout');
    const cipher = await sender.direct.fileSealer(new Uint8Array(32).fill(7));
    const plain = [chunkBytesMax, chunkBytesMax, 35].map((length, index) =>
      new Uint8Array(length - chunkTagBytes).fill(index + 1),
    );
    const sealed = plain.map((data, index) => factory.newChunk(4, index, cipher.seal(index, data)));
    return { opened: { ...manifest, ...layout, name: 'plan.txt', type: 'text/plain', cipher }, sealed, plain };
  }

  it('[F7] opens what is sealed to this peer, keeps it open, and seals it again to the same bytes for neighbours', async () => {
    const { opened, sealed, plain } = await forOne();
    const { file, failures } = coming(opened);
    const packets = await Promise.all(sealed.map(arrived));
    for (const packet of packets) file.take(packet);
    const blob = await file.done;
    expect([blob.size, file.size, file.name, file.type, failures]).toEqual([
      opened.sizeBytes,
      opened.sizeBytes,
      'plan.txt',
      'text/plain',
      [],
    ]);
    expect(new Uint8Array(await blob.arrayBuffer())).toEqual(concat(...plain));
    for (const [index, packet] of packets.entries()) {
      const read = await file.read(index);
      expect(read?.bytes && encodePacket({ ...read, node: packet.node })).toEqual(encodePacket(packet));
    }
  });

  it('[F7] is given up when a chunk is not sealed, or not for its place', async () => {
    const { opened, sealed, plain } = await forOne();
    const { cipher } = opened;
    const bad: Packet[] = [
      factory.newChunk(4, 0, new Uint8Array(chunkBytesMax)),
      factory.newChunk(4, 0, plain[0]!),
      factory.newChunk(4, 0, cipher.seal(1, plain[0]!)),
      factory.newChunk(4, 0, cipher.seal(0, plain[0]!.subarray(1))),
    ];
    for (const packet of bad) {
      const { file, failures } = coming(opened);
      file.take(await arrived(packet));
      expect([failures, file.progress.bytes]).toEqual([['file-damaged'], 0]);
    }
    const { file, failures } = coming(opened);
    file.take(await arrived(sealed[0]!));
    expect([failures, file.progress.bytes]).toEqual([[], opened.chunkBytes]);
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
