import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startRootServer, type RootServer } from '../root-server/server.ts';
import type { NodeId } from './api.ts';
import { until } from './link.contract.ts';
import { createRoomLink, joinRoom, type Message, type Room, type RoomOptions } from './node.ts';

const timeoutMs = 30_000;

describe('rooms of Node peers', () => {
  let root: RootServer;
  let rooms: Room[] = [];
  let heard: Message[][] = [];

  async function join(link: string, options: RoomOptions = {}): Promise<Room> {
    const room = await joinRoom(link, { iceServers: [], maxClients: 2, ...options });
    const messages: Message[] = [];
    room.on('message', (message) => messages.push(message));
    rooms.push(room);
    heard.push(messages);
    return room;
  }

  const attachedAll = (count: number): boolean =>
    rooms
      .filter((room) => room.state !== 'left')
      .every((room) => room.state === 'attached' && room.tree.roomSize === count);

  beforeEach(async () => {
    root = await startRootServer({ port: 0, host: '127.0.0.1' });
    rooms = [];
    heard = [];
  });

  afterEach(async () => {
    for (const room of rooms) await room.leave();
    await root.close();
  });

  it(
    '[M1] [M4] five peers form a tree and hear each other once, in order, with true hops',
    async () => {
      const link = createRoomLink(root.url);
      for (let i = 0; i < 5; i++) await join(link, { name: `peer ${i}` });
      await until(() => attachedAll(5), 'all attached');
      await Promise.all(rooms.flatMap((room, i) => [0, 1, 2].map((n) => room.send(`${i}:${n}`))));
      await until(() => heard.every((messages) => messages.length === 15), 'all heard');
      for (const messages of heard) {
        for (let i = 0; i < 5; i++) {
          const texts = messages.filter((message) => message.from === rooms[i]?.self.id).map((message) => message.text);
          expect(texts).toEqual([0, 1, 2].map((n) => `${i}:${n}`));
        }
      }
      const head = rooms.find((room) => room.tree.head);
      for (const [i, room] of rooms.entries()) {
        const fromHead = heard[i]?.find((message) => message.from === head?.self.id);
        expect(fromHead?.hops).toBe(room.tree.depth - 1);
      }
      await until(() => rooms.every((room) => room.members.size === 5 && room.tree.peers.size === 5), 'members');
      expect([...(rooms[4]?.members.values() ?? [])].map((member) => member.name).sort()).toEqual(
        [0, 1, 2, 3, 4].map((i) => `peer ${i}`),
      );
      const deep = rooms.find((room) => room.tree.depth === 3);
      const probe = await deep?.probe();
      expect(probe?.rootReachable).toBe(true);
      expect(probe?.path).toEqual([...(deep?.tree.path ?? [])].reverse());
    },
    timeoutMs,
  );

  it(
    '[L6] a newcomer is told as much of what was said before as it asked for, and all that is said after',
    async () => {
      const link = createRoomLink(root.url);
      const first = await join(link);
      for (let n = 0; n < 5; n++) await first.send(`before ${n}`);
      await join(link, { history: { messages: 2, bytes: 1_000 } });
      await join(link, { history: { messages: 100, bytes: 15 } });
      await join(link, { history: false });
      await join(link);
      await until(() => attachedAll(5), 'all attached');
      await until(() => heard[4]?.length === 5, 'the last has the past');
      await first.send('after');
      await until(() => heard.every((messages) => messages.at(-1)?.text === 'after'), 'all heard what was said after');
      expect(heard.map((messages) => messages.map(({ text }) => text))).toEqual([
        ['before 0', 'before 1', 'before 2', 'before 3', 'before 4', 'after'],
        ['before 3', 'before 4', 'after'],
        ['before 4', 'after'],
        ['after'],
        ['before 0', 'before 1', 'before 2', 'before 3', 'before 4', 'after'],
      ]);
    },
    timeoutMs,
  );

  it(
    '[H4] clients of a peer that leaves hang themselves elsewhere and miss nothing',
    async () => {
      const link = createRoomLink(root.url);
      for (let i = 0; i < 6; i++) await join(link);
      await until(() => attachedAll(6), 'all attached');
      const middle = rooms.findIndex((room) => !room.tree.head && room.tree.clients.length > 0);
      const speaker = rooms[(middle + 1) % 6] as Room;
      const talking = (async () => {
        for (let i = 0; i < 20; i++) {
          await speaker.send(`${i}`);
          await new Promise((resolve) => setTimeout(resolve, 30));
        }
      })();
      await rooms[middle]?.leave();
      await talking;
      await until(() => attachedAll(5), 'attached again');
      const rest = heard.filter((_, i) => i !== middle);
      await until(() => rest.every((messages) => messages.length >= 20), 'all heard');
      for (const messages of rest)
        expect(messages.map((message) => message.text)).toEqual(Array.from({ length: 20 }, (_, i) => `${i}`));
      for (const [i, room] of rooms.entries())
        if (i !== middle) await until(() => room.members.size === 5, 'the leaver is gone');
    },
    timeoutMs,
  );

  it(
    '[R7] [U2] talk goes on while the root is away, and peers register again when it is back',
    async () => {
      const link = createRoomLink(root.url);
      for (let i = 0; i < 3; i++) await join(link);
      await until(() => attachedAll(3) && rooms.every((room) => room.rootReachable), 'all attached');
      const parents = rooms.map((room) => room.tree.parent);
      const { port } = root;
      await root.close();
      await until(() => rooms.every((room) => !room.rootReachable), 'the root is missed');
      await rooms[0]?.send('without');
      await until(() => heard.every((messages) => messages.length === 1), 'heard without root');
      root = await startRootServer({ port, host: '127.0.0.1' });
      await until(() => rooms.every((room) => room.rootReachable), 'the root is back');
      await until(() => root.rooms()[0]?.nodes.size === 3, 'all registered');
      expect(rooms.map((room) => room.tree.parent)).toEqual(parents);
      await join(link);
      await until(() => attachedAll(4), 'a newcomer');
    },
    timeoutMs,
  );

  it(
    '[R3] [R9] without the secret nobody gets in, and rooms are apart',
    async () => {
      const [one, other] = [createRoomLink(root.url), createRoomLink(root.url)];
      await join(one);
      await join(other);
      await rooms[0]?.send('for one');
      await until(() => heard[0]?.length === 1, 'own message');
      expect([rooms[0]?.tree.roomSize, rooms[1]?.tree.roomSize, heard[1]]).toEqual([1, 1, []]);
      await expect(joinRoom(`${root.url}/#short`)).rejects.toMatchObject({ code: 'link' });
      await expect(joinRoom(root.url)).rejects.toMatchObject({ code: 'link' });
    },
    timeoutMs,
  );

  it(
    'arguments are checked, and an abort or a dead root ends the join',
    async () => {
      const link = createRoomLink(root.url);
      await expect(joinRoom('nonsense')).rejects.toMatchObject({ code: 'argument' });
      await expect(joinRoom(link, { maxClients: 99 })).rejects.toMatchObject({ code: 'argument' });
      await expect(joinRoom(link, { role: 'king' as never })).rejects.toMatchObject({ code: 'argument' });
      await expect(joinRoom(link, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'aborted' });
      const room = await join(link);
      await expect(room.send('x'.repeat(9_000))).rejects.toMatchObject({ code: 'argument' });
      await expect(room.send(5 as never)).rejects.toMatchObject({ code: 'argument' });
      await expect(room.rename('  ')).rejects.toMatchObject({ code: 'argument' });
      await room.leave();
      await expect(room.send('late')).rejects.toMatchObject({ code: 'left-room' });
      const later = new AbortController();
      const joining = joinRoom('http://127.0.0.1:9/#AAAAAAAAAAAAAAAAAAAAAA', { signal: later.signal });
      later.abort();
      await expect(joining).rejects.toMatchObject({ code: 'aborted' });
    },
    timeoutMs,
  );

  it(
    '[S7] [S8] messages() gives what comes as an iterator, direct messages only to their receiver',
    async () => {
      const link = createRoomLink(root.url);
      for (let i = 0; i < 3; i++) await join(link);
      const [a, b] = rooms as [Room, Room];
      const later = new AbortController();
      const read = (async () => {
        const texts: unknown[] = [];
        for await (const message of b.messages({ signal: later.signal })) {
          texts.push(message.text ?? message.bytes);
          if (texts.length === 3) later.abort();
        }
        return texts;
      })();
      await a.send('all');
      await expect(a.send('to nobody', { to: 'f'.repeat(32) as NodeId })).rejects.toMatchObject({
        code: 'unknown-member',
      });
      await until(() => a.members.size === 3 && b.members.size === 3, 'a and b know the others');
      const [mine, hers] = await Promise.all([a.safetyTag(b.self.id), b.safetyTag(a.self.id)]);
      expect(mine).toBe(hers);
      expect(await a.safetyTag((rooms[2] as Room).self.id)).not.toBe(mine);
      await expect(a.safetyTag(a.self.id)).rejects.toMatchObject({ code: 'argument' });
      await expect(a.safetyTag('f'.repeat(32) as NodeId)).rejects.toMatchObject({ code: 'unknown-member' });
      await a.send('only b', { to: b.self.id, channel: 'whisper' });
      await a.send(Uint8Array.of(1, 2));
      expect(await read).toEqual(['all', 'only b', Uint8Array.of(1, 2)]);
      await until(() => heard[2]?.length === 2, 'the third hears two');
      expect(heard[2]?.map((message) => message.text)).toEqual(['all', undefined]);
      // It carried the whisper, or was passed by; what its core was given has neither the words nor the channel.
      const journals = rooms.map((room) => room.journal());
      const words = ['all', 'only b', 'whisper'].map((text) => Buffer.from(text).toString('hex'));
      expect(words.map((hex) => journals[1]?.includes(hex))).toEqual([true, true, true]);
      expect(words.map((hex) => journals[2]?.includes(hex))).toEqual([true, false, false]);
    },
    timeoutMs,
  );
});
