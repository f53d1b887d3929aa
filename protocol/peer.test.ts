import { describe, expect, it } from 'vitest';
import type { CoreInput } from './core/io.ts';
import { defaultOptions, Other } from './core/peer-script.ts';
import type { IceServer } from './ice.ts';
import { journalBytesMax } from './limits.ts';
import { Peer, type UserOutput } from './peer.ts';
import type { Link, LinkEvents, RootLinkEvents } from './ports.ts';
import { Stream } from './stream.ts';
import { fileKey, noNode, type NodeId } from './types.ts';
import { chunkBody } from './wire/bodies.ts';
import { encodeUtf8, toHex } from './wire/bytes.ts';
import { encodePacket, packetTypes, type Packet, type VerifiedPacket } from './wire/packet.ts';
import { framesOf } from './wire/samples.ts';

const [client, other] = [new Other(20), new Other(21)];
const binding = new Uint8Array(32).fill(5);
const rootFactory = new Other(0).factory;

/** Fills the validator, so that the packet can be encoded. */
function sign(packet: Packet): Packet {
  const validator = packetTypes[packet.header.type].signed ? new Uint8Array(64).fill(1) : packet.validator;
  const whole = { ...packet, validator };
  return { ...whole, bytes: encodePacket(whole) };
}

/** A peer whose ports are in the test's hands; verification takes as many promises as the test says. */
class Bench {
  readonly me = new Other(1);
  readonly frames: Uint8Array[] = [];
  readonly toRoot: Uint8Array[] = [];
  readonly outputs: UserOutput[] = [];
  readonly verifications: { packet: Packet; done: (verified: VerifiedPacket | undefined) => void }[] = [];
  verifyAtOnce = true;
  rootEvents: RootLinkEvents | undefined;
  linkEvents: LinkEvents | undefined;
  closed = false;
  nowMs = 1_000;
  wakeAtMs = Infinity;
  readonly iceServers: (readonly IceServer[])[] = [];
  readonly peer: Peer;

  constructor() {
    const link: Link = {
      send: (frame) => this.frames.push(frame),
      signal: () => undefined,
      close: () => {
        this.closed = true;
      },
    };
    this.peer = new Peer(
      {
        clock: { nowMs: () => this.nowMs },
        rng: { uint32: () => 7 },
        signer: { publicKey: this.me.publicKey, id: this.me.id, seal: (packet) => Promise.resolve(sign(packet)) },
        verifier: {
          verifyRoot: (key, signature) => signature[0] === key[0],
          verify: (packet) => {
            const verified = {
              ...packet,
              senderId: toHex(packet.sender.subarray(0, 16)) as NodeId,
              plainText: packet.body,
            };
            if (this.verifyAtOnce) return verified;
            return new Promise((done) => {
              this.verifications.push({ packet, done });
            });
          },
        },
        links: {
          open: (_remote, _initiator, events) => {
            this.linkEvents = events;
            return link;
          },
          useIceServers: (servers) => {
            this.iceServers.push(servers);
          },
        },
        connectRoot: (events) => {
          this.rootEvents = events;
          return { send: (bytes) => this.toRoot.push(bytes), close: () => undefined };
        },
        userInterface: { output: (output) => this.outputs.push(output) },
        wakeAt: (atMs) => {
          this.wakeAtMs = atMs;
        },
      },
      defaultOptions,
    );
  }

  root(packet: Packet): void {
    this.rootEvents?.packet(encodePacket(packet));
  }

  /** The head, with `client` connected and accepted. */
  async withClient(): Promise<this> {
    this.peer.start();
    this.rootEvents?.up();
    this.root(sign(rootFactory.newChallenge({ challenge: new Uint8Array(32), epoch: 1, rootTimeMs: 2 })));
    this.root(
      sign(
        rootFactory.newRegRes({
          epoch: 1,
          rootTimeMs: 2,
          roomSize: 1,
          headDenied: false,
          rootKey: new Uint8Array(32).fill(6),
        }),
      ),
    );
    const [ticket, placementVersion] = ['1'.repeat(32) as never, 0];
    const assignment = {
      purpose: 'parent',
      result: 'head',
      target: noNode,
      ticket,
      placementVersion,
      expiresInMs: 1,
      retryAfterMs: 1,
    } as const;
    this.root(rootFactory.newAssignment(assignment, 'response'));
    this.root(
      rootFactory.newExpect({
        purpose: 'parent',
        client: client.id,
        ticket,
        placementVersion: 1,
        expiresInMs: 9_000,
        excess: 0,
      }),
    );
    this.root(sign(client.factory.newSignal({ to: this.me.id, ticket, data: Uint8Array.of(1) })));
    this.linkEvents?.up(binding);
    const hello = { ticket, role: 'parent', binding, frontierDigest: 0, attachEpoch: 1, newcomer: false } as const;
    this.give(client.factory.newHello(hello, 'request'));
    await this.settle();
    return this;
  }

  give(...packets: Packet[]): void {
    for (const frame of framesOf(packets.map((packet) => encodePacket(sign(packet))))) this.linkEvents?.frame(frame);
  }

  async settle(): Promise<void> {
    for (let i = 0; i < 20; i++) await Promise.resolve();
  }

  delivered(): number[] {
    return this.outputs.flatMap((output) => (output.kind === 'deliver' ? [output.packet.header.seq] : []));
  }
}

describe('Peer', () => {
  it('[S2] keeps the order of a link however long each verification takes, and drops what fails', async () => {
    const bench = await new Bench().withClient();
    bench.verifyAtOnce = false;
    bench.give(client.message(1), client.message(2), client.message(3));
    expect(bench.verifications).toHaveLength(3);
    const finish = (at: number, ok = true): void => {
      const { packet, done } = bench.verifications[at] as (typeof bench.verifications)[number];
      done(ok ? { ...packet, senderId: client.id, plainText: packet.body } : undefined);
    };
    finish(2);
    finish(1);
    await bench.settle();
    expect(bench.delivered()).toEqual([]);
    finish(0);
    await bench.settle();
    expect(bench.delivered()).toEqual([1, 2, 3]);
    bench.give(client.message(4), client.message(5));
    finish(4);
    finish(3, false);
    await bench.settle();
    expect(bench.delivered()).toEqual([1, 2, 3]);
    expect(bench.peer.counters().badPackets).toBe(1);
  });

  it('[M3] delivers and forwards nothing before its signature verified', async () => {
    const bench = await new Bench().withClient();
    bench.verifyAtOnce = false;
    const framesBefore = bench.frames.length;
    bench.give(other.message(1));
    await bench.settle();
    expect(bench.delivered()).toEqual([]);
    expect(bench.frames.length).toBe(framesBefore);
  });

  it('[S9] reads what a neighbour itself says at ten times an origin’s rate, and what it passes on as it comes', async () => {
    const bench = await new Bench().withClient();
    const says = (from: Other, count: number, first = 1): void => {
      for (let seq = first; seq < first + count; seq++) bench.give(from.message(seq));
    };
    says(client, 1_300);
    expect(bench.delivered()).toHaveLength(1_200);
    // The peer asks to be woken when the next may be read, and then reads it.
    expect(bench.wakeAtMs).toBeCloseTo(1_005, 0);
    bench.nowMs += 250;
    bench.peer.run();
    expect(bench.delivered()).toHaveLength(1_250);
    // The order of a link holds: what comes behind waits as well, also what others said.
    says(other, 5);
    expect(bench.delivered()).toHaveLength(1_250);
    bench.nowMs += 250;
    bench.peer.run();
    expect(bench.delivered()).toEqual([...Array.from({ length: 1_300 }, (_, i) => i + 1), ...[1, 2, 3, 4, 5]]);
    // Catching up with others’ words is not slowed down.
    says(other, 2_600, 6);
    expect(bench.delivered()).toHaveLength(1_300 + 2_605);
    expect(bench.closed).toBe(false);
  });

  it('[S12] leaves out what is passed on beyond a whole log and its rate, unverified, and blames nobody', async () => {
    const bench = await new Bench().withClient();
    for (let seq = 1; seq <= 2_710; seq++) bench.give(other.message(seq));
    expect(bench.delivered()).toHaveLength(2_700);
    bench.verifyAtOnce = false;
    for (let seq = 2_711; seq <= 5_000; seq++) bench.give(other.message(seq));
    expect(bench.verifications).toEqual([]);
    // What the neighbour itself says is read as before.
    bench.verifyAtOnce = true;
    bench.give(client.message(1));
    expect(bench.delivered()).toHaveLength(2_701);
    expect(bench.closed).toBe(false);
  });

  it('[S9] ends a link on which more waits than a neighbour that keeps its rate can have to say', async () => {
    const bench = await new Bench().withClient();
    // A whole log, a burst and a little.
    for (let seq = 1; seq <= 1_200 + 2_000; seq++) bench.give(client.message(seq));
    expect(bench.closed).toBe(false);
    for (let seq = 1; seq <= 500; seq++) bench.give(client.message(3_200 + seq));
    expect(bench.closed).toBe(true);
    expect(bench.peer.view().clients).toEqual([]);
    // What waited is gone with it, and nothing wakes the peer for it.
    const before = bench.delivered().length;
    bench.nowMs += 5;
    bench.peer.run();
    expect(bench.delivered()).toHaveLength(before);
  });

  it('[S2] has no more in verification at once than a bound, and loses nothing of what waits', async () => {
    const bench = await new Bench().withClient();
    bench.verifyAtOnce = false;
    for (let seq = 1; seq <= 300; seq++) bench.give(other.message(seq));
    expect(bench.verifications).toHaveLength(128);
    bench.linkEvents?.down();
    let done = 0;
    while (done < bench.verifications.length) {
      const { packet, done: finish } = bench.verifications[done++] as (typeof bench.verifications)[number];
      finish({ ...packet, senderId: other.id, plainText: packet.body });
      await bench.settle();
    }
    expect(bench.delivered()).toEqual(Array.from({ length: 300 }, (_, i) => i + 1));
    // The end comes last.
    expect(bench.peer.view().clients).toEqual([]);
  });

  it('[R12] gives the ICE servers of the root to the maker of links, and nobody else learns their credentials', async () => {
    const bench = await new Bench().withClient();
    const servers = [{ urls: ['turn:a.example'], username: '1700001800', credential: 'c2VjcmV0' }];
    const packet = sign(rootFactory.newIceServers({ servers, lifeMs: 1 }));
    const inputs = bench.peer.journal().inputs.length;
    bench.root(packet);
    bench.root(sign({ ...packet, bytes: undefined as never, body: packet.body.subarray(1) }));
    // A neighbour has no say in it.
    bench.give(packet);
    await bench.settle();
    expect(bench.iceServers).toEqual([servers]);
    // The neighbour's attempt is in the journal as a bad packet, without its body.
    expect(
      bench.peer
        .journal()
        .inputs.slice(inputs)
        .map(({ input }) => input.kind),
    ).toEqual(['badPacket']);
  });

  it('[W4] counts what it does not know and keeps the link', async () => {
    const bench = await new Bench().withClient();
    for (let i = 0; i < 30; i++) {
      const bytes = encodePacket(sign(client.message(1)));
      bytes[0] = 9;
      for (const frame of framesOf([bytes])) bench.linkEvents?.frame(frame);
    }
    expect(bench.closed).toBe(false);
    for (let i = 0; i < 30; i++) bench.linkEvents?.frame(Uint8Array.of(0));
    expect(bench.closed).toBe(true);
  });

  it('[M1] [M2] gives own messages back in order, sealed, and sends several in one frame', async () => {
    const bench = await new Bench().withClient();
    bench.frames.length = 0;
    for (let i = 0; i < 3; i++) {
      const message = { content: 'text', data: encodeUtf8(`${i}`), to: noNode, channel: '' } as const;
      expect(bench.peer.send([message], 5)).toBe('accepted');
    }
    await bench.settle();
    expect(bench.delivered()).toEqual([1, 2, 3]);
    expect(bench.frames.length).toBeGreaterThan(0);
    bench.peer.leave();
    expect(bench.peer.send([{ content: 'text', data: encodeUtf8('x'), to: noNode, channel: '' }], 5)).toBe('left');
    expect(bench.closed).toBe(true);
  });

  it('[W8] sends only root packets to the root, and takes only those from it', async () => {
    const bench = await new Bench().withClient();
    const types = bench.toRoot.map((bytes) => bytes[1]);
    expect(types.every((type) => type !== undefined && type <= 6)).toBe(true);
    bench.root(sign(client.message(1)));
    await bench.settle();
    expect(bench.delivered()).toEqual([]);
  });

  it('keeps the stream as the core has it: clients and their in-buffers', async () => {
    const bench = await new Bench().withClient();
    expect([...bench.peer.stream.clients.keys()]).toEqual([client.id]);
    expect(bench.peer.stream.server).toEqual([client.id]);
    expect(bench.peer.stream.parent).toBeUndefined();
    bench.linkEvents?.down();
    expect([...bench.peer.stream.clients.keys()]).toEqual([]);
  });

  it('journals chunks without their bytes', () => {
    const bench = new Bench();
    const { factory } = other;
    const packet = other.verified(factory.newChunk(3, 9, new Uint8Array(16_000)));
    bench.peer.chunkRead(1, fileKey(other.id, factory.session, 3), 9, packet);
    const input = bench.peer.journal().inputs.at(-1)?.input as Extract<CoreInput, { kind: 'chunkRead' }>;
    expect(input.packet?.header).toMatchObject({ type: 'chunk', seq: 9 });
    expect(chunkBody.decode(input.packet?.body ?? new Uint8Array(0))).toEqual({ file: 3, data: new Uint8Array(0) });
    expect(input.packet?.body.buffer.byteLength).toBe(4);
    expect(input.packet).not.toHaveProperty('bytes');
  });

  it('journals large messages up to a number of bytes, the newest', async () => {
    const bench = await new Bench().withClient();
    const message = { content: 'bytes', data: new Uint8Array(8_000), to: noNode, channel: '' } as const;
    const count = Math.ceil((2 * journalBytesMax) / message.data.length);
    for (let i = 0; i < count; i++) bench.peer.send([message], i);
    const { inputs, isCut } = bench.peer.journal();
    expect(isCut).toBe(true);
    const times = inputs.flatMap(({ input }) => (input.kind === 'send' ? [input.timeMs] : []));
    expect(times).toEqual(times.map((_, i) => count - times.length + i));
    expect(times.length * message.data.length).toBeLessThanOrEqual(journalBytesMax * 1.25);
    expect(times.length * message.data.length).toBeGreaterThan(journalBytesMax / 4);
  });

  it('journals every input with its time', async () => {
    const bench = await new Bench().withClient();
    expect(bench.peer.journal().inputs.map((entry) => entry.input.kind)).toEqual(
      expect.arrayContaining(['rootUp', 'rootPacket', 'linkUp', 'packet']),
    );
  });
});

describe('Stream', () => {
  it('reads each in-buffer once and marks what adds up to no packet', () => {
    const stream = new Stream(2, () => undefined);
    stream.addLink(1, client.id, true, { send: () => undefined, signal: () => undefined, close: () => undefined });
    stream.addClient(client.id, 1);
    for (const frame of framesOf([Uint8Array.of(1), Uint8Array.of(2)])) stream.push(1, frame);
    stream.push(1, Uint8Array.of(9));
    expect(stream.clients.get(client.id)?.packets).toHaveLength(3);
    expect(stream.readInBuff().map((buffer) => buffer.packets.map((packet) => packet?.[0]))).toEqual([
      [1, 2, undefined],
    ]);
    expect(stream.readInBuff()).toEqual([]);
    stream.removeClient(client.id);
    expect(stream.clients.size).toBe(0);
  });

  it('holds the order of what it sends while one packet is being signed', async () => {
    const sent: Uint8Array[] = [];
    const stream = new Stream(2, () => undefined);
    stream.addLink(1, client.id, false, {
      send: (frame) => sent.push(frame),
      signal: () => undefined,
      close: () => undefined,
    });
    let finish: (packet: Packet) => void = () => undefined;
    stream.sendMessage(1, new Promise<Packet>((resolve) => (finish = resolve)));
    stream.sendMessage(1, sign(client.factory.newHealing(client.id)));
    stream.flush();
    expect(sent).toEqual([]);
    finish(sign(client.message(1)));
    await Promise.resolve();
    await Promise.resolve();
    expect(sent).toHaveLength(1);
    expect(sent[0]?.[2 + 1]).toBe(33);
  });
});
