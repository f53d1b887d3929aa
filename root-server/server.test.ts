import fc from 'fast-check';
import { generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { noNode, noTicket } from '../protocol/types.ts';
import { signalBody } from '../protocol/wire/bodies.ts';
import { encodePacket, type Packet } from '../protocol/wire/packet.ts';
import { createLogger } from './log.ts';
import { startRootServer, type RootServer, type RootServerOptions } from './server.ts';
import { newKeys, newRoom, SocketPeer, until, type TestRoom } from './server-script.ts';

let root: RootServer;
let room: TestRoom;
let peers: SocketPeer[] = [];

async function start(options: Partial<RootServerOptions> = {}): Promise<RootServer> {
  return startRootServer({ port: 0, host: '127.0.0.1', pageFolder: '/nowhere', ...options });
}

function connect(
  options: { origin?: string; keys?: ReturnType<typeof newKeys>; room?: TestRoom; url?: string } = {},
): SocketPeer {
  const { url = root.url, room: where = room, ...rest } = options;
  const peer = new SocketPeer(url, where, rest);
  peers.push(peer);
  return peer;
}

async function joined(options: Parameters<typeof connect>[0] = {}): Promise<SocketPeer> {
  const peer = connect(options);
  await peer.register();
  return peer;
}

/** A peer that has its place and must keep it, whatever another one does. */
async function expectUnharmed(good: SocketPeer): Promise<void> {
  good.inbox.length = 0;
  good.send(good.factory.newProbe({ probe: 7, path: [good.id], signature: undefined }, 'pull'));
  await good.got('reunion', 'confirm');
  expect([good.errors(), good.ends]).toEqual([[], 0]);
}

beforeEach(async () => {
  root = await start();
  room = newRoom();
  peers = [];
});

afterEach(async () => {
  for (const peer of peers) peer.close();
  await root.close();
});

describe('registration', () => {
  it('[R1] [R4] challenges, acknowledges, and gives the first its place as head', async () => {
    const [a, b] = [await joined(), await joined()];
    expect(await a.challenge()).not.toEqual(await b.challenge());
    expect((await a.advertise()).result).toBe('head');
    a.send(a.factory.newConfirm({ purpose: 'parent', target: a.id, ticket: noTicket, attachEpoch: 1 }));
    expect(await b.advertise()).toMatchObject({ result: 'node', target: a.id });
    await a.got('advertise', 'expect');
    const [view] = root.rooms();
    expect([view?.room, view?.head, view?.nodes.size]).toEqual([room.id, a.id, 2]);
    expect(view?.nodes.get(a.id)).toMatchObject({ ip: '127.0.0.1', connected: true });
  });

  it('[R2] [R3] [R4] refuses what proves nothing, and harms nobody else by it', async () => {
    const good = await joined();
    await good.advertise();
    const wrong = new Uint8Array(64).fill(3);
    const cases: [string, (peer: SocketPeer) => Promise<Packet>][] = [
      ['challenge', (peer) => peer.regReq({ challenge: new Uint8Array(32) })],
      ['origin', (peer) => peer.regReq({ origin: 'http://elsewhere' })],
      ['admission', (peer) => peer.regReq({ admission: wrong })],
      // The secret of another room does not open this one.
      ['admission', (peer) => peer.regReq({ room: newRoom().id })],
    ];
    for (const [code, make] of cases) {
      const bad = connect();
      bad.send(await make(bad));
      await until(() => bad.ends > 0, `the end after ${code}`);
      expect(bad.errors()).toEqual([code]);
    }
    const forger = connect();
    const packet = await forger.regReq();
    forger.socket.emit('packet', Buffer.from(encodePacket({ ...packet, validator: wrong })));
    const early = connect();
    await early.challenge();
    early.send(early.factory.newLeave(good.id, 'left', 0));
    await until(() => forger.errors().length + early.errors().length === 2, 'two refusals');
    expect([forger.errors(), early.errors()]).toEqual([['malformed'], ['out-of-turn']]);
    await expectUnharmed(good);
    expect(root.rooms()).toHaveLength(1);
  });

  it('[R6] the newest socket of an id has it', async () => {
    const keys = newKeys();
    const old = await joined({ keys });
    const now = await joined({ keys });
    await until(() => old.ends === 1, 'the end of the older socket');
    expect(old.errors()).toEqual(['replaced']);
    await expectUnharmed(now);
  });

  it('[S1] keys of small order and non-canonical ones register nobody', async () => {
    const order8 = 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a';
    const nonCanonical = `ee${'ff'.repeat(30)}7f`;
    for (const hex of [order8, nonCanonical, '00'.repeat(32), `01${'00'.repeat(31)}`]) {
      const { privateKey } = generateKeyPairSync('ed25519');
      const peer = connect({ keys: { privateKey, publicKey: Uint8Array.from(Buffer.from(hex, 'hex')) } });
      const packet = await peer.regReq();
      // R = the neutral element and s = 0: verifiers that accept such keys accept this for every message.
      peer.socket.emit(
        'packet',
        Buffer.from(encodePacket({ ...packet, validator: Uint8Array.of(1, ...new Uint8Array(63)) })),
      );
      await until(() => peer.errors().length > 0, 'a refusal');
      expect(peer.errors()).toEqual(['malformed']);
    }
    expect(root.rooms()).toEqual([]);
  });

  it('a LEAVE right before the close counts, whichever of both is read first', async () => {
    for (const end of ['disconnect', 'close'] as const) {
      const peer = await joined({ room: newRoom() });
      peer.send(peer.factory.newLeave(peer.id, 'left', 0));
      if (end === 'disconnect') peer.socket.disconnect();
      else peer.socket.io.engine.close();
      await until(() => root.rooms().length === 0, 'an empty root');
    }
  });
});

describe('what is no packet', () => {
  it('[W5] [W8] is answered by name, ends a socket only when it goes on, and harms nobody else', async () => {
    const good = await joined();
    await good.advertise();
    const bytes = Buffer.from(encodePacket(good.factory.newLeave(noNode, 'none', 0)));
    const attempts: [string, (peer: SocketPeer) => void][] = [
      ['malformed', (peer) => peer.socket.emit('packet')],
      ['malformed', (peer) => peer.socket.emit('packet', bytes, bytes)],
      ['malformed', (peer) => peer.socket.emit('packet', 'text')],
      ['malformed', (peer) => peer.socket.emit('packet', { bytes })],
      ['malformed', (peer) => peer.socket.emit('packet', bytes, () => 0)],
      ['malformed', (peer) => peer.socket.emit('message', bytes)],
      ['malformed', (peer) => peer.socket.emit('__proto__', bytes)],
      ['malformed', (peer) => peer.socket.emit('packet', Buffer.alloc(0))],
      ['malformed', (peer) => peer.socket.emit('packet', bytes.subarray(1))],
      ['too-large', (peer) => peer.socket.emit('packet', Buffer.alloc(32_769))],
      // A message is none of the things that may be sent to a root.
      ['malformed', (peer) => peer.send(peer.factory.newMessage([], 1, 0))],
    ];
    for (const [code, attempt] of attempts) {
      const bad = await joined();
      attempt(bad);
      await until(() => bad.errors().length > 0, code);
      expect([bad.errors(), bad.ends]).toEqual([[code], 0]);
      await expectUnharmed(bad);
      bad.close();
    }
    await expectUnharmed(good);
    const huge = await joined();
    huge.socket.emit('packet', Buffer.alloc(1_000_000));
    const stubborn = await joined();
    for (let i = 0; i < 12; i++) stubborn.socket.emit('nonsense');
    await until(() => huge.ends + stubborn.ends === 2, 'both to end');
    expect(stubborn.errors()).toHaveLength(10);
    await expectUnharmed(good);
  });

  it('[W8] 20,000 pieces of garbage over real sockets leave the root as it was', async () => {
    await root.close();
    let logged = '';
    // The bounds of one address are tried elsewhere: here everything is to be read.
    root = await start({ socketsPerAddressMax: 10_000, log: createLogger('json', (text) => (logged += text)) });
    const good = await joined();
    await good.advertise();
    const template = encodePacket(
      good.factory.newAdv({ purpose: 'parent', complaint: noNode, reason: 'none', attachEpoch: 1 }),
    );
    const mutated = fc.tuple(fc.nat(template.length - 1), fc.nat(255)).map(([at, value]) => {
      const bytes = Buffer.from(template);
      bytes[at] = value;
      return bytes;
    });
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 400 }).map((raw) => Buffer.from(raw)),
      mutated,
    );
    const event = fc.oneof({ weight: 6, arbitrary: fc.constant('packet') }, fc.string({ maxLength: 8 }));
    const argument = fc.oneof({ weight: 4, arbitrary: bytes }, fc.jsonValue({ maxDepth: 2 }));
    let sent = 0;
    let bad = await joined();
    await fc.assert(
      fc.asyncProperty(event, fc.array(argument, { minLength: 1, maxLength: 2 }), async (name, args) => {
        if (bad.ends > 0 || !bad.socket.connected) {
          bad.close();
          bad = connect();
          // Half of it comes from somebody who has not registered.
          if (sent % 2 === 0) await bad.register();
          else await bad.challenge();
        }
        // The client itself refuses to send these.
        if (['connect', 'connect_error', 'disconnect', 'disconnecting', 'newListener', 'removeListener'].includes(name))
          return;
        bad.socket.emit(name, ...args);
        sent++;
        if (sent % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
      }),
      { numRuns: 21_000 },
    );
    expect(sent).toBeGreaterThanOrEqual(20_000);
    expect(logged).not.toContain('could not be handled');
    await expectUnharmed(good);
    await expect(fetch(`${root.url}/healthz`).then((answer) => answer.json())).resolves.toMatchObject({ rooms: 1 });
  }, 180_000);
});

describe('relaying', () => {
  it('[A6] signals pass between the two ends of a ticket with the bytes their sender signed', async () => {
    const [head, asker] = [await joined(), await joined()];
    await head.advertise();
    head.send(head.factory.newConfirm({ purpose: 'parent', target: head.id, ticket: noTicket, attachEpoch: 1 }));
    const { ticket } = await asker.advertise();
    const signal = asker.seal(asker.factory.newSignal({ to: head.id, ticket, data: Uint8Array.of(1, 2, 3) }));
    asker.socket.emit('packet', Buffer.from(encodePacket(signal)));
    const received = await head.got('signal', 'request');
    expect([received.validator, received.body, received.sender]).toEqual([
      signal.validator,
      signal.body,
      asker.keys.publicKey,
    ]);
    expect(signalBody.decode(received.body)?.data).toEqual(Uint8Array.of(1, 2, 3));
    asker.send(asker.factory.newSignal({ to: asker.id, ticket, data: Uint8Array.of(1) }));
    await until(() => asker.errors().length > 0, 'a refusal');
    expect(asker.errors()).toEqual(['no-ticket']);
  });

  it('a tap sees everything that crosses, even what means nothing', async () => {
    const seen: string[] = [];
    const tapped = await start({
      onBytes: (direction, bytes) => seen.push(`${direction} ${Buffer.from(bytes).toString('latin1')}`),
    });
    const peer = await joined({ url: tapped.url });
    peer.socket.emit('packet', Buffer.from('some secret words'));
    peer.socket.emit('other', 'more words');
    await until(() => peer.errors().length === 2, 'two refusals');
    expect(seen.some((one) => one === 'in some secret words')).toBe(true);
    expect(seen.some((one) => one.startsWith('in ') && one.includes('more words'))).toBe(true);
    expect(seen.some((one) => one.startsWith('out '))).toBe(true);
    await tapped.close();
  });
});

describe('bounds', () => {
  it('an address beyond its sockets is told `full`, and gets in when one of them ends', async () => {
    const small = await start({ socketsPerAddressMax: 2 });
    const [first, second] = [await joined({ url: small.url }), await joined({ url: small.url })];
    const third = connect({ url: small.url });
    await until(() => third.ends === 1, 'the end of the third');
    expect(third.errors()).toEqual(['full']);
    first.close();
    await until(() => small.rooms()[0]?.nodes.get(first.id)?.connected === false, 'the first to be gone');
    await joined({ url: small.url });
    await expectUnharmed(second);
    await small.close();
  });

  it('a root beyond its sockets says so too', async () => {
    const small = await start({ socketsMax: 1 });
    const first = await joined({ url: small.url });
    const second = connect({ url: small.url });
    await until(() => second.ends === 1, 'the end of the second');
    expect(second.errors()).toEqual(['full']);
    await expectUnharmed(first);
    await small.close();
  });

  it('WebSockets that never say what they are do not pile up', async () => {
    const small = await start({ socketsPerAddressMax: 1 });
    const idle = Array.from(
      { length: 80 },
      () => new WebSocket(`${small.url.replace('http', 'ws')}/banyan/?EIO=4&transport=websocket`),
    );
    let closed = 0;
    for (const socket of idle) socket.on('close', () => closed++);
    await until(() => closed === 80 - 65, 'those beyond 1 + 64 to be cut');
    for (const socket of idle) socket.close();
    await until(() => closed === 80, 'the rest to close');
    await joined({ url: small.url });
    await small.close();
  });

  it('[R2] pages of another site cannot connect, pages of this one and of those named can', async () => {
    const open = await start({ allowedOrigins: ['https://friend.example'] });
    const stranger = connect({ origin: 'https://elsewhere.example' });
    await until(() => stranger.connectError !== undefined, 'a refused connection');
    for (const origin of ['null', 'http://127.0.0.1', `http://localhost:${root.port}`]) {
      const other = connect({ origin });
      await until(() => other.connectError !== undefined, `${origin} to be refused`);
    }
    const own = connect({ origin: root.url });
    await own.register({ origin: root.url });
    const friend = connect({ url: open.url, origin: 'https://friend.example' });
    await friend.register({ origin: 'https://friend.example' });
    // A page cannot pass for a program.
    const liar = connect({ origin: root.url });
    liar.send(await liar.regReq({ origin: 'node' }));
    await until(() => liar.errors().length > 0, 'a refusal');
    expect(liar.errors()).toEqual(['origin']);
    await open.close();
  });

  it('closes within a moment, and another one starts on the same port', async () => {
    const peer = await joined();
    const { port } = root;
    await root.close();
    await until(() => peer.ends === 1, 'the end');
    root = await start({ port });
    expect(root.port).toBe(port);
    await joined();
    await expect(start({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});
