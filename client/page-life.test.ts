import { afterEach, expect, it } from 'vitest';
import { startRootServer } from '../root-server/server.ts';
import { until } from './link.contract.ts';
import { createRoomLink, joinRoom, type Room } from './node.ts';

const page = globalThis as { window?: unknown; document?: unknown };
const rooms: Room[] = [];

afterEach(async () => {
  delete page.window;
  delete page.document;
  for (const room of rooms) await room.leave();
});

it(
  '[H1] a page that goes says so at once, and one that comes back from the cache misses nothing',
  { timeout: 40_000 },
  async () => {
    const root = await startRootServer({ port: 0, host: '127.0.0.1' });
    const link = createRoomLink(root.url);
    const stays = await joinRoom(link, { name: 'stays', iceServers: [] });
    const view = new EventTarget();
    Object.assign(page, { window: view, document: Object.assign(new EventTarget(), { visibilityState: 'visible' }) });
    const goes = await joinRoom(link, { name: 'goes', iceServers: [] });
    delete page.window;
    delete page.document;
    rooms.push(stays, goes);
    const heard: unknown[] = [];
    goes.on('message', ({ text }) => heard.push(text));
    await until(() => stays.members.size === 2, 'both are there');
    await stays.send('before');
    await until(() => heard.length === 1, 'heard before');

    const goneMs = performance.now();
    view.dispatchEvent(new Event('pagehide'));
    await until(() => stays.members.size === 1, 'the one that went is gone');
    expect(performance.now() - goneMs).toBeLessThan(4_000);
    expect(goes.state).toBe('healing');
    await until(() => root.rooms()[0]?.nodes.size === 1, 'the root knows');
    await stays.send('while away');
    view.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }));
    await until(() => goes.state === 'attached' && heard.length === 2, 'back, with what was missed');
    await goes.send('from the one that is back');
    await until(() => heard.length === 3, 'heard again');
    expect(heard).toEqual(['before', 'while away', 'from the one that is back']);
    await until(() => stays.members.size === 2, 'both are there again');
    await root.close();
  },
);
