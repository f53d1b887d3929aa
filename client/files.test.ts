import { createHash, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startRootServer, type RootServer } from '../root-server/server.ts';
import { codeOf } from './code-of.ts';
import { until } from './link.contract.ts';
import { createRoomLink, joinRoom, type IncomingFile, type Room, type RoomOptions } from './node.ts';

const timeoutMs = 40_000;
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const bytesOf = async (blob: Blob) => new Uint8Array(await blob.arrayBuffer());

function streamOf(...parts: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const part of parts) controller.enqueue(part);
      controller.close();
    },
  });
}

describe('files between Node peers', () => {
  let root: RootServer;
  let link: string;
  let rooms: Room[];
  let files: IncomingFile[][];

  async function join(options: RoomOptions = {}): Promise<Room> {
    const room = await joinRoom(link, { iceServers: [], maxClients: 1, ...options });
    const got: IncomingFile[] = [];
    room.on('file', (file) => got.push(file));
    rooms.push(room);
    files.push(got);
    return room;
  }

  /** A chain: with one client each, the third has everything by way of the second. */
  async function chain(count: number): Promise<Room[]> {
    for (let i = 0; i < count; i++) await join({ name: `peer ${i}` });
    await until(() => rooms.every((room) => room.state === 'attached' && room.tree.roomSize === count), 'all attached');
    return rooms;
  }

  async function file(of: number): Promise<IncomingFile> {
    await until(() => files[of]?.[0] !== undefined, `peer ${of} is told of a file`);
    return files[of]?.[0] as IncomingFile;
  }

  beforeEach(async () => {
    root = await startRootServer({ port: 0, host: '127.0.0.1' });
    link = createRoomLink(root.url);
    rooms = [];
    files = [];
  });

  afterEach(async () => {
    for (const room of rooms) await room.leave();
    await root.close();
  });

  it(
    '[F1] [F2] [F3] [F5] a file reaches everybody whole by way of each other, and its sender hears of it',
    async () => {
      const [, , sender] = (await chain(3)) as [Room, Room, Room];
      const bytes = randomBytes(6_000_000);
      const sentBefore = sender.stats().bytesOut;
      const transfer = sender.sendFile(new File([bytes], 'a/b.txt', { type: 'text/plain' }));
      const seen: number[] = [];
      transfer.onProgress(({ have }) => seen.push(have));
      const said = sender.send('while it goes');
      await file(0);
      expect(files[0]?.[0]?.blob()).toBeUndefined();
      for (const of of [0, 1]) {
        const incoming = await file(of);
        expect(incoming).toMatchObject({ id: transfer.id, from: sender.self.id, name: 'a_b.txt', size: 6_000_000 });
        const blob = await incoming.done;
        expect([blob.type, sha256(await bytesOf(blob))]).toEqual(['text/plain', sha256(bytes)]);
        expect(incoming.progress).toEqual({ bytes: 6_000_000, size: 6_000_000 });
        expect(incoming.blob()).toBe(blob);
      }
      await said;
      await transfer.done;
      expect(transfer.progress).toEqual({ bytes: 6_000_000, size: 6_000_000, have: 2, of: 2 });
      expect(seen.at(-1)).toBe(2);
      // One copy for the one neighbour, though two have it.
      expect(sender.stats().bytesOut - sentBefore).toBeLessThan(6_000_000 * 1.1);
      expect(files[2]).toEqual([]);
    },
    timeoutMs,
  );

  it(
    '[L6] a file of before reaches who comes by way of a peer that did not want to know of it',
    async () => {
      const sender = await join();
      const bytes = randomBytes(1_000_000);
      const transfer = sender.sendFile(new Blob([bytes]));
      const incurious = await join({ history: false });
      await until(() => sender.tree.clients.length === 1, 'no place is left but below the second');
      await join();
      const late = await file(2);
      expect(incurious.tree.clients).toEqual([rooms[2]?.self.id]);
      expect(sha256(await bytesOf(await late.done))).toBe(sha256(bytes));
      await transfer.done;
      await until(() => transfer.progress.have === 2, 'both have it');
      expect(files[1]).toEqual([]);
    },
    timeoutMs,
  );

  it(
    '[F3] who comes late gets it from a neighbour, out of the store, though its sender is gone',
    async () => {
      const [sender, other] = (await chain(2)) as [Room, Room];
      const bytes = randomBytes(5_000_001);
      const transfer = sender.sendFile(new Blob([bytes]));
      const first = await file(1);
      await first.done;
      await transfer.done;
      await sender.leave();
      await until(() => other.tree.head, 'the other is alone');
      await join();
      const late = await file(2);
      expect(sha256(await bytesOf(await late.done))).toBe(sha256(bytes));
      expect(late.name).toBe('file');
    },
    timeoutMs,
  );

  it(
    '[F3] [H4] who loses its parent in the middle of a file goes on where it stopped, from another',
    async () => {
      const [sender] = (await chain(5)) as [Room];
      const bytes = randomBytes(8_000_000);
      sender.sendFile(new Blob([bytes]));
      const last = await file(4);
      await until(() => last.progress.bytes > 1_000_000, 'the far end has some');
      await rooms[2]?.leave();
      expect(last.progress.bytes).toBeLessThan(bytes.length);
      for (const of of [1, 3, 4])
        expect(sha256(await bytesOf(await (await file(of)).done)), `${of}`).toBe(sha256(bytes));
      expect(rooms[3]?.stats().heals).toBe(1);
    },
    timeoutMs,
  );

  it(
    'a stream is stored first and then sent; an empty file comes at once',
    async () => {
      const [sender] = (await chain(2)) as [Room, Room];
      const [a, b] = [randomBytes(5_000_000), randomBytes(17)];
      const transfer = sender.sendFile(streamOf(a, b), { name: 'stream.bin', type: 'a/b', size: 5_000_017 });
      expect(transfer.progress.bytes).toBe(0);
      expect(sha256(await bytesOf(await (await file(1)).done))).toBe(sha256(Buffer.concat([a, b])));
      const wrong = sender.sendFile(streamOf(b), { size: 5 });
      await expect(wrong.done).rejects.toMatchObject({ code: 'argument' });
      const texts = sender.sendFile(streamOf('text' as never));
      await expect(texts.done).rejects.toMatchObject({ code: 'argument' });
      const empty = sender.sendFile(new Blob([]), { name: 'empty' });
      await until(() => files[1]?.length === 2, 'the empty one is announced');
      expect((await files[1]?.[1]?.done)?.size).toBe(0);
      await empty.done;
    },
    timeoutMs,
  );

  it(
    '[F6] a file that is taken back ends for everybody; one that is unwanted is carried on',
    async () => {
      const [sender] = (await chain(3)) as [Room, Room, Room];
      const stopped = new AbortController();
      const transfer = sender.sendFile(new Blob([randomBytes(30_000_000)]), { signal: stopped.signal });
      const [near, far] = [await file(1), await file(2)];
      await until(() => far.progress.bytes > 0, 'the far end has some');
      stopped.abort();
      await expect(transfer.done).rejects.toMatchObject({ code: 'aborted' });
      for (const each of [near, far]) await expect(each.done).rejects.toMatchObject({ code: 'cancelled' });
      expect(far.error?.code).toBe('cancelled');

      sender.sendFile(new Blob([randomBytes(1_000_000)]));
      await until(() => files[1]?.length === 2 && files[2]?.length === 2, 'another is announced');
      const [refused, wanted] = [files[1]?.[1], files[2]?.[1]];
      refused?.cancel();
      await expect(refused?.done).rejects.toMatchObject({ code: 'cancelled' });
      expect((await wanted?.done)?.size).toBe(1_000_000);
    },
    timeoutMs,
  );

  it(
    '[F5] [F6] a file for nobody is done when the first who comes has it; taken back, it comes to nobody else',
    async () => {
      const sender = await join();
      const transfer = sender.sendFile(new Blob(['for whoever comes']));
      const withdrawn = sender.sendFile(new Blob(['for nobody after all']));
      withdrawn.cancel();
      await expect(withdrawn.done).rejects.toMatchObject({ code: 'cancelled' });
      await join();
      const first = await file(1);
      expect(await (await first.done).text()).toBe('for whoever comes');
      await transfer.done;
      expect(transfer.progress).toMatchObject({ have: 1, of: 1 });
      transfer.cancel();
      await until(() => first.error !== undefined, 'the first lets go of it');
      expect([first.error?.code, transfer.error?.code]).toEqual(['cancelled', 'cancelled']);
      await join();
      await until(() => rooms[2]?.state === 'attached', 'another is there');
      await sender.sendFile(new Blob(['for all'])).done;
      // It hears of what was announced and taken back before it came, and no more of that comes.
      for (const of of [1, 2]) {
        expect(files[of]?.map(({ error }) => error?.code)).toEqual(['cancelled', 'cancelled', undefined]);
        expect(await files[of]?.[2]?.blob()?.text()).toBe('for all');
      }
    },
    timeoutMs,
  );

  it(
    '[F7] a file for one is sealed to that one: carried by all, shown and read there only',
    async () => {
      const [sender, carrier, third] = (await chain(3)) as [Room, Room, Room];
      await until(() => sender.members.has(third.self.id), 'the third is known');
      const bytes = randomBytes(400_000);
      const transfer = sender.sendFile(new File([bytes], 'secret.txt', { type: 'text/plain' }), { to: third.self.id });
      const shown = await file(2);
      expect(shown).toMatchObject({ id: transfer.id, name: 'secret.txt', type: 'text/plain', size: 400_000 });
      const blob = await shown.done;
      expect([blob.type, sha256(await bytesOf(blob))]).toEqual(['text/plain', sha256(bytes)]);
      await transfer.done;
      expect(transfer.progress).toEqual({ bytes: 400_000, size: 400_000, have: 2, of: 2 });
      // By way of one who was not shown it.
      expect([shown.to, files[1]]).toEqual([third.self.id, []]);
      expect(carrier.stats().bytesOut).toBeGreaterThan(400_000);
      const stream = sender.sendFile(streamOf(bytes), { to: third.self.id });
      await until(() => files[2]?.length === 2, 'a stream is announced');
      expect(sha256(await bytesOf((await files[2]?.[1]?.done) as Blob))).toBe(sha256(bytes));
      await stream.done;
      const empty = sender.sendFile(new Blob([]), { to: third.self.id });
      await until(() => files[2]?.length === 3, 'an empty one is announced');
      expect((await files[2]?.[2]?.done)?.size).toBe(0);
      await empty.done;
      expect(codeOf(() => sender.sendFile(new Blob(['a']), { to: 'f'.repeat(32) as never }))).toBe('unknown-member');
    },
    timeoutMs,
  );

  it(
    'what does not fit is refused, and complete files that nobody keeps make room',
    async () => {
      const sender = await join();
      const small = await join({ fileBytesMax: 1_000_000 });
      await until(() => rooms.every((room) => room.tree.roomSize === 2), 'both attached');
      const errors: string[] = [];
      small.on('error', ({ code }) => errors.push(code));
      sender.sendFile(new Blob([randomBytes(1_000_001)]));
      await expect((await file(1)).done).rejects.toMatchObject({ code: 'storage' });
      expect(errors).toEqual(['storage']);
      for (const [i, size] of [600_000, 400_000, 500_000].entries()) {
        sender.sendFile(new Blob([randomBytes(size)]));
        await until(() => files[1]?.length === i + 2, 'announced');
        const incoming = files[1]?.[i + 1];
        expect((await (i === 1 ? incoming?.accept() : incoming?.done))?.size).toBe(size);
      }
      expect(files[1]?.map((incoming) => incoming.error?.code)).toEqual(['storage', 'file-gone', undefined, undefined]);
      expect(files[1]?.[1]?.blob()).toBeUndefined();
      expect(await files[1]?.[2]?.blob()?.arrayBuffer()).toHaveProperty('byteLength', 400_000);
    },
    timeoutMs,
  );

  it(
    'arguments are checked, and leaving ends what is under way',
    async () => {
      const room = await join();
      expect(codeOf(() => room.sendFile('text' as never))).toBe('argument');
      expect(codeOf(() => room.sendFile(new Blob(['a']), { size: 2 }))).toBe('argument');
      expect(codeOf(() => room.sendFile(new Blob(['a']), { to: 'x' as never }))).toBe('argument');
      expect(codeOf(() => room.sendFile(new Blob(['a']), { type: 'x'.repeat(101) }))).toBe('argument');
      expect(codeOf(() => room.sendFile(new Blob(['a']), { name: 5 as never }))).toBe('argument');
      expect(codeOf(() => room.sendFile(streamOf(), { size: 2 ** 31 + 1 }))).toBe('file-too-large');
      // What is for one is a little longer when it is sealed.
      const { id: to } = room.self;
      expect(codeOf(() => room.sendFile(streamOf(), { size: 2 ** 31, to }))).toBe('file-too-large');
      await expect(joinRoom(link, { fileBytesMax: -1 })).rejects.toMatchObject({ code: 'argument' });
      await expect(room.sendFile(new Blob(['a']), { signal: AbortSignal.abort() }).done).rejects.toMatchObject({
        code: 'aborted',
      });
      const alone = room.sendFile(new Blob(['a']));
      expect(alone.progress).toEqual({ bytes: 0, size: 1, have: 0, of: 0 });
      const never = room.sendFile(new ReadableStream<Uint8Array>());
      await room.leave();
      for (const { done } of [alone, never]) await expect(done).rejects.toMatchObject({ code: 'left-room' });
      expect(codeOf(() => room.sendFile(new Blob(['a'])))).toBe('left-room');
    },
    timeoutMs,
  );
});
