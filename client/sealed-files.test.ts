import { describe, expect, it } from 'vitest';
import { chunkBytesMax } from '../protocol/limits.ts';
import { fileKey, noNode, type NodeId } from '../protocol/types.ts';
import { manifestBody, type Manifest, type Message } from '../protocol/wire/bodies.ts';
import { fileSecretBody } from '../protocol/wire/bodies/direct.ts';
import { PacketFactory } from '../protocol/wire/packet-factory.ts';
import type { IncomingFile } from './api.ts';
import { webCrypto } from './crypto/web-crypto.ts';
import { RoomFiles } from './files.ts';
import { memoryStore } from './file-store.ts';
import { ScriptMember } from './member-script.ts';

const manifest: Manifest = { file: 4, sizeBytes: 40, chunkBytes: chunkBytesMax, name: '', type: '' };

/** What a room shows of what another member announces. */
async function room() {
  const [me, other] = await Promise.all([ScriptMember.of(webCrypto()), ScriptMember.of(webCrypto())]);
  // As the message with the key, opened before, would have done.
  await me.sealer.direct.load();
  const shown: IncomingFile[] = [];
  const files = new RoomFiles({
    sealer: me.sealer,
    peer: { id: me.id, packetFactory: me.factory } as never,
    openStore: () => Promise.resolve(memoryStore()),
    post: () => 'accepted',
    others: () => 1,
    isHere: () => true,
    checkReach: () => undefined,
    announced: (file) => shown.push(file),
    failed: () => undefined,
  });
  const say = (content: 'file' | 'fileKey', data: Uint8Array, to: NodeId): void => {
    const message: Message = { content, data, to, channel: '' };
    const packet = { ...new PacketFactory(other.sealer).newMessage([message], 1, 1), senderId: other.id };
    packet.header = { ...packet.header, session: other.factory.session };
    files.delivered(packet, [message]);
  };
  return {
    me,
    shown,
    key: (to: NodeId) => {
      const secret = { file: manifest.file, key: new Uint8Array(32), name: 'plan.txt', type: 'text/plain' };
      say('fileKey', fileSecretBody.encode(secret), to);
    },
    announce: (to: NodeId, changes: Partial<Manifest> = {}) => {
      const announced = { ...manifest, ...changes };
      say('file', manifestBody.encode(announced), to);
      const key = fileKey(other.id, other.factory.session, announced.file);
      files.output({ kind: 'file', file: key, sender: other.id, manifest: announced, isShown: true });
    },
  };
}

describe('a file that names its addressee', () => {
  it('[F7] is shown there with what only its key tells', async () => {
    const { me, shown, key, announce } = await room();
    key(me.id);
    announce(me.id);
    expect(shown).toMatchObject([{ name: 'plan.txt', type: 'text/plain', size: 24, to: me.id }]);
  });

  it('[F7] [S8] is not shown without a key, or where nothing can be in it', async () => {
    const { me, shown, key, announce } = await room();
    announce(me.id);
    key(noNode);
    announce(me.id);
    key(me.id);
    announce(me.id, { sizeBytes: 10 });
    announce(me.id, { file: 5 });
    expect(shown).toEqual([]);
  });

  it('[F7] is not shown to others, and what is for all needs no key', async () => {
    const { shown, key, announce } = await room();
    key('e'.repeat(32) as NodeId);
    announce('e'.repeat(32) as NodeId);
    expect(shown).toEqual([]);
    announce(noNode, { name: 'for all.txt' });
    expect(shown).toMatchObject([{ name: 'for all.txt', size: 40 }]);
  });
});
