import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codeOf } from './code-of.ts';
import type { PeerView } from '../protocol/core/io.ts';
import { noNode, noSession, type NodeId, type PeerState } from '../protocol/types.ts';
import { messagesBody, type Message as WireMessage } from '../protocol/wire/bodies.ts';
import { encodeUtf8 } from '../protocol/wire/bytes.ts';
import { PacketFactory } from '../protocol/wire/packet-factory.ts';
import type { Message, Room, RoomEvents } from './api.ts';
import { contentsOf } from './delivered.ts';
import { Emitter } from './emitter.ts';
import { MessageQueue } from './message-queue.ts';
import { checkMessage, checkOptions, normalizeName } from './options.ts';
import { stateChange, treeView } from './standing.ts';
import { roomStores } from './svelte.ts';

const [me, ana, ben] = ['1', '2', '3'].map((digit) => digit.repeat(32) as NodeId) as [NodeId, NodeId, NodeId];

describe('names', () => {
  it.each([
    ['  Ana \n\t Lu  ', 'Ana Lu'],
    ['e\u0301', '\u00e9'],
    ['e\u00ad\u0301', '\u00e9'],
    ['a \u00ad b', 'a b'],
    ['a\u202eb\u2066c\u200fd\u061ce', 'abcde'],
    ['x\u0000\u0007\u001b[31my', 'x[31my'],
    ['\u{1f469}\u200d\u{1f4bb}', '\u{1f469}\u200d\u{1f4bb}'],
    ['\ud800x\udc00', 'x'],
    ['\u200b\u200d \u00ad', ''],
    ['', ''],
  ])('%j is shown as %j', (name, shown) => {
    expect(normalizeName(name)).toBe(shown);
  });

  it('are at most 64 bytes of UTF-8, one line, and stay as they are', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (name) => {
        const shown = normalizeName(name);
        expect(encodeUtf8(shown).length).toBeLessThanOrEqual(64);
        expect(shown).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
        expect(normalizeName(shown)).toBe(shown);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('options', () => {
  it('have defaults: k is 4, 8 for a relay, 0 for a leaf', () => {
    expect(checkOptions({})).toEqual({
      name: '',
      role: 'peer',
      clientsMax: 4,
      history: true,
      historyLimit: undefined,
      iceServers: undefined,
      hideAddress: false,
      isOwner: false,
    });
    const turn = [{ urls: ['stun:a.example', 'turn:a.example'], username: 'a', credential: 'b' }];
    expect(checkOptions({ hideAddress: true })).toMatchObject({ iceServers: undefined, hideAddress: true });
    expect(checkOptions({ hideAddress: true, iceServers: turn })).toMatchObject({
      iceServers: turn,
      hideAddress: true,
    });
    expect(checkOptions({ role: 'relay' })).toMatchObject({ role: 'relay', clientsMax: 8 });
    expect(checkOptions({ role: 'leaf' })).toMatchObject({ role: 'leaf', clientsMax: 0 });
    expect(checkOptions({ maxClients: 0 })).toMatchObject({ role: 'leaf', clientsMax: 0 });
    const few = { messages: 10, bytes: 1_000 };
    expect(checkOptions({ history: few })).toMatchObject({ history: true, historyLimit: few });
    expect(checkOptions({ history: { ...few, messages: 0 } })).toMatchObject({ history: false });
    expect(checkOptions({ history: false })).toMatchObject({ history: false, historyLimit: undefined });
    expect(checkOptions({ maxClients: 2, name: ' A ' })).toMatchObject({ name: 'A', role: 'peer', clientsMax: 2 });
  });

  it('that are wrong are refused with `argument`', () => {
    const wrong = [
      { maxClients: 9 },
      { maxClients: -1 },
      { maxClients: 1.5 },
      { role: 'head' },
      { name: 5 },
      { history: 'yes' },
      { history: null },
      { history: {} },
      { history: { messages: 1, bytes: -1 } },
      { history: { messages: 0.5, bytes: 1 } },
      { iceServers: {} },
      { hideAddress: 'yes' },
      { hideAddress: true, iceServers: [] },
      { hideAddress: true, iceServers: [{ urls: 'stun:a.example' }] },
      { onState: 1 },
    ];
    for (const options of wrong) expect(codeOf(() => checkOptions(options as never))).toBe('argument');
  });

  it('a message is at most 8 KiB, its channel at most 32 bytes, its receiver an id', () => {
    expect(checkMessage('x'.repeat(8_192), {}).data).toHaveLength(8_192);
    expect(codeOf(() => checkMessage('x'.repeat(8_193), {}))).toBe('argument');
    expect(codeOf(() => checkMessage('\u00e9'.repeat(4_097), {}))).toBe('argument');
    expect(codeOf(() => checkMessage(['x'] as never, {}))).toBe('argument');
    expect(codeOf(() => checkMessage('x', { channel: '\u00e9'.repeat(17) }))).toBe('argument');
    expect(codeOf(() => checkMessage('x', { to: 'Ana' as NodeId }))).toBe('argument');
    const bytes = Uint8Array.of(1, 2);
    const taken = checkMessage(bytes, { to: ana, channel: 'c' });
    bytes[0] = 9;
    expect(taken).toEqual({ content: 'bytes', data: Uint8Array.of(1, 2) });
  });
});

const message = (n: number): Message => ({
  id: `${n}`,
  from: ana,
  text: `${n}`,
  sentAt: 0,
  receivedAt: 0,
  hops: 0,
  self: false,
});

describe('MessageQueue', () => {
  it('gives what came before its end, then ends', async () => {
    let ends = 0;
    const queue = new MessageQueue(() => ends++);
    const waiting = queue.next();
    for (const n of [1, 2, 3]) queue.push(message(n));
    queue.end();
    queue.push(message(4));
    expect((await waiting).value).toMatchObject({ id: '1' });
    const rest: string[] = [];
    for await (const { id } of queue) rest.push(id);
    expect(rest).toEqual(['2', '3']);
    expect(ends).toBe(1);
  });

  it('serves several that wait at once', async () => {
    const queue = new MessageQueue(() => undefined);
    const both = [queue.next(), queue.next()];
    queue.push(message(1));
    queue.push(message(2));
    expect((await Promise.all(both)).map(({ value }) => (value as Message).id)).toEqual(['1', '2']);
    const late = [queue.next(), queue.next()];
    queue.end();
    expect((await Promise.all(late)).map(({ done }) => done)).toEqual([true, true]);
  });

  it('a consumer that lags too far gets an error, not a silent loss', async () => {
    const queue = new MessageQueue(() => undefined);
    for (let n = 0; n < 10_001; n++) queue.push(message(n));
    let count = 0;
    const read = async (): Promise<void> => {
      for await (const { id } of queue) expect(id).toBe(`${count++}`);
    };
    await expect(read()).rejects.toMatchObject({ code: 'busy' });
    expect(count).toBe(10_000);
  });
});

describe('Emitter', () => {
  it('ends a listener by its function or its signal, and tells whether there is one', () => {
    const emitter = new Emitter<{ a: number }>();
    const heard: string[] = [];
    const end = new AbortController();
    const off = emitter.on('a', (value) => void heard.push(`one ${value}`));
    emitter.on('a', (value) => void heard.push(`two ${value}`), { signal: end.signal });
    emitter.on('a', () => void heard.push('never'), { signal: AbortSignal.abort() });
    emitter.emit('a', 1);
    off();
    emitter.emit('a', 2);
    expect(emitter.has('a')).toBe(true);
    end.abort();
    emitter.emit('a', 3);
    expect(emitter.has('a')).toBe(false);
    expect(heard).toEqual(['one 1', 'two 1', 'two 2']);
  });

  it('a listener that throws harms neither the others nor who emits', async () => {
    const emitter = new Emitter<{ a: number }>();
    const heard: number[] = [];
    const before = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    const uncaught = new Promise((resolve) => process.once('uncaughtException', resolve));
    try {
      emitter.on('a', () => {
        throw new Error('mine');
      });
      emitter.on('a', (value) => void heard.push(value));
      emitter.emit('a', 1);
      expect(heard).toEqual([1]);
      expect(await uncaught).toMatchObject({ message: 'mine' });
    } finally {
      for (const listener of before) process.on('uncaughtException', listener);
    }
  });
});

const view: PeerView = {
  id: me,
  session: noSession,
  state: 'idle',
  parent: undefined,
  head: false,
  clients: [],
  links: [],
  path: [],
  roomSize: 1,
  subtreeSize: 1,
  rootReachable: false,
  registered: false,
  attachEpoch: 0,
  edges: new Map(),
  members: new Map(),
  connectingTo: undefined,
  logPackets: 0,
  logBytes: 0,
};

describe('standing', () => {
  it.each([
    ['idle', {}, 'joining', 'connecting-to-root'],
    ['registering', {}, 'joining', 'registering'],
    ['advertising', { registered: true }, 'joining', 'asking-for-parent'],
    ['advertising', { registered: false }, 'joining', 'connecting-to-root'],
    ['connecting', { registered: true, connectingTo: ana }, 'joining', 'connecting-to-parent'],
    ['attached', { registered: true, parent: ana }, 'attached', 'attached'],
    ['attached', { registered: false, parent: ana, connectingTo: ben }, 'attached', 'attached'],
    ['healing', { registered: true }, 'healing', 'asking-for-parent'],
    ['healing', { registered: true, connectingTo: ana }, 'healing', 'connecting-to-parent'],
    ['healing', { registered: false }, 'healing', 'connecting-to-root'],
    ['left', {}, 'left', 'connecting-to-root'],
  ] as const)('%s with %j is %s: %s', (state, more, roomState, detail) => {
    const change = stateChange({ ...view, ...more, state: state satisfies PeerState }, 'none');
    expect(change).toMatchObject({ state: roomState, detail, reason: 'none' });
    expect(change.parent).toBe('connectingTo' in more ? more.connectingTo : 'parent' in more ? more.parent : undefined);
  });

  it('the tree has everybody, the head without a parent', () => {
    const tree = treeView({
      ...view,
      state: 'attached',
      parent: ana,
      path: [ana, me],
      edges: new Map([
        [ana, ana],
        [me, ana],
        [ben, me],
      ]),
      links: [
        { link: 1, node: ana, role: 'parent', rttMs: 12 },
        { link: 2, node: ben, role: 'client', rttMs: undefined },
        { link: 3, node: ben, role: 'backupOut', rttMs: 5 },
      ],
    });
    expect(Object.fromEntries([...tree.peers].map(([id, { parent }]) => [id, parent]))).toEqual({
      [ana]: undefined,
      [me]: ana,
      [ben]: me,
    });
    expect(tree).toMatchObject({ depth: 2, backup: ben, head: false });
    expect(Object.fromEntries(tree.roundTripMs)).toEqual({ [ana]: 12, [ben]: 5 });
    expect(treeView({ ...view, head: true, parent: me }).peers.get(me)).toEqual({ id: me, parent: undefined });
  });
});

describe('contentsOf', () => {
  const factory = new PacketFactory({ publicKey: new Uint8Array(32), id: ana });
  const wire = (more: Partial<WireMessage>): WireMessage => ({
    content: 'text',
    data: encodeUtf8('hi'),
    to: noNode,
    channel: '',
    ...more,
  });

  it('[M2] gives each message of a packet its own id, and only what is for this peer', () => {
    const packet = factory.newMessage(
      [
        wire({}),
        wire({ to: ben }),
        wire({ to: me, channel: 'c' }),
        wire({ content: 'bytes', data: Uint8Array.of(1) }),
        wire({ content: 'file' }),
        wire({ data: Uint8Array.of(0xff) }),
      ],
      4,
      77,
    );
    const messages = messagesBody.decode(packet.body) ?? [];
    expect(messages).toHaveLength(6);
    const contents = contentsOf({ ...packet, senderId: ana, hops: 3, plainText: packet.body }, messages, me);
    expect(contents.map(({ id }) => id)).toEqual([0, 1, 2, 3, 4, 5].map((index) => `${ana}:${noSession}:4:${index}`));
    expect(
      contents.map(
        (content) => content.message && [content.message.text, content.message.bytes, content.message.channel],
      ),
    ).toEqual([
      ['hi', undefined, undefined],
      undefined,
      ['hi', undefined, 'c'],
      [undefined, Uint8Array.of(1), undefined],
      undefined,
      [undefined, Uint8Array.of(0xff), undefined],
    ]);
    expect(contents[0]?.message).toMatchObject({ from: ana, hops: 3, sentAt: 77, self: false });
    const own = contentsOf({ ...packet, senderId: ana, plainText: packet.body }, messages, ana);
    expect(own[1]?.message).toMatchObject({
      to: ben,
      self: true,
    });
  });
});

describe('roomStores', () => {
  it('give what is at once, then every change, and the last messages only', () => {
    const events = new Emitter<RoomEvents>();
    const room = { state: 'attached', on: events.on.bind(events) } as unknown as Room & { state: string };
    const { state, messages } = roomStores(room, 2);
    const states: string[] = [];
    const counts: string[][] = [];
    const end = state.subscribe((value) => states.push(value));
    messages.subscribe((value) => counts.push(value.map(({ id }) => id)));
    room.state = 'healing';
    events.emit('state', { state: 'healing', detail: 'asking-for-parent', reason: 'closed' });
    end();
    events.emit('state', { state: 'attached', detail: 'attached', reason: 'none' });
    for (const n of [1, 2, 3]) events.emit('message', message(n));
    expect(states).toEqual(['attached', 'healing']);
    expect(counts).toEqual([[], ['1'], ['1', '2'], ['2', '3']]);
  });

  it('give the newest receipt of each message, and who types where', () => {
    const events = new Emitter<RoomEvents>();
    const { receipts, typists } = roomStores({ on: events.on.bind(events) } as unknown as Room, 2);
    const seen: string[] = [];
    receipts.subscribe((value) => seen.push([...value].map(([id, { reached }]) => `${id}:${reached}`).join(' ')));
    for (const [id, reached] of [
      ['a', 1],
      ['b', 2],
      ['a', 3],
      ['c', 0],
    ] as const)
      events.emit('receipt', { id, reached, of: 3 });
    expect(seen).toEqual(['', 'a:1', 'a:1 b:2', 'a:3 b:2', 'b:2 c:0']);
    const typing: string[] = [];
    typists.subscribe((value) =>
      typing.push([...value].map(([id, channel]) => `${id.slice(0, 1)}@${channel}`).join(' ')),
    );
    events.emit('typing', { from: ana, active: true });
    events.emit('typing', { from: ben, active: true, channel: 'game' });
    events.emit('typing', { from: ana, active: false });
    expect(typing).toEqual([
      '',
      `${ana.slice(0, 1)}@`,
      `${ana.slice(0, 1)}@ ${ben.slice(0, 1)}@game`,
      `${ben.slice(0, 1)}@game`,
    ]);
  });
});
