import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { findWork } from '../client/crypto/work.ts';
import { createRoomLink, joinRoom } from '../client/node.ts';
import { noTicket } from '../protocol/types.ts';
import { encodePacket } from '../protocol/wire/packet.ts';
import { workBitsAsked } from '../protocol/work.ts';
import { startRootServer, type RootServer, type RootServerOptions } from './server.ts';
import { newRoom, SocketPeer, until, type TestRoom } from './server-script.ts';

let root: RootServer;
let room: TestRoom;
let peers: SocketPeer[] = [];

async function start(options: Partial<RootServerOptions> = {}): Promise<void> {
  root = await startRootServer({ port: 0, host: '127.0.0.1', pageFolder: '/nowhere', ...options });
}

function connect(options: ConstructorParameters<typeof SocketPeer>[2] = {}): SocketPeer {
  const peer = new SocketPeer(root.url, room, options);
  peers.push(peer);
  return peer;
}

async function joined(options: ConstructorParameters<typeof SocketPeer>[2] = {}): Promise<SocketPeer> {
  const peer = connect(options);
  await peer.register();
  return peer;
}

/** As if by way of a proxy that saw this address. */
const via = (address: string) => ({ headers: { 'x-forwarded-for': `198.51.100.1, ${address}` } });

beforeEach(() => {
  room = newRoom();
  peers = [];
});

afterEach(async () => {
  for (const peer of peers) peer.close();
  await root.close();
});

describe('challenges', () => {
  it('[R1] are good once, and on their own socket only', async () => {
    await start();
    const [first, second] = [connect(), connect()];
    const stolen = await first.regReq();
    second.send(await second.regReq({ challenge: await first.challenge() }));
    await until(() => second.ends === 1, 'the end of the second');
    expect(second.errors()).toEqual(['challenge']);
    first.send(stolen);
    await first.got('registration', 'response');
    first.send(stolen);
    await until(() => first.ends === 1, 'the end of who registers twice');
    // Recorded and played again on another socket.
    const replay = connect(first);
    await replay.challenge();
    replay.socket.emit('packet', Buffer.from(encodePacket(first.seal(stolen))));
    await until(() => replay.ends === 1, 'the end of the replay');
    expect(replay.errors()).toEqual(['challenge']);
  });

  it('[R5] not answered in 10 s end the socket, and so does saying nothing at all', async () => {
    await start();
    const startMs = Date.now();
    const silent = connect();
    const mute = new WebSocket(`${root.url.replace('http', 'ws')}/banyan/?EIO=4&transport=websocket`);
    let isClosed = false;
    mute.on('close', () => (isClosed = true));
    await until(() => silent.ends === 1 && isClosed, 'both ends', 15_000);
    expect(silent.errors()).toEqual(['deadline']);
    expect(Date.now() - startMs).toBeGreaterThan(9_000);
  }, 20_000);

  it('[R10] ask for work when too many come, and let in who did it', async () => {
    await start({ joinsPerSecondMax: 0.2 });
    for (let i = 0; i < 8; i++) await joined();
    let asked: SocketPeer | undefined;
    // A root that has just started asks for none.
    while (asked === undefined) {
      const peer = connect();
      if (workBitsAsked(await peer.challenge()) > 0) asked = peer;
      else await peer.register();
      // Not so many that the address may open no more.
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const lazy = connect();
    lazy.send(await lazy.regReq());
    await until(() => lazy.ends === 1, 'the end of the lazy one');
    expect(lazy.errors()).toEqual(['challenge']);
    await asked.register({ work: await findWork(await asked.challenge(), asked.keys.publicKey) });
    expect(asked.errors()).toEqual([]);
    // The client does all that by itself.
    const real = await joinRoom(createRoomLink(root.url));
    expect(real.state).toBe('attached');
    await real.leave();
  }, 30_000);
});

describe('an address', () => {
  it('[R11] that opens sockets too fast is told `rate`, then not let in, while others are', async () => {
    await start({ socketsPerAddressMax: 20, trustProxy: 1 });
    const flood = Array.from({ length: 180 }, () => connect(via('203.0.113.9')));
    await until(() => flood.every((peer) => peer.inbox.length > 0 || peer.connectError !== undefined), 'all answered');
    const count = (code: string): number => flood.filter((peer) => peer.errors()[0] === code).length;
    const refused = flood.filter((peer) => peer.connectError !== undefined).length;
    expect(count('rate')).toBeGreaterThan(20);
    expect(refused).toBeGreaterThan(5);
    expect(count('rate') + count('full') + refused).toBe(180 - 20);
    await joined(via('203.0.113.10'));
  });

  it('[R11] that sends too much by many sockets is told once on each, and another address loses nothing', async () => {
    await start({ socketsPerAddressMax: 20, trustProxy: 1 });
    const many = await Promise.all(Array.from({ length: 20 }, () => joined(via('203.0.113.9'))));
    const other = await joined(via('203.0.113.10'));
    for (const peer of many) {
      const probe = peer.factory.newProbe({ probe: 1, path: [peer.id], signature: undefined }, 'pull');
      // Within what one socket may do.
      for (let i = 0; i < 55; i++) peer.send(probe);
    }
    await until(() => many.some((peer) => peer.errors().length > 0), 'the first to be told');
    other.send(other.factory.newProbe({ probe: 1, path: [other.id], signature: undefined }, 'pull'));
    await other.got('reunion', 'confirm');
    expect(other.errors()).toEqual([]);
    for (const peer of many) expect([['rate'], []]).toContainEqual(peer.errors());
    expect(many.map((peer) => peer.ends)).toEqual(many.map(() => 0));
  });

  it('is the connection’s own without trusted proxies: nobody chooses their own', async () => {
    await start({ socketsPerAddressMax: 1 });
    await joined(via('203.0.113.9'));
    const second = connect(via('203.0.113.10'));
    await until(() => second.ends === 1, 'the end of the second');
    expect(second.errors()).toEqual(['full']);
    expect(root.rooms()[0]?.nodes.values().next().value?.ip).toBe('127.0.0.1');
  });

  it('is the one a trusted proxy saw, and what the client wrote itself counts for nothing', async () => {
    await start({ socketsPerAddressMax: 1, trustProxy: 1 });
    const [first, second] = [await joined(via('203.0.113.9')), await joined(via('2001:db8::1'))];
    const again = connect({ headers: { 'x-forwarded-for': '198.51.100.99, 203.0.113.9' } });
    await until(() => again.ends === 1, 'the end of the third');
    expect(again.errors()).toEqual(['full']);
    const nodes = root.rooms()[0]?.nodes;
    expect([nodes?.get(first.id)?.ip, nodes?.get(second.id)?.ip]).toEqual(['203.0.113.9', '2001:db8::1']);
  });
});

describe('relaying', () => {
  it('[A6] ends after 40 signals each way of a ticket', async () => {
    await start();
    const head = await joined();
    await head.advertise();
    head.send(head.factory.newConfirm({ purpose: 'parent', target: head.id, ticket: noTicket, attachEpoch: 1 }));
    const asker = await joined();
    const { ticket } = await asker.advertise();
    for (let i = 0; i < 50; i++) asker.send(asker.factory.newSignal({ to: head.id, ticket, data: Uint8Array.of(i) }));
    await until(() => asker.errors().length === 10, 'ten refusals');
    const signals = head.inbox.filter((packet) => packet.header.type === 'signal');
    expect([signals.length, new Set(asker.errors())]).toEqual([40, new Set(['no-ticket'])]);
    expect(asker.ends).toBe(0);
  });
});

describe('origins', () => {
  it('[R2] a program without an origin, a page of this server and a page that was named may come, on any address', async () => {
    await start({ host: '0.0.0.0', allowedOrigins: ['https://friend.example'] });
    await joined();
    for (const url of [root.url, ...root.lanUrls]) {
      const page = new SocketPeer(url, room, { origin: url });
      peers.push(page);
      await page.register({ origin: url });
    }
    const friend = connect({ origin: 'https://friend.example' });
    await friend.register({ origin: 'https://friend.example' });
    const foe = connect({ origin: 'https://friend.example.evil' });
    await until(() => foe.connectError !== undefined, 'a refused connection');
  });
});
