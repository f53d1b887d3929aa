import { describe, expect, it } from 'vitest';
import { decodeJournal } from '../protocol/journal.ts';
import { replay } from '../protocol/sim/replay.ts';
import { startRootServer } from '../root-server/server.ts';
import { until } from './link.contract.ts';
import { createRoomLink, joinRoom, type Room } from './node.ts';

describe('a room\u2019s journal', () => {
  it('brings a fresh core to where the peer was: the same place, the same deliveries, the same heal', async () => {
    const root = await startRootServer({ port: 0, host: '127.0.0.1' });
    const rooms: Room[] = [];
    try {
      const link = createRoomLink(root.url);
      for (let i = 0; i < 4; i++) {
        rooms.push(await joinRoom(link, { iceServers: [], maxClients: 1, name: `peer ${i}` }));
      }
      const last = rooms[3];
      const middle = rooms[2];
      if (!last || !middle) throw new Error('no rooms');
      await until(() => rooms.every((room) => room.tree.roomSize === 4), 'all attached');
      for (const room of rooms) for (let i = 0; i < 5; i++) await room.send(`word ${i}`);
      await until(() => last.stats().delivered === 20, 'all heard');
      await middle.leave();
      await until(() => last.state === 'attached' && last.tree.roomSize === 3 && last.stats().heals === 1, 'healed');
      const journal = decodeJournal(last.journal());
      if (!journal) throw new Error('no journal');
      expect(journal.isCut).toBe(false);
      const { stats, tree } = { stats: last.stats(), tree: last.tree };
      const steps = replay(journal);
      let step = steps.next();
      while (step.done !== true) step = steps.next();
      const core = step.value;
      expect(core.place()).toMatchObject({
        id: last.self.id,
        state: 'attached',
        parent: tree.parent,
        path: tree.path,
        roomSize: 3,
      });
      expect(core.counters()).toMatchObject({
        delivered: stats.delivered,
        heals: 1,
        gaps: 0,
        duplicates: stats.duplicates,
      });
    } finally {
      for (const room of rooms) await room.leave();
      await root.close();
    }
  }, 30_000);
});
