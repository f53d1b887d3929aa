import { describe, expect, it } from 'vitest';
import { linkWindowFirstBytes, linkWindowMinBytes } from '../limits.ts';
import { noNode, noTicket, streamKey, type NodeId, type SessionId, type TicketId } from '../types.ts';
import {
  advertiseBody,
  confirmBody,
  edgesBody,
  frontierBody,
  leaveBody,
  messagesBody,
  regReqBody,
  sweepBody,
} from '../wire/bodies.ts';
import { encodeUtf8 } from '../wire/bytes.ts';
import { Other, PeerScript } from './peer-script.ts';
import { Streams } from './streams.ts';

const [a, b, c, d, e, f, g] = [10, 11, 12, 13, 14, 15, 16].map((number) => new Other(number)) as [
  Other,
  Other,
  Other,
  Other,
  Other,
  Other,
  Other,
];
const text = (value: string) => ({ content: 'text' as const, data: encodeUtf8(value), to: noNode, channel: '' });

describe('attaching', () => {
  it('[R4] [A7] registers, asks for a parent, and only then opens a connection', () => {
    const peer = new PeerScript(1).register();
    expect(peer.sentRoot('registration')).toHaveLength(1);
    expect(peer.sentRoot('advertise').map((packet) => advertiseBody.decode(packet.body)?.purpose)).toEqual(['parent']);
    expect(peer.of('openLink')).toEqual([]);
    const link = peer.attachTo(a);
    expect(peer.core.view()).toMatchObject({ state: 'attached', parent: a.id, path: [a.id, peer.me.id], roomSize: 2 });
    expect(confirmBody.decode(peer.sentRoot('advertise')[1]?.body ?? new Uint8Array(0))).toMatchObject({
      target: a.id,
    });
    expect(peer.sent(link, 'hello').map((packet) => packet.action)).toEqual(['request']);
    expect(peer.of('state').map((output) => output.state)).toEqual([
      'registering',
      'advertising',
      'connecting',
      'attached',
    ]);
  });

  it('[R7] says where it hangs when the root comes back', () => {
    const peer = new PeerScript(1).register();
    peer.attachTo(a);
    const client = peer.takeClient(b);
    expect(client).toBeGreaterThan(0);
    peer.give({ kind: 'rootDown' }).clear().register();
    expect(regReqBody.decode(peer.sentRoot('registration')[0]?.body ?? new Uint8Array(0))).toMatchObject({
      parent: a.id,
      clients: [b.id],
      depth: 2,
      head: false,
    });
    expect(peer.sentRoot('advertise').filter((packet) => packet.action === 'request')).toEqual([]);
  });

  it('[A4] becomes head when told, and sweeps', () => {
    const peer = new PeerScript(1).becomeHead();
    expect(peer.core.view()).toMatchObject({ state: 'attached', head: true, parent: peer.me.id, path: [peer.me.id] });
    peer.rootAnswersFold();
    expect(peer.core.view().rootReachable).toBe(true);
  });

  it('[A5] refuses a ticket that was made for another place of its own', () => {
    const peer = new PeerScript(1).becomeHead();
    const link = peer.takeClient(a, { placementVersion: 99 });
    expect(peer.refusal(link)).toBe('refused-stale');
    expect(peer.core.view().clients).toEqual([]);
  });

  it('[A8] waits longer after each failure, and complains about who failed', () => {
    const peer = new PeerScript(1).register();
    const link = peer.connectTo(a);
    peer.clear().pass(5_000);
    expect(peer.closed(link)).toBe('hello-timeout');
    peer.pass(1_000);
    const asks = peer.sentRoot('advertise').map((packet) => advertiseBody.decode(packet.body));
    expect(asks[0]).toMatchObject({ purpose: 'parent', complaint: a.id, reason: 'hello-timeout' });
    const waitsMs: number[] = [];
    for (let i = 0; i < 12; i++) {
      const failedAtMs = peer.nowMs;
      const lost = peer.connectTo(a);
      peer.clear().give({ kind: 'linkDown', link: lost });
      while (peer.sentRoot('advertise').length === 0) peer.pass(50);
      waitsMs.push(peer.nowMs - failedAtMs);
    }
    expect(Math.max(...waitsMs.slice(0, 3))).toBeLessThan(4_000);
    expect(Math.max(...waitsMs)).toBeGreaterThan(2_000);
    expect(Math.max(...waitsMs)).toBeLessThan(15_200);
  });

  it('[A8] follows the newest assignment, whichever attempt it made before', () => {
    const peer = new PeerScript(1).register();
    const first = peer.connectTo(a, {}, 'move');
    peer.assign({ target: b.id, ticket: 'ab'.repeat(16) as TicketId });
    expect(peer.closed(first)).toBe('replaced');
    expect(peer.of('openLink').at(-1)?.remote).toBe(b.id);
    expect(peer.of('error')).toEqual([]);
  });

  it('[A9] takes k clients and no more, but two more to rescue', () => {
    const peer = new PeerScript(1, { clientsMax: 2 }).becomeHead();
    const backups = [c, d, f, g].map((node) => peer.takeClient(node, { purpose: 'backup' }));
    expect(peer.refusal(peer.takeClient(e, { purpose: 'backup' }))).toBe('refused-full');
    peer.takeClient(a);
    peer.takeClient(b);
    expect(peer.refusal(peer.takeClient(e))).toBe('refused-full');
    peer.promote(backups[0] ?? 0, c).promote(backups[1] ?? 0, d);
    expect(peer.core.view().clients).toEqual([c.id, d.id, a.id, b.id]);
  });

  it('[S4] ends a link whose hello names other fingerprints, and says why', () => {
    const peer = new PeerScript(1).becomeHead();
    const link = peer.takeClient(a, {}, { binding: new Uint8Array(32).fill(6) });
    expect(peer.refusal(link)).toBe('link-auth');
    expect(peer.of('error').map((output) => output.code)).toContain('link-auth');
    expect(peer.core.view().clients).toEqual([]);
    // Nothing but another hello is looked at until the end, which no hello puts off.
    peer.clear().message(link, a, 1);
    expect([peer.delivered(a), peer.core.counters().messagesIn]).toEqual([[], 0]);
    const hello = { ticket: noTicket, role: 'parent', frontierDigest: 0, attachEpoch: 7, newcomer: false } as const;
    const binding = new Uint8Array(32).fill(6);
    peer.pass(900).packet(link, a, a.factory.newHello({ ...hello, binding }, 'request'));
    expect(peer.closed(link)).toBeUndefined();
    peer.pass(150);
    expect(peer.closed(link)).toBeDefined();
  });

  it('[S5] ignores what does not come from the proven neighbour', () => {
    const peer = new PeerScript(1).becomeHead();
    const link = peer.takeClient(a);
    peer.clear().packet(link, b, b.factory.newLeave(a.id, 'left', 0xffffffff));
    expect(peer.core.view().clients).toEqual([a.id]);
    expect(peer.core.counters().badPackets).toBe(1);
  });
});

describe('messages and the log', () => {
  function between(): { peer: PeerScript; up: number; down: number } {
    const peer = new PeerScript(1).register();
    const up = peer.attachTo(a);
    const down = peer.takeClient(b);
    return { peer: peer.clear(), up, down };
  }

  it('[M1] [L3] delivers once and in order, and forwards with its bytes and one more hop', () => {
    const { peer, up, down } = between();
    peer.message(up, c, 1).message(up, c, 1).message(up, c, 3).message(up, c, 2);
    expect(peer.delivered(c)).toEqual([1, 2, 3]);
    expect(peer.core.counters().duplicates).toBe(1);
    expect(peer.sent(down, 'message').map((packet) => [packet.header.seq, packet.hops])).toEqual([
      [1, 2],
      [2, 2],
      [3, 2],
    ]);
    expect(peer.sent(up, 'message')).toEqual([]);
  });

  it('[M2] [S6] puts what a busy sender has into one packet', () => {
    const peer = new PeerScript(1, { originBurst: 1, originRatePerSecond: 1 }).becomeHead();
    for (let i = 0; i < 5; i++) peer.give({ kind: 'send', messages: [text(`${i}`)], timeMs: 1 });
    peer.pass(3_000);
    const packets = peer
      .of('deliver')
      .map((output) => messagesBody.decode(output.packet.plainText ?? new Uint8Array(0))?.length);
    expect(packets).toEqual([1, 4]);
  });

  it('[L1] forgets the oldest beyond the limit', () => {
    const peer = new PeerScript(1, { logPacketsMax: 3 }).becomeHead();
    const link = peer.takeClient(a);
    for (let seq = 1; seq <= 5; seq++) peer.message(link, a, seq);
    expect(peer.core.view().logPackets).toBe(3);
  });

  it('[L2] [L10] stops pumping a slow link at the window while control goes on, and others keep their rate', () => {
    const peer = new PeerScript(1).becomeHead();
    const [slow, fast] = [peer.takeClient(a), peer.takeClient(b)];
    const messages = Array.from({ length: 60 }, () => ({ ...text(''), data: new Uint8Array(8_000) }));
    for (const message of messages) {
      peer.give({ kind: 'send', messages: [message], timeMs: 1 }, { kind: 'linkDrained', link: fast, bytes: 9_000 });
    }
    const sentBytes = peer.sent(slow, 'message').reduce((sum, packet) => sum + packet.body.length, 0);
    expect(sentBytes).toBeLessThan(linkWindowFirstBytes + 8_200);
    expect(peer.sent(fast, 'message')).toHaveLength(60);
    const pings = peer.sent(slow, 'ping').length;
    peer.pass(1_600);
    expect(peer.sent(slow, 'ping').length).toBeGreaterThan(pings);
    // What leaves at once shows a fast link, whose window grows; what leaves slowly makes it small again.
    for (let i = 0; i < 12; i++) peer.give({ kind: 'linkDrained', link: slow, bytes: 1e9 });
    // It went on where it had stopped, skipping nothing.
    const seqs = peer.sent(slow, 'message').map((packet) => packet.header.seq);
    expect(seqs).toEqual(seqs.map((_, i) => i + 1));
    expect(seqs).toHaveLength(60);
  });

  it('[L2] [H3] queues on a slow link no more than leaves in half a second', () => {
    const peer = new PeerScript(1).becomeHead();
    const link = peer.takeClient(a);
    for (let i = 0; i < 60; i++) {
      peer.give({ kind: 'send', messages: [{ ...text(''), data: new Uint8Array(2_000) }], timeMs: 1 });
    }
    // 16 bytes a ms: 8 000 in half a second.
    for (let i = 0; i < 6; i++) {
      peer.pass(500);
      peer.give({ kind: 'linkDrained', link, bytes: 8_000 });
    }
    peer.clear().pass(500).give({ kind: 'linkDrained', link, bytes: 8_000 });
    const bytes = peer.sent(link, 'message').reduce((sum, packet) => sum + packet.body.length, 0);
    expect(bytes).toBeGreaterThan(6_000);
    expect(bytes).toBeLessThan(linkWindowMinBytes + 2_200);
  });

  it('[L4] [L6] gives a newcomer the history from the oldest packet, and takes it as the start of each stream', () => {
    const old = new PeerScript(1, { logPacketsMax: 2 }).becomeHead();
    const up = old.takeClient(a);
    for (let seq = 1; seq <= 4; seq++) old.message(up, c, seq);
    const link = old.takeClient(b, {}, { newcomer: true });
    old.clear().packet(link, b, b.factory.newFrontier({ last: true, entries: [] }, 'pull'));
    const answer = frontierBody.decode(old.sent(link, 'frontier')[0]?.body ?? new Uint8Array(0));
    expect(answer?.entries).toMatchObject([{ sender: c.id, next: 5, oldest: 3 }]);
    expect(old.sent(link, 'message').map((packet) => packet.header.seq)).toEqual([3, 4]);

    const young = new PeerScript(2).register();
    const parent = young.connectTo(a);
    young.acceptedBy(parent, a, 99);
    expect(young.sent(parent, 'frontier').map((packet) => packet.action)).toEqual(['pull']);
    const session = c.factory.session;
    young.packet(
      parent,
      a,
      a.factory.newFrontier(
        { last: true, entries: [{ sender: c.id, session, next: 5, oldest: 3, presence: 0 }] },
        'response',
      ),
    );
    young.message(parent, c, 3);
    expect(young.of('caughtUp')).toEqual([]);
    young.message(parent, c, 4).message(parent, d, 2);
    expect(young.delivered(c)).toEqual([3, 4]);
    expect(young.of('deliver').map(({ isPast }) => isPast)).toEqual([true, true]);
    expect(young.of('caughtUp')).toHaveLength(1);
    young.clear().message(parent, c, 5);
    expect(young.of('deliver').map(({ isPast }) => isPast)).toEqual([false]);
    expect(young.of('caughtUp')).toEqual([]);
    // A stream the parent did not know starts at 1, so 2 waits.
    expect(young.delivered(d)).toEqual([]);
    expect(young.of('gap')).toEqual([]);
  });

  it('[L4] sends a returning neighbour what it lacks, oldest first, and nothing else', () => {
    const { peer, up } = between();
    for (let seq = 1; seq <= 6; seq++) peer.message(up, c, seq);
    const link = peer.takeClient(d);
    const entry = { sender: c.id, session: c.factory.session, next: 4, oldest: 1, presence: 0 };
    peer.packet(link, d, d.factory.newFrontier({ last: true, entries: [entry] }, 'pull'));
    peer.message(up, c, 7);
    expect(peer.sent(link, 'message').map((packet) => packet.header.seq)).toEqual([4, 5, 6, 7]);
  });

  it('[L5] asks again when a ping tells of packets that never came', () => {
    const { peer, up } = between();
    peer.ping(up, a, { sent: 2 });
    const pulls = peer.sent(up, 'frontier').length;
    peer.clear().ping(up, a, { sent: 9 });
    expect(peer.sent(up, 'frontier').map((packet) => packet.action)).toEqual(['pull']);
    expect(pulls).toBeLessThanOrEqual(1);
  });

  it('[L7] declares one gap after asking everywhere, and goes on behind it', () => {
    const { peer, up, down } = between();
    peer.message(up, c, 1).message(up, c, 4);
    expect([peer.sent(up, 'frontier').length, peer.sent(down, 'frontier').length]).toEqual([1, 1]);
    expect(peer.delivered(c)).toEqual([1]);
    // One answers that it has nothing, the other not at all: hope goes on for a while.
    peer.packet(up, a, a.factory.newFrontier({ last: true, entries: [] }, 'response'));
    for (let i = 0; i < 5; i++) peer.pass(1_100).ping(up, a).ping(down, b);
    expect(peer.of('gap')).toEqual([]);
    peer.packet(up, a, a.factory.newFrontier({ last: true, entries: [] }, 'response'));
    peer.packet(down, b, b.factory.newFrontier({ last: true, entries: [] }, 'response'));
    peer.pass(300);
    expect(peer.of('gap')).toMatchObject([{ sender: c.id, from: 2, to: 3 }]);
    expect(peer.delivered(c)).toEqual([1, 4]);
    peer.message(up, c, 2);
    expect(peer.delivered(c)).toEqual([1, 4]);
  });

  it('[L3] [L7] asks again for what came and could not be held, once what was before it is given up', () => {
    const peer = new PeerScript(1).register();
    const link = peer.attachTo(a);
    const backup = peer.attachTo(c, [], { purpose: 'backup' });
    const stream = { sender: b.id, session: b.factory.session, presence: 0 };
    const says = (from: Other, at: number, oldest: number, next: number) =>
      peer.packet(
        at,
        from,
        from.factory.newFrontier({ last: true, entries: [{ ...stream, oldest, next }] }, 'response'),
      );
    // Hears of b for the first time, from its parent; then 2..9 are in no log, and 10..12 in the backup's only.
    says(a, link, 1, 2).message(link, b, 1);
    for (let seq = 13; seq < 600; seq++) peer.message(link, b, seq);
    peer.pass(1_000);
    says(a, link, 13, 600);
    says(c, backup, 10, 13);
    for (const seq of [10, 11, 12]) peer.message(backup, b, seq);
    expect(peer.delivered(b)).toEqual([1]);
    // Both have what comes next, as far as they said, and both have sent it.
    const asksOf = () => [link, backup].map((one) => peer.sent(one, 'frontier').length);
    const before = asksOf();
    for (let i = 0; i < 30 && peer.of('gap').length === 0; i++) {
      peer.pass(1_000).ping(link, a).ping(backup, c);
    }
    expect(peer.of('gap')).toMatchObject([{ from: 2, to: 9 }]);
    peer.pass(1_500);
    expect(asksOf()[1]).toBeGreaterThan(before[1] ?? 0);
    for (const seq of [10, 11, 12]) peer.message(backup, b, seq);
    expect(peer.of('gap')).toHaveLength(1);
    expect(peer.delivered(b).slice(0, 5)).toEqual([1, 10, 11, 12, 13]);
  });

  it('[L8] a cursor that fell out of the log goes on at its oldest packet', () => {
    const peer = new PeerScript(1, { logPacketsMax: 20, originBurst: 1_000 }).becomeHead();
    const slow = peer.takeClient(a);
    for (let i = 0; i < 60; i++)
      peer.give({ kind: 'send', messages: [{ ...text(''), data: new Uint8Array(8_000) }], timeMs: 1 });
    const before = peer.sent(slow, 'message').length;
    peer.clear();
    for (let i = 0; i < 60; i++) peer.give({ kind: 'linkDrained', link: slow, bytes: 9_000 });
    const seqs = peer.sent(slow, 'message').map((packet) => packet.header.seq);
    expect(before).toBeLessThan(20);
    expect(seqs).toEqual(Array.from({ length: 20 }, (_, i) => i + 41));
  });

  it('[L9] forgets the oldest departed streams and then refuses their sessions', () => {
    const streams = new Streams(() => true);
    const key = (i: number) => streamKey('a'.repeat(32) as NodeId, i.toString(16).padStart(16, '0') as SessionId);
    for (let i = 1; i <= 4_096; i++) streams.open(key(i), 1, 0);
    const hourMs = 3_600_000;
    expect(streams.open(key(9_999), 1, hourMs)).toBeDefined();
    expect(streams.size).toBeLessThan(4_096);
    expect(streams.get(key(1))).toBeUndefined();
    expect(streams.open(key(1), 1, hourMs)).toBeUndefined();
    expect(streams.open(key(4_000), 1, hourMs)).toBeDefined();
  });

  it('[M6] shows the presence of somebody’s newest visit, though that of an earlier one comes after it, and passes on both', () => {
    const { peer, up, down } = between();
    const visits = ['0000000000010001', '0000000000010002'].map((session) => {
      const { factory } = new Other(12);
      factory.session = session as SessionId;
      return factory.newPresence({ name: session, role: 'peer', sinceMs: 1, away: false }, 1, 1);
    });
    peer.packet(up, a, a.factory.newEdges([{ client: c.id, parent: a.id, attachEpoch: 1, gone: false }]));
    for (const packet of visits.toReversed()) peer.packet(up, c, packet);
    expect(peer.of('presence').map((output) => output.presence.name)).toEqual(['0000000000010002']);
    expect(peer.sent(down, 'presence')).toHaveLength(2);
  });

  it('[M6] keeps the newest presence and passes it on once', () => {
    const { peer, up, down } = between();
    const presence = (name: string, version: number) =>
      c.factory.newPresence({ name, role: 'peer', sinceMs: 1, away: false }, version, 1);
    peer.packet(up, c, presence('new', 2)).packet(up, c, presence('old', 1)).packet(up, c, presence('new', 2));
    expect(peer.sent(down, 'presence').map((packet) => packet.header.seq)).toEqual([2]);
    // Only with its edge known is it a member.
    expect(peer.of('presence')).toEqual([]);
    peer.packet(up, a, a.factory.newEdges([{ client: c.id, parent: a.id, attachEpoch: 1, gone: false }]));
    expect(peer.of('presence').map((output) => output.presence.name)).toEqual(['new']);
    peer.packet(up, a, a.factory.newEdges([{ client: c.id, parent: a.id, attachEpoch: 1, gone: true }]));
    expect(peer.of('absent').map((output) => output.node)).toEqual([c.id]);
  });

  it('[M5] of two claims with one epoch everybody chooses the same, in whatever order they come', () => {
    const chosen = [
      [a.id, d.id],
      [d.id, a.id],
    ].map((claims) => {
      const { peer, up } = between();
      for (const parent of claims)
        peer.packet(up, a, a.factory.newEdges([{ client: c.id, parent, attachEpoch: 2, gone: false }]));
      return peer.core.view().edges.get(c.id);
    });
    expect(chosen).toEqual([d.id, d.id]);
  });

  it('[M5] who hears such a claim of itself says where it hangs with a newer epoch', () => {
    const { peer, up } = between();
    const { attachEpoch, path } = peer.core.view();
    const parent = 'f'.repeat(32) as NodeId;
    peer.clear();
    peer.packet(up, a, a.factory.newEdges([{ client: peer.me.id, parent, attachEpoch, gone: false }])).pass(300);
    const said = peer.sent(up, 'edges').flatMap((packet) => edgesBody.decode(packet.body)?.edges ?? []);
    const own = { client: peer.me.id, parent: path.at(-2), attachEpoch: attachEpoch + 1, gone: false };
    expect(said).toContainEqual(own);
  });

  it('[M5] the newest attach epoch of an edge wins, and gone at equal epochs', () => {
    const { peer, up, down } = between();
    const edge = (parent: NodeId, attachEpoch: number, gone = false) =>
      peer.packet(up, a, a.factory.newEdges([{ client: c.id, parent, attachEpoch, gone }]));
    edge(a.id, 2);
    edge(d.id, 1);
    expect(peer.core.view().edges.get(c.id)).toBe(a.id);
    edge(d.id, 3);
    edge(d.id, 3, true);
    edge(d.id, 3);
    expect(peer.core.view().edges.has(c.id)).toBe(false);
    peer.clear().pass(300);
    expect(peer.sent(down, 'edges')).toHaveLength(1);
    const back = peer.sent(up, 'edges').flatMap((packet) => edgesBody.decode(packet.body)?.edges ?? []);
    expect(back.map((known) => known.client)).not.toContain(c.id);
  });
});

describe('reunion', () => {
  it('[U1] passes the sweep down with itself added and folds up once all clients have answered', () => {
    const peer = new PeerScript(1).register();
    const up = peer.attachTo(a);
    const down = peer.takeClient(b);
    peer.clear().sweep(up, a, [a.id]);
    const swept = peer.sent(down, 'reunion').map((packet) => sweepBody.decode(packet.body)?.path);
    expect(swept).toEqual([[a.id, peer.me.id]]);
    expect(peer.sent(up, 'reunion')).toEqual([]);
    peer.packet(
      down,
      b,
      b.factory.newReunion({ epoch: 1, round: 1, subtreeSize: 5, height: 2, freeSlots: 1, attachEpoch: 1 }),
    );
    expect(peer.sent(up, 'reunion')).toHaveLength(1);
    expect(peer.core.view().subtreeSize).toBe(6);
    peer.clear().sweep(up, a, [a.id]).pass(1_100);
    expect(peer.sent(up, 'reunion')).toHaveLength(1);
  });

  it('[U2] the head sweeps on while the root is away', () => {
    const peer = new PeerScript(1).becomeHead().rootAnswersFold();
    const down = peer.takeClient(a);
    peer.give({ kind: 'rootDown' }).clear();
    for (let i = 0; i < 5; i++) peer.pass(1_000).ping(down, a);
    const last = peer
      .sent(down, 'reunion')
      .map((packet) => sweepBody.decode(packet.body))
      .at(-1);
    expect(last).toMatchObject({ attestation: undefined, path: [peer.me.id] });
    expect(peer.core.view()).toMatchObject({ head: true, clients: [a.id], rootReachable: false });
  });

  it('[U3] cuts its parent when it finds itself in the path', () => {
    const peer = new PeerScript(1).register();
    const up = peer.attachTo(a);
    peer.clear().sweep(up, a, [b.id, peer.me.id, a.id]);
    expect(peer.closed(up)).toBe('cycle');
    expect(peer.core.view().state).toBe('healing');
  });

  it('[U4] gives up a parent that no longer confirms the path, though its pings go on', () => {
    const peer = new PeerScript(1).register();
    const up = peer.attachTo(a);
    for (let i = 0; i < 11; i++) peer.pass(1_000).ping(up, a);
    expect(peer.closed(up)).toBe('unconfirmed');
  });

  it('[H5] holds still while HEALING from above, and passes it on once', () => {
    const peer = new PeerScript(1).register();
    const up = peer.attachTo(a);
    const down = peer.takeClient(b);
    peer.clear();
    for (let i = 0; i < 15; i++) {
      if (i === 5 || i === 6) peer.packet(up, a, a.factory.newHealing(c.id));
      peer.pass(1_000).ping(up, a).ping(down, b);
    }
    expect(peer.closed(up)).toBeUndefined();
    expect(peer.sent(down, 'healing')).toHaveLength(1);
    for (let i = 0; i < 12; i++) peer.pass(1_000).ping(up, a).ping(down, b);
    expect(peer.closed(up)).toBe('unconfirmed');
  });

  it('[U5] tells its clients of a new path at once', () => {
    const peer = new PeerScript(1).register();
    const up = peer.attachTo(a);
    const down = peer.takeClient(b);
    peer
      .clear()
      .packet(
        up,
        a,
        a.factory.newSweep(
          { epoch: 1, round: 1, roomSize: 3, attestation: peer.attestation(3), path: [c.id, a.id] },
          'push',
        ),
      );
    expect(
      peer.sent(down, 'reunion').map((packet) => [packet.action, sweepBody.decode(packet.body)?.path.length]),
    ).toEqual([['push', 3]]);
  });

  it('[U6] answers a reunion on demand by the way it came', () => {
    const peer = new PeerScript(1).becomeHead();
    const down = peer.takeClient(a);
    peer.clear().packet(down, a, a.factory.newProbe({ probe: 3, path: [a.id], signature: undefined }, 'pull'));
    const up = peer.sentRoot('reunion')[0];
    expect(up?.action).toBe('pull');
    peer.fromRoot(a.factory.newProbe({ probe: 3, path: [a.id, peer.me.id], signature: new Uint8Array(64) }, 'confirm'));
    expect(peer.sent(down, 'reunion').map((packet) => packet.action)).toEqual(['confirm']);
  });

  it('[U6] holds the root to have answered only when it signed the answer', () => {
    const peer = new PeerScript(1).becomeHead();
    const answers = (
      [
        [true, true],
        [false, true],
        [true, false],
      ] as const
    ).map(([isSigned, attested]) => {
      peer.clear().give({ kind: 'probe', probe: 9 });
      expect(peer.sentRoot('reunion')[0]?.action).toBe('pull');
      const signature = isSigned ? new Uint8Array(64) : undefined;
      const confirm = a.factory.newProbe({ probe: 9, path: [peer.me.id], signature }, 'confirm');
      peer.give({ kind: 'rootPacket', packet: a.verified(confirm), attested });
      return peer.outputs.find((output) => output.kind === 'probe')?.rootReachable;
    });
    expect(answers).toEqual([true, false, false]);
  });
});

describe('healing', () => {
  it('[H2] a link that brings nothing for 5 s is dead', () => {
    const peer = new PeerScript(1).becomeHead();
    const link = peer.takeClient(a);
    peer.clear().pass(5_100);
    expect(peer.closed(link)).toBe('silent');
    expect(leaveBody.decode(peer.sentRoot('leave')[0]?.body ?? new Uint8Array(0))).toMatchObject({
      subject: a.id,
      reason: 'silent',
    });
  });

  it('[H3] a link whose far end hears nothing is dead though it still brings packets', () => {
    const peer = new PeerScript(1).becomeHead();
    const link = peer.takeClient(a);
    for (let i = 0; i < 7; i++) peer.pass(1_000).ping(link, a, { received: 0 });
    expect(peer.closed(link)).toBe('one-way');
    const half = new PeerScript(1, { disabled: new Set(['both-directions']) }).becomeHead();
    const kept = half.takeClient(a);
    for (let i = 0; i < 9; i++) half.pass(1_000).ping(kept, a, { received: 0 });
    expect(half.closed(kept)).toBeUndefined();
  });

  it('[H1] [H4] [H6] promotes its warm backup at once and takes its clients along', () => {
    const peer = new PeerScript(1).register();
    const up = peer.attachTo(a, [c.id, a.id]);
    const backup = peer.attachTo(b, [], { purpose: 'backup' });
    peer.ping(backup, b, { depth: 2, parent: c.id });
    const down = peer.takeClient(d);
    peer.clear().give({ kind: 'linkDown', link: up });
    expect(peer.sent(down, 'healing')).toHaveLength(1);
    expect(peer.sent(backup, 'hello').map((packet) => packet.action)).toEqual(['promote']);
    expect(peer.sentRoot('advertise')).toEqual([]);
    peer.packet(
      backup,
      b,
      b.factory.newHello(
        {
          ticket: '0'.repeat(32) as never,
          role: 'parent',
          binding: new Uint8Array(32),
          frontierDigest: 0,
          attachEpoch: 3,
          newcomer: false,
        },
        'response',
      ),
    );
    peer.sweep(backup, b, [c.id, b.id]);
    expect(peer.core.view()).toMatchObject({
      state: 'attached',
      parent: b.id,
      clients: [d.id],
      path: [c.id, b.id, peer.me.id],
    });
    expect(peer.core.counters().heals).toBe(1);
  });

  it('[H7] asks for a backup when nobody comes in any more, and in any case after 5 s', () => {
    const asked = (secondsOfNewcomers: number): number => {
      const peer = new PeerScript(1).register();
      const up = peer.attachTo(a, [c.id, a.id]);
      peer.clear();
      const asksForBackup = (): boolean =>
        peer.sentRoot('advertise').some((packet) => advertiseBody.decode(packet.body)?.purpose === 'backup');
      while (peer.nowMs < 8_000 && !asksForBackup()) {
        const newcomer = new Other(100 + peer.nowMs / 100);
        if (peer.nowMs < secondsOfNewcomers * 1_000) {
          const edge = { client: newcomer.id, parent: a.id, attachEpoch: 1, gone: false };
          peer.packet(up, a, a.factory.newEdges([edge]));
        }
        peer.pass(100).ping(up, a);
      }
      return peer.nowMs;
    };
    const calm = asked(0);
    expect(calm).toBeGreaterThanOrEqual(500);
    expect(calm).toBeLessThanOrEqual(1_100);
    expect(asked(3)).toBeGreaterThanOrEqual(3_300);
    expect(asked(3)).toBeLessThanOrEqual(4_100);
    expect(asked(8)).toBeGreaterThan(4_900);
    expect(asked(8)).toBeLessThanOrEqual(5_600);
  });

  it('[H6] asks the root when the backup does not answer in time', () => {
    const peer = new PeerScript(1).register();
    const up = peer.attachTo(a, [c.id, a.id]);
    const backup = peer.attachTo(b, [], { purpose: 'backup' });
    peer.ping(backup, b, { depth: 2, parent: c.id }).clear();
    peer.packet(up, a, a.factory.newLeave(a.id, 'left', 0xffffffff)).pass(1_600);
    expect(peer.closed(backup)).toBe('refused-full');
    expect(peer.sentRoot('advertise').map((packet) => advertiseBody.decode(packet.body))).toMatchObject([
      { complaint: a.id, reason: 'left' },
    ]);
  });

  it('[H8] an unanchored peer refuses clients by ticket but takes the backups it holds', () => {
    const peer = new PeerScript(1).register();
    const up = peer.attachTo(a);
    const deeper = peer.takeClient(b, { purpose: 'backup' });
    const equal = peer.takeClient(d, { purpose: 'backup' });
    peer.sweep(up, a, [e.id, c.id, a.id]);
    peer.ping(deeper, b, { depth: 5 }).ping(equal, d, { depth: 4 });
    peer.give({ kind: 'linkDown', link: up });
    expect(peer.refusal(peer.takeClient(c))).toBe('refused-unanchored');
    peer.promote(deeper, b).promote(equal, d);
    expect(peer.core.view().clients).toEqual([b.id]);
    expect(peer.sent(deeper, 'healing')).toHaveLength(1);
    expect(peer.refusal(equal)).toBe('refused-unanchored');
  });

  it('[H9] refuses to rescue one that stands above it', () => {
    const peer = new PeerScript(1).register();
    const up = peer.attachTo(a, [b.id, a.id]);
    const held = peer.takeClient(b, { purpose: 'backup' });
    expect(up).toBeGreaterThan(0);
    peer.promote(held, b);
    expect(peer.refusal(held)).toBe('refused-cycle');
  });

  it('[H10] makes the new link before it breaks the old', () => {
    const peer = new PeerScript(1).register();
    const old = peer.attachTo(a, [c.id, a.id]);
    const link = peer.connectTo(b, { purpose: 'move' }, 'move');
    expect(peer.closed(old)).toBeUndefined();
    expect(peer.core.view().parent).toBe(a.id);
    peer.packet(
      link,
      b,
      b.factory.newHello(
        {
          ticket: '0'.repeat(32) as never,
          role: 'parent',
          binding: new Uint8Array(32).fill(5),
          frontierDigest: 0,
          attachEpoch: 3,
          newcomer: false,
        },
        'response',
      ),
    );
    expect(peer.closed(old)).toBe('moved');
    expect(peer.sent(old, 'leave').map((packet) => leaveBody.decode(packet.body)?.reason)).toEqual(['moved']);
    expect(peer.core.view().parent).toBe(b.id);
  });

  it('[H13] after a sleep every link gets one more ping before it is judged', () => {
    const peer = new PeerScript(1).becomeHead();
    const link = peer.takeClient(a);
    peer.nowMs += 20_000;
    peer.clear().give({ kind: 'timer' });
    expect(peer.closed(link)).toBeUndefined();
    expect(peer.sent(link, 'ping')).toHaveLength(1);
    peer.pass(500).ping(link, a).pass(3_000);
    expect(peer.closed(link)).toBeUndefined();
  });

  it('[H1] says LEAVE to its neighbours and the root, and takes no further input', () => {
    const peer = new PeerScript(1).register();
    const up = peer.attachTo(a);
    const down = peer.takeClient(b);
    peer.clear().give({ kind: 'leave', pause: false });
    expect(peer.sent(up, 'leave')).toHaveLength(1);
    expect(leaveBody.decode(peer.sent(down, 'leave')[0]?.body ?? new Uint8Array(0))).toMatchObject({ successor: a.id });
    expect(peer.sentRoot('leave')).toHaveLength(1);
    expect(peer.core.nextTimeoutMs()).toBeUndefined();
    peer.clear().register();
    expect(peer.outputs).toEqual([]);
  });

  it('[U2] an orphan with neither backup nor root heads its own subtree after a while', () => {
    const peer = new PeerScript(1).register();
    const up = peer.attachTo(a);
    const down = peer.takeClient(b);
    peer.give({ kind: 'rootDown' }, { kind: 'linkDown', link: up });
    for (let i = 0; i < 6; i++) peer.pass(1_000).ping(down, b);
    expect(peer.core.view()).toMatchObject({ head: true, rootReachable: false, clients: [b.id] });
  });
});
