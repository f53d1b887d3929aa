import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RootLink, RootLinkEvents } from '../protocol/ports.ts';
import { noNode, noTicket, type SessionId, type TicketId } from '../protocol/types.ts';
import { signalBody, type AssignmentBody } from '../protocol/wire/bodies.ts';
import { decodePacket, encodePacket, type Packet } from '../protocol/wire/packet.ts';
import { PacketFactory } from '../protocol/wire/packet-factory.ts';
import { startRootServer } from '../root-server/server.ts';
import { Middle, provider, RealRoom, realLinks, secret, type Tampering, type TestPeer } from './hostile-script.ts';
import { until } from './link.contract.ts';
import { deriveRoom } from './room-link.ts';
import { Sealer } from './seal.ts';

const timeoutMs = 40_000;
const strangersSecret = new Uint8Array(16).fill(9);

/** The voice of a root: it names nobody and signs nothing. */
const rootFactory = new PacketFactory({ publicKey: new Uint8Array(32), id: noNode });

let room: RealRoom;

async function head(tampering?: Tampering): Promise<TestPeer> {
  const peer = await room.start(tampering);
  await until(() => peer.state === 'attached', 'the head');
  return peer;
}

/** Types of the packets that came on links, each once. */
function typesOf(peer: TestPeer): string[] {
  return [...new Set(peer.arrived.map(({ packet }) => packet.header.type))];
}

function packetOf(bytes: Uint8Array): Packet {
  const decoded = decodePacket(bytes);
  if (!decoded.ok) throw new Error(decoded.error);
  return decoded.packet;
}

/** A root that changes the signals it relays to a peer. `undefined` drops one. */
function changing(change: (signal: Packet) => Promise<Uint8Array | undefined> | Uint8Array | undefined): {
  readonly tampering: Tampering;
  readonly changed: () => number;
} {
  let changed = 0;
  const rootLink: Tampering['rootLink'] = (events, connect) =>
    connect({
      ...events,
      packet: (bytes) => {
        const packet = packetOf(bytes);
        if (packet.header.type !== 'signal') {
          events.packet(bytes);
          return;
        }
        changed++;
        void Promise.resolve(change(packet)).then((instead) => {
          if (instead) events.packet(instead);
        });
      },
    });
  return { tampering: { rootLink }, changed: () => changed };
}

beforeEach(async () => {
  room = new RealRoom(await startRootServer({ port: 0, host: '127.0.0.1' }));
});

afterEach(() => room.close());

describe('a root in the middle of a link', () => {
  it(
    '[S4] that ends DTLS on both sides gets no packet across, and both ends report link-auth',
    { timeout: timeoutMs },
    async () => {
      const middle = new Middle();
      const first = await head();
      first.say('for members only');
      const second = await room.start({ links: middle.around(realLinks()) });
      await until(() => first.errors.includes('link-auth') && second.errors.includes('link-auth'), 'both reports');
      // It was there: frames went by way of it, and they held the two ends' hellos and nothing else.
      expect(middle.passed).toBeGreaterThanOrEqual(2);
      expect([typesOf(first), typesOf(second)]).toEqual([['hello'], ['hello']]);
      expect([first.clients, second.state === 'attached', second.texts]).toEqual([[], false, []]);
      // Without it the same two meet.
      const third = await room.start();
      await until(() => third.texts.includes('for members only'), 'the words');
    },
  );

  it('[S4] that passes its own hello off as the other end’s gets no further', { timeout: timeoutMs }, async () => {
    // It has the secret, too: a member in the middle, with a key of its own and each half's true binding.
    const member = await Sealer.create(provider, await deriveRoom(secret, provider));
    const factory = new PacketFactory(member);
    factory.session = '0000000000000001' as SessionId;
    const first = await head();
    const links = realLinks();
    const second = await room.start({
      links: {
        ...links,
        open: (remote, initiator, events) => {
          const link = links.open(remote, initiator, {
            ...events,
            up: (binding) => {
              events.up(binding);
              const hello = factory.newHello(
                { ticket: noTicket, role: 'parent', binding, frontierDigest: 0, attachEpoch: 1, newcomer: false },
                'response',
              );
              void Promise.resolve(member.seal(hello)).then((sealed) => {
                const bytes = encodePacket(sealed);
                events.frame(Uint8Array.of(bytes.length >> 8, bytes.length & 255, ...bytes));
              });
            },
            // The true one is kept from it.
            frame: () => undefined,
          });
          return link;
        },
      },
    });
    await until(() => second.errors.includes('hello-timeout'), 'the deadline');
    expect([second.state === 'attached', second.errors.includes('link-auth')]).toEqual([false, false]);
    expect(second.session.peer.counters().badPackets).toBeGreaterThan(0);
    expect(first.texts).toEqual([]);
  });
});

describe('a root that changes signals', () => {
  it.each([
    ['a bit of what is sealed', (packet: Packet) => flip(packet, 'sealed')],
    ['a bit of the signature', (packet: Packet) => flip(packet, 'signature')],
    ['nothing, but puts another name on them', (packet: Packet) => renamed(packet)],
  ])(
    '[S2] [S4] by %s: nobody takes them, and no connection comes about',
    { timeout: timeoutMs },
    async (_what, change) => {
      const { tampering, changed } = changing(change);
      const first = await head(tampering);
      const second = await room.start();
      await until(() => changed() >= 2, 'signals to change');
      await until(() => second.errors.length > 0 || changed() >= 3, 'more of them');
      // The head never learnt that somebody offers something.
      expect([first.links.counts.made, first.arrived, second.arrived]).toEqual([0, [], []]);
    },
  );

  it(
    '[S2] [S4] with the secret, by fingerprints of its own: it cannot sign them for who offered',
    { timeout: timeoutMs },
    async () => {
      const forger = await Sealer.create(provider, await deriveRoom(secret, provider));
      const factory = new PacketFactory(forger);
      let opened = 0;
      const { tampering, changed } = changing(async (packet) => {
        // Opened with the secret, changed, sealed again: everything is right but the key it is signed with.
        const signal = signalBody.decode((await forger.verify(packet))?.body ?? new Uint8Array(0));
        if (signal === undefined) return undefined;
        opened++;
        const text = Buffer.from(signal.data).toString();
        const swapped = text.replace(/(a=fingerprint:sha-256 )[0-9A-F:]+/g, `$1${Array(32).fill('AB').join(':')}`);
        const sealed = await forger.seal(factory.newSignal({ ...signal, data: Buffer.from(swapped) }));
        return encodePacket(sealed);
      });
      const first = await head(tampering);
      const second = await room.start();
      await until(() => opened >= 2 && changed() >= 2, 'signals to forge');
      expect([first.links.counts.made, first.arrived, second.arrived]).toEqual([0, [], []]);
    },
  );
});

describe('a root that invents a member without the secret', () => {
  /** Whatever the root says goes to this peer. */
  function spoken(): {
    readonly tampering: Tampering;
    readonly say: (packet: Packet) => void;
    readonly heard: Packet[];
  } {
    let events: RootLinkEvents | undefined;
    const heard: Packet[] = [];
    const rootLink = (its: RootLinkEvents, connect: (events: RootLinkEvents) => RootLink): RootLink => {
      events = its;
      const link = connect(its);
      return {
        send: (bytes) => {
          heard.push(packetOf(bytes));
          link.send(bytes);
        },
        close: () => {
          link.close();
        },
      };
    };
    return { tampering: { rootLink }, say: (packet) => events?.packet(encodePacket(packet)), heard };
  }

  async function inventedMember(): Promise<{ readonly sealer: Sealer; readonly factory: PacketFactory }> {
    const sealer = await Sealer.create(provider, await deriveRoom(strangersSecret, provider));
    const factory = new PacketFactory(sealer);
    factory.session = '0000000000000001' as SessionId;
    return { sealer, factory };
  }

  it('[S3] [A7] as a client: its offers are refused before there is a connection', { timeout: timeoutMs }, async () => {
    const { tampering, say } = spoken();
    const first = await head(tampering);
    const { sealer, factory } = await inventedMember();
    for (let i = 1; i <= 20; i++) {
      const ticket = String(i).padStart(32, '0') as TicketId;
      say(
        rootFactory.newExpect({
          purpose: 'parent',
          client: sealer.id,
          ticket,
          placementVersion: first.session.view().attachEpoch,
          expiresInMs: 15_000,
          excess: 1,
        }),
      );
      const data = Buffer.from('{"type":"offer","sdp":"v=0"}');
      say(await sealer.seal(factory.newSignal({ to: first.sealer.id, ticket, data })));
    }
    // The same by somebody who has the secret opens one.
    const member = await Sealer.create(provider, await deriveRoom(secret, provider));
    const ticket = 'f'.repeat(32) as TicketId;
    say(
      rootFactory.newExpect({
        purpose: 'parent',
        client: member.id,
        ticket,
        placementVersion: first.session.view().attachEpoch,
        expiresInMs: 15_000,
        excess: 0,
      }),
    );
    const memberFactory = new PacketFactory(member);
    say(
      await member.seal(
        memberFactory.newSignal({ to: first.sealer.id, ticket, data: Buffer.from('{"type":"offer","sdp":"v=0"}') }),
      ),
    );
    await until(() => first.links.counts.made === 1, 'the member’s link');
    expect([first.links.counts.made, first.clients, first.arrived]).toEqual([1, [], []]);
  });

  it('[S3] as a parent: it cannot read the offer, and its answers are refused', { timeout: timeoutMs }, async () => {
    const { sealer, factory } = await inventedMember();
    const { tampering, say, heard } = spoken();
    const second = await room.start({ ...tampering });
    await until(() => second.state === 'attached', 'its place');
    const ticket = 'a'.repeat(32) as TicketId;
    const order: AssignmentBody = {
      purpose: 'move',
      result: 'node',
      target: sealer.id,
      ticket,
      placementVersion: 0,
      expiresInMs: 15_000,
      retryAfterMs: 0,
    };
    say(rootFactory.newAssignment(order, 'move'));
    const offers = () => heard.filter((packet) => packet.header.type === 'signal');
    await until(() => offers().length > 0, 'the offer');
    for (const offer of offers()) {
      expect(Buffer.from(encodePacket(offer)).includes('fingerprint')).toBe(false);
      expect(await sealer.verify(offer)).toBeUndefined();
    }
    for (const text of ['{"type":"answer","sdp":"v=0"}', '{"candidate":{"candidate":""}}'])
      say(await sealer.seal(factory.newSignal({ to: second.sealer.id, ticket, data: Buffer.from(text) })));
    await until(() => second.errors.includes('connect-timeout'), 'the deadline');
    // It is head as before.
    expect([second.arrived, second.state, second.session.view().parent]).toEqual([[], 'attached', second.sealer.id]);
  });
});

function flip(packet: Packet, where: 'sealed' | 'signature'): Uint8Array {
  const bytes = encodePacket(packet);
  const at = bytes.length - (where === 'sealed' ? 17 + 64 + 20 : 17 + 20);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return bytes;
}

/** Another sender, by the same signature. */
function renamed(packet: Packet): Uint8Array {
  const bytes = encodePacket(packet);
  bytes.set(new Uint8Array(32).fill(7), 4);
  return bytes;
}
