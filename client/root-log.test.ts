import { expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createLogger } from '../root-server/log.ts';
import { startRootServer } from '../root-server/server.ts';
import { iceGrants } from '../root-server/turn.ts';
import { until } from './link.contract.ts';
import { createRoomLink, joinRoom, parseRoomLink, type Room } from './node.ts';

it('a root neither logs nor carries what is said, who says it, or what opens a room', { timeout: 60_000 }, async () => {
  let logged = '';
  const carried: Uint8Array[] = [];
  const turn = { urls: ['turn:127.0.0.1:9'], secret: 'a-turn-secret-of-the-root' };
  const root = await startRootServer({
    port: 0,
    host: '127.0.0.1',
    socketsPerAddressMax: 4,
    log: createLogger('json', (text) => (logged += text)),
    onBytes: (_direction, bytes) => carried.push(Uint8Array.from(bytes)),
    iceServers: iceGrants([], turn),
  });
  const link = createRoomLink(root.url);
  const rooms: Room[] = [];
  for (const name of ['Ana Palmer', 'Ben Ficus', 'Cleo Baobab']) {
    rooms.push(await joinRoom(link, { name, iceServers: [], maxClients: 1 }));
  }
  const heard: (string | undefined)[] = [];
  rooms[0]?.on('message', ({ text }) => heard.push(text));
  await rooms[2]?.send('the fig tree is hollow', { channel: 'whispers' });
  await rooms[1]?.rename('Benjamina Ficus');
  await until(() => heard.length === 1, 'heard');
  // What goes wrong is logged, so it has to be tried too: garbage, pages of elsewhere, too many sockets.
  const garbage = '2["the fig tree is hollow"]';
  const ws = `${root.url.replace('http', 'ws')}/banyan/?EIO=4&transport=websocket`;
  const strangers = [
    ...Array.from({ length: 3 }, () => new WebSocket(ws)),
    new WebSocket(ws, { headers: { origin: 'https://elsewhere.example' } }),
  ];
  for (const socket of strangers) {
    socket.on('open', () => {
      socket.send('40');
    });
    socket.on('message', (data) => {
      if ((data as Buffer).toString().startsWith('40')) socket.send(`4${garbage}`);
    });
    socket.on('error', () => undefined);
  }
  await until(() => logged.includes('too many sockets') && logged.includes('elsewhere'), 'the warnings');
  const ids = rooms.map(({ self }) => self.id);
  const roomId = rooms[0]?.id ?? '';
  for (const room of rooms) await room.leave();
  for (const socket of strangers) socket.terminate();
  await until(() => root.rooms().length === 0 && logged.includes('a room closed'), 'an empty root');
  await root.close();

  const secret = Buffer.from(parseRoomLink(link).secret);
  const content = ['the fig tree', 'hollow', 'whispers', 'Ana Palmer', 'Ben Ficus', 'Benjamina', 'Cleo'];
  const secrets = [secret.toString('base64url'), secret.toString('hex'), secret.toString('latin1'), turn.secret];
  expect(logged).toContain('a room opened');
  for (const text of [...content, ...secrets, ...ids, roomId, '127.0.0.1']) expect(logged).not.toContain(text);
  // Ids do pass by the root; content, names and secrets do not. A stranger's own words are no content of the room.
  const bytes = Buffer.concat(carried.filter((one) => Buffer.from(one).toString('latin1') !== garbage));
  expect(bytes.includes(Buffer.from(ids[0] ?? '', 'hex'))).toBe(true);
  for (const text of [...content, ...secrets]) expect(bytes.includes(Buffer.from(text, 'latin1')), text).toBe(false);
});
