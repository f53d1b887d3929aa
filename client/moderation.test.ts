import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startRootServer, type RootServer } from '../root-server/server.ts';
import { until } from './link.contract.ts';
import {
  BanyanError,
  createIdentity,
  createOwnedRoom,
  createRoomLink,
  joinRoom,
  parseRoomLink,
  type Message,
  type Room,
  type RoomOptions,
} from './node.ts';

const timeoutMs = 60_000;

async function rejection(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return error instanceof BanyanError ? error.code : 'not a BanyanError';
  }
  return 'none';
}

describe('a room with an owner, among Node peers', () => {
  let root: RootServer;
  let rooms: Room[];
  let link: string;
  let ownerKey: string;

  async function join(options: RoomOptions = {}): Promise<Room> {
    const room = await joinRoom(link, { iceServers: [], maxClients: 1, ...options });
    rooms.push(room);
    return room;
  }

  /** The owner, and two others in a chain below. */
  async function three(): Promise<[Room, Room, Room]> {
    const all = [await join({ ownerKey }), await join(), await join()] as [Room, Room, Room];
    await until(() => all.every((room) => room.state === 'attached' && room.members.size === 3), 'three');
    return all;
  }

  beforeEach(async () => {
    root = await startRootServer({ port: 0, host: '127.0.0.1' });
    rooms = [];
    ({ link, ownerKey } = await createOwnedRoom(root.url));
  });

  afterEach(async () => {
    for (const room of rooms) await room.leave();
    await root.close();
  });

  it(
    '[O2] [O4] who may not speak is told so, and heard by nobody when it goes on all the same',
    async () => {
      const [ana, ben, cara] = await three();
      expect([ana.moderation.mine, ben.moderation.mine, ben.moderation.owner]).toEqual([true, false, ana.self.id]);
      expect(await rejection(ben.moderate({ quiet: true }))).toBe('not-owner');
      await ana.moderate({ quiet: true, speakers: [cara.self.id] });
      await until(() => rooms.every((room) => room.moderation.quiet), 'quiet everywhere');
      expect(rooms.map((room) => room.moderation.maySpeak)).toEqual([true, false, true]);
      expect(await rejection(ben.send('may I?'))).toBe('may-not-speak');
      // Its own checks are bypassed: the others' are not.
      const heard: Message[] = [];
      for (const room of [ana, cara]) room.on('message', (message) => heard.push(message));
      Object.defineProperty(ben.moderation, 'maySpeak', { value: true });
      await ben.send('all the same');
      await cara.send('I may');
      await ana.moderate({ quiet: false });
      await until(() => !ben.moderation.quiet, 'open again');
      await ben.send('now I may');
      await until(() => heard.length === 4, 'what may be heard');
      expect(new Set(heard.map(({ text }) => text))).toEqual(new Set(['I may', 'now I may']));
    },
    timeoutMs,
  );

  it(
    '[O3] [O6] a locked room refuses newcomers by name, and takes back who was in; who is removed is put out',
    async () => {
      const identity = createIdentity();
      const ana = await join({ ownerKey });
      const ben = await join({ identity });
      const cara = await join();
      await until(() => rooms.every((room) => room.members.size === 3), 'three');
      await ana.moderate({ lock: true });
      expect(await rejection(join())).toBe('locked');
      await ben.leave();
      const again = await join({ identity });
      expect(again.self.id).toBe(ben.self.id);
      await ana.moderate({ remove: [cara.self.id] });
      await until(() => cara.state === 'left' && !ana.members.has(cara.self.id), 'removed');
      expect(cara.reason).toBe('removed');
      await until(() => again.state === 'attached' && again.tree.roomSize === 2, 'two');
    },
    timeoutMs,
  );

  it(
    '[O5] a root that starts anew hears of the lock from who registers again',
    async () => {
      const [ana] = await three();
      await ana.moderate({ lock: true });
      await until(() => rooms.every((room) => room.moderation.locked), 'locked everywhere');
      const { port } = root;
      await root.close();
      root = await startRootServer({ port, host: '127.0.0.1' });
      await until(() => (root.rooms()[0]?.nodes.size ?? 0) === 3, 'registered again', 30_000);
      expect(await rejection(join())).toBe('locked');
    },
    timeoutMs,
  );

  it('[O1] nobody is the owner without the key, nor of the same room by another name', async () => {
    expect(await rejection(join({ ownerKey: createIdentity() }))).toBe('argument');
    const other = await createOwnedRoom(root.url);
    const swapped = `${link.split('.').slice(0, -1).join('.')}.${other.link.split('.').at(-1) ?? ''}`;
    const [one, two] = [
      await join({ ownerKey }),
      await joinRoom(swapped, { ownerKey: other.ownerKey, iceServers: [] }),
    ];
    rooms.push(two);
    expect(one.id).not.toBe(two.id);
    expect(parseRoomLink(swapped).secret).toEqual(parseRoomLink(link).secret);
    expect(parseRoomLink(createRoomLink(root.url)).owner).toBe('0'.repeat(32));
  });
});
