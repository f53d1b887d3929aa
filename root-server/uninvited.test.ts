import { afterAll, beforeAll, expect, it } from 'vitest';
import { noNode, noTicket, type TicketId } from '../protocol/types.ts';
import { startRootServer, type RootServer } from './server.ts';
import { newKeys, newRoom, SocketPeer, until } from './server-script.ts';

/** Sockets that knock, and how many at a time. */
const strangersMax = 1_000;
const atOnce = 50;

let root: RootServer;

beforeAll(async () => {
  // The bounds of one address are tried elsewhere: here everybody is to be heard.
  root = await startRootServer({ port: 0, host: '127.0.0.1', pageFolder: '/nowhere', socketsPerAddressMax: 5_000 });
});

afterAll(() => root.close());

it('[R3] [A6] 1,000 joins without the secret take no slot, and none of their signals is relayed', async () => {
  const room = newRoom();
  const head = new SocketPeer(root.url, room);
  await head.register({ clientsMax: 4 });
  await head.advertise();
  head.send(head.factory.newConfirm({ purpose: 'parent', target: head.id, ticket: noTicket, attachEpoch: 1 }));
  // A ticket that is alive, so that there is something to guess.
  const member = new SocketPeer(root.url, room);
  await member.register();
  const { ticket } = await member.advertise();
  await until(() => root.rooms()[0]?.reservations === 1, 'the reservation');
  const before = root.rooms();
  const heard = head.inbox.length;

  const answers = new Map<string, number>();
  let signals = 0;
  for (let done = 0; done < strangersMax; done += atOnce) {
    const strangers = await Promise.all(
      Array.from({ length: atOnce }, async (_, i) => {
        // The room’s id is no secret; what it takes is the key behind it.
        const stranger = new SocketPeer(root.url, { id: room.id, keys: newKeys() });
        const request = await stranger.regReq();
        // Half of them try to use the root without asking, the others right after; the known ticket, and a guess.
        const guess = (i % 4 < 2 ? ticket : i.toString(16).padStart(32, '0')) as TicketId;
        const use = (): void => {
          stranger.send(stranger.factory.newSignal({ to: head.id, ticket: guess, data: Uint8Array.of(1) }));
          stranger.send(
            stranger.factory.newAdv({ purpose: 'parent', complaint: noNode, reason: 'none', attachEpoch: 0 }),
          );
          signals++;
        };
        if (i % 2 === 0) use();
        stranger.send(request);
        if (i % 2 === 1) use();
        return stranger;
      }),
    );
    await until(() => strangers.every((stranger) => stranger.ends > 0), 'all to be put out');
    for (const stranger of strangers) {
      const last = stranger.errors().at(-1) ?? 'none';
      answers.set(last, (answers.get(last) ?? 0) + 1);
      expect(stranger.inbox.some(({ header, action }) => header.type === 'registration' && action === 'response')).toBe(
        false,
      );
      expect(stranger.assignments()).toEqual([]);
    }
  }
  expect(answers).toEqual(new Map([['admission', strangersMax]]));
  expect(signals).toBe(strangersMax);

  // Same tree, same reservation or none since it ended, and nothing came to who is in the room.
  const [after] = root.rooms();
  expect(root.rooms()).toHaveLength(1);
  expect([...(after?.nodes.keys() ?? [])].sort()).toEqual([...(before[0]?.nodes.keys() ?? [])].sort());
  expect(after?.reservations).toBeLessThanOrEqual(1);
  expect(
    head.inbox.slice(heard).filter(({ header }) => header.type === 'signal' || header.type === 'advertise'),
  ).toEqual([]);
  // Who has the secret gets a slot at once.
  const late = new SocketPeer(root.url, room);
  await late.register();
  expect(await late.advertise()).toMatchObject({ result: 'node' });
  for (const peer of [head, member, late]) peer.close();
}, 60_000);
