import { afterEach, expect, it } from 'vitest';
import { startRootServer } from '../root-server/server.ts';
import { cryptoProvider } from './crypto/choose.ts';
import { until } from './link.contract.ts';
import { createRoomLink, joinRoom, type Room } from './node.ts';

const rooms: Room[] = [];

afterEach(async () => {
  for (const room of rooms) await room.leave();
});

it('[S1] [S3] without Web Crypto a room works the same', { timeout: 30_000 }, async () => {
  // As on a plain http page. The root needs its own back.
  Object.defineProperty(crypto, 'subtle', { value: undefined, configurable: true });
  expect((await cryptoProvider()).name).toBe('noble');
  delete (crypto as { subtle?: unknown }).subtle;
  expect(crypto.subtle).toBeDefined();
  const root = await startRootServer({ port: 0, host: '127.0.0.1' });
  const link = createRoomLink(root.url);
  const heard: unknown[] = [];
  for (const name of ['Ana', 'Ben']) rooms.push(await joinRoom(link, { name, iceServers: [] }));
  rooms[1]?.on('message', ({ text }) => heard.push(text));
  await rooms[0]?.send('by JavaScript alone');
  await until(() => heard.length === 1, 'heard');
  expect(heard).toEqual(['by JavaScript alone']);
  await root.close();
});
