import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { noNode, type NodeId, type SessionId } from '../protocol/types.ts';
import { encodeUtf8 } from '../protocol/wire/bytes.ts';
import { startRootServer, type RootServer } from '../root-server/server.ts';
import { until } from './link.contract.ts';
import { idOf, placeOf } from './message-id.ts';
import { createRoomLink, joinRoom, type Message, type Receipt, type Room, type Typing } from './node.ts';
import { Receipts } from './receipts.ts';
import { Typist } from './typist.ts';

const timeoutMs = 40_000;

describe('talk among Node peers', () => {
  let root: RootServer;
  let rooms: Room[];
  const heard: Message[][] = [];
  const receipts: Receipt[][] = [];
  const typing: Typing[][] = [];

  async function join(link: string, name: string): Promise<Room> {
    const room = await joinRoom(link, { iceServers: [], maxClients: 1, name });
    const [said, told, typed]: [Message[], Receipt[], Typing[]] = [[], [], []];
    room.on('message', (message) => said.push(message));
    room.on('receipt', (receipt) => told.push(receipt));
    room.on('typing', (hint) => typed.push(hint));
    rooms.push(room);
    heard.push(said);
    receipts.push(told);
    typing.push(typed);
    return room;
  }

  /** A chain of three: what the first says reaches the third by way of the second. */
  async function three(): Promise<[Room, Room, Room]> {
    const link = createRoomLink(root.url);
    const all = [await join(link, 'Ana'), await join(link, 'Ben'), await join(link, 'Cara')] as [Room, Room, Room];
    await until(
      () => all.every((room) => room.state === 'attached' && room.members.size === 3 && room.tree.peers.size === 3),
      'three',
    );
    return all;
  }

  const lastOf = (of: number, id: string): string | undefined => {
    const last = receipts[of]?.filter((receipt) => receipt.id === id).at(-1);
    return last && `${last.reached} of ${last.of}`;
  };

  beforeEach(async () => {
    root = await startRootServer({ port: 0, host: '127.0.0.1' });
    rooms = [];
    heard.length = receipts.length = typing.length = 0;
  });

  afterEach(async () => {
    for (const room of rooms) await room.leave();
    await root.close();
  });

  it(
    '[T1] [T5] a sender learns how many were given its messages; of one for one, whether that one was',
    async () => {
      const [, ben, cara] = await three();
      const [public1, private1] = await Promise.all([ben.send('to all'), ben.send('psst', { to: cara.self.id })]);
      await until(() => lastOf(1, public1) === '2 of 2' && lastOf(1, private1) === '1 of 1', 'receipts');
      expect(receipts[0]).toEqual([]);
      expect(heard[0]?.map(({ text }) => text)).toEqual(['to all']);
      // Whoever leaves is waited for no longer, and who stays was given it.
      await cara.leave();
      await until(() => lastOf(1, public1) === '1 of 1', 'receipts of those who stayed');
      expect(lastOf(1, private1)).toBe('1 of 1');
    },
    timeoutMs,
  );

  it(
    '[T6] [T7] typing is told to others, and ends with the message',
    async () => {
      const [ana, , cara] = await three();
      for (let key = 0; key < 10; key++) ana.typing(true, 'game');
      await until(() => typing[2]?.length === 1, 'begins');
      await ana.send('said', { channel: 'game' });
      await until(() => typing[2]?.length === 2, 'ends');
      const from = ana.self.id;
      expect(typing[2]).toEqual([
        { from, active: true, channel: 'game' },
        { from, active: false, channel: 'game' },
      ]);
      expect(typing[0]).toEqual([]);
      cara.typing(false);
      expect(() => {
        cara.typing(true, 'x'.repeat(33));
      }).toThrow(/channel/);
    },
    timeoutMs,
  );

  it(
    '[M7] an answer names the message it answers, to all and to one',
    async () => {
      const [ana, ben, cara] = await three();
      const asked = await ana.send('who?');
      await until(() => heard[2]?.length === 1, 'asked');
      const answered = await cara.send('me', { replyTo: asked });
      await cara.send('but do not tell', { replyTo: asked, to: ana.self.id });
      await until(() => heard[0]?.length === 3 && heard[1]?.length === 2, 'answered');
      expect(heard[0]?.map(({ text, replyTo, to }) => [text, replyTo, to])).toEqual([
        ['who?', undefined, undefined],
        ['me', asked, undefined],
        ['but do not tell', asked, ana.self.id],
      ]);
      expect(heard[1]?.[1]).toMatchObject({ id: answered, text: 'me', replyTo: asked });
      await expect(ben.send('x', { replyTo: 'nothing' })).rejects.toMatchObject({ code: 'argument' });
      await expect(ben.send(Uint8Array.of(1), { replyTo: asked })).rejects.toMatchObject({ code: 'argument' });
    },
    timeoutMs,
  );
});

describe('the names of messages', () => {
  it('come back as they went, and nothing else is one', () => {
    const place = { sender: 'ab'.repeat(16) as NodeId, session: '01'.repeat(8) as SessionId, seq: 7, index: 2 };
    expect(placeOf(idOf(place))).toEqual(place);
    const wrong = ['', `${idOf(place)}:1`, idOf({ ...place, seq: 2 ** 32 }), idOf({ ...place, index: 70_000 })];
    for (const id of wrong) expect(placeOf(id)).toBeUndefined();
  });
});

describe('receipts', () => {
  const message = (content: 'text' | 'file', to = noNode) => ({ content, data: encodeUtf8('x'), to, channel: '' });
  const output = (seq: number, reached: number) => ({
    kind: 'receipts' as const,
    session: '01'.repeat(8) as SessionId,
    of: 4,
    receipts: [{ seq, reached }],
  });

  it('[T1] are told for each message of a packet, for none of a file, and for the last 32 packets', () => {
    const told: Receipt[] = [];
    const receipts = new Receipts((receipt) => told.push(receipt));
    receipts.sent(1, ['1:0', '1:1', '1:2'], [message('text'), message('file'), message('text')]);
    receipts.sent(2, ['2:0'], [message('text', 'ab'.repeat(16) as NodeId)]);
    receipts.output(output(1, 3));
    receipts.output(output(2, 0));
    receipts.output(output(2, 2));
    receipts.output(output(9, 2));
    expect(told).toEqual([
      { id: '1:0', reached: 3, of: 4 },
      { id: '1:2', reached: 3, of: 4 },
      { id: '2:0', reached: 0, of: 1 },
      { id: '2:0', reached: 1, of: 1 },
    ]);
    receipts.sent(33, ['33:0'], [message('text')]);
    told.length = 0;
    receipts.output(output(1, 4));
    receipts.output(output(2, 0));
    expect(told).toEqual([]);
  });
});

describe('a typist', () => {
  it('[T6] says it once, again while it lasts, and its end', () => {
    const said: string[] = [];
    const typist = new Typist((active, channel) => said.push(`${active ? '+' : '-'}${channel}`));
    for (const atMs of [0, 500, 3_999, 4_000, 5_000]) typist.types(true, 'a', atMs);
    expect(said.splice(0)).toEqual(['+a', '+a']);
    typist.types(true, 'b', 5_100);
    typist.types(false, 'a', 5_200);
    typist.types(false, 'b', 5_300);
    typist.types(false, 'b', 5_400);
    expect(said.splice(0)).toEqual(['+b', '-b']);
    typist.types(true, 'b', 6_000);
    typist.spoke();
    typist.types(false, 'b', 6_100);
    typist.types(true, 'b', 6_200);
    expect(said).toEqual(['+b', '+b']);
  });
});
