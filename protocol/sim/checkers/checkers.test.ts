import { describe, expect, it } from 'vitest';
import type { PeerView } from '../../core/io.ts';
import { noNode, type NodeId, type SessionId } from '../../types.ts';
import { PacketFactory } from '../../wire/packet-factory.ts';
import type { Packet } from '../../wire/packet.ts';
import { LinkEnd } from '../link-end.ts';
import type { SimPeer } from '../sim-peer.ts';
import { depthOptimal } from './convergence.ts';
import { Deliveries } from './deliveries.ts';
import { Heals } from './heals.ts';
import { TreeChecker } from './tree.ts';
import { checkPacket } from './wire.ts';

/** As much of a peer as checkers look at. */
function fakePeer(index: number): SimPeer {
  const fake = {
    index,
    name: `p${index}`,
    id: String(index).repeat(32).slice(0, 32) as NodeId,
    publicKey: new Uint8Array(32).fill(index),
    alive: true,
    frozen: false,
    attachedAtMs: 0,
    clientsMax: 2,
    mostClientsMax: 2,
    links: new Map(),
    last: new Int32Array(2),
    first: new Int32Array(2),
    gapped: new Int32Array(2),
    said: 0,
    history: true,
    core: { holds: () => false, linkViews: () => [] },
  };
  return fake as unknown as SimPeer;
}

class FakeWorld {
  nowMs = 0;
  options = { peers: 10, logPacketsMax: 100, logBytesMax: 1_000_000 };
  live: SimPeer[] = [];
  failures: string[] = [];
  parents = new Map<SimPeer, LinkEnd>();

  fail(checker: string, message: string): void {
    this.failures.push(`${checker}: ${message}`);
  }

  parentEnd(peer: SimPeer): LinkEnd | undefined {
    return this.parents.get(peer);
  }
}

const session = '00'.repeat(8) as SessionId;

function deliveries(peers: number): {
  world: FakeWorld;
  checker: Deliveries;
  people: SimPeer[];
  say: (seq: number) => Packet;
} {
  const world = new FakeWorld();
  const people = Array.from({ length: peers }, (_, i) => fakePeer(i + 1));
  world.live = people;
  const checker = new Deliveries(world);
  const origin = people[0]!;
  const factory = new PacketFactory(origin);
  return {
    world,
    checker,
    people,
    say(seq) {
      const data = new Uint8Array(8);
      data[4] = seq;
      const packet = factory.newMessage([{ content: 'bytes', data, to: noNode, channel: '' }], seq, 0);
      world.nowMs += 10;
      checker.sealed(origin, packet);
      return packet;
    },
  };
}

describe('the deliveries checker', () => {
  it('accepts every packet once and in order', () => {
    const { world, checker, people, say } = deliveries(2);
    for (const packet of [1, 2, 3].map((seq) => say(seq))) for (const peer of people) checker.delivered(peer, packet);
    expect(world.failures).toEqual([]);
    expect(checker.remote).toBe(3);
  });

  it('catches a duplicate', () => {
    const { world, checker, people, say } = deliveries(2);
    const packet = say(1);
    checker.delivered(people[1]!, packet);
    checker.delivered(people[1]!, packet);
    expect(world.failures).toEqual([expect.stringContaining('p2 got #1 after #1')]);
    expect(checker.duplicates).toBe(1);
  });

  it('catches a hole without a gap, and a start that comes too late', () => {
    const { world, checker, people, say } = deliveries(3);
    const packets = [1, 2, 3].map((seq) => say(seq));
    checker.delivered(people[1]!, packets[0]!);
    checker.delivered(people[1]!, packets[2]!);
    expect(world.failures).toEqual([expect.stringContaining('p2 got #3 after #1, without a gap')]);
    checker.delivered(people[2]!, packets[1]!);
    expect(world.failures).toHaveLength(2);
    expect(world.failures[1]).toContain('p3 began at #2');
  });

  it('lets a newcomer begin behind what was said before it came', () => {
    const { world, checker, people, say } = deliveries(2);
    say(1);
    const packet = say(2);
    people[1]!.attachedAtMs = 15;
    checker.delivered(people[1]!, packet);
    expect(world.failures).toEqual([]);
  });

  it('refuses a gap over what a log still holds, and excuses any other', () => {
    const { world, checker, people, say } = deliveries(3);
    const gap = (): void => {
      checker.gap(people[1]!, people[0]!.id, session, 1, 1);
    };
    checker.delivered(people[2]!, say(1));
    gap();
    expect(world.failures).toEqual([]);
    expect(checker.excusedGaps).toBe(1);

    const second = deliveries(3);
    second.checker.delivered(second.people[2]!, second.say(1));
    Object.assign(second.people[2]!, { core: { holds: () => true } });
    Object.assign(second.people[1]!, { core: { linkViews: () => [{ node: second.people[2]!.id }] } });
    // What has just come may be on its way from there.
    second.world.nowMs += 2_000;
    second.checker.gap(second.people[1]!, second.people[0]!.id, session, 1, 1);
    expect(second.world.failures).toEqual([expect.stringContaining('gave up #1..1, which p3 has')]);
  });

  it('names what is missing in the end', () => {
    const { checker, people, say } = deliveries(3);
    const packets = [say(1), say(2)];
    for (const peer of people) checker.delivered(peer, packets[0]!);
    for (const peer of people.slice(0, 2)) checker.delivered(peer, packets[1]!);
    expect(checker.completeness()).toEqual({ expected: 6, delivered: 5, missing: "p3 has #1 of p1's 2" });
    checker.delivered(people[2]!, packets[1]!);
    expect(checker.completeness().missing).toBeUndefined();
  });

  it('owes of a vanished sender only what somebody living has', () => {
    const { checker, people, say, world } = deliveries(3);
    const first = say(1);
    say(2);
    for (const peer of people.slice(1)) checker.delivered(peer, first);
    people[0]!.alive = false;
    world.live = people.slice(1);
    expect(checker.completeness()).toEqual({ expected: 2, delivered: 2, missing: undefined });
  });
});

function view(more: Partial<PeerView>): PeerView {
  return {
    id: noNode,
    session,
    state: 'attached',
    parent: undefined,
    head: false,
    clients: [],
    links: [],
    path: [],
    roomSize: 1,
    subtreeSize: 1,
    rootReachable: true,
    registered: true,
    attachEpoch: 1,
    edges: new Map(),
    members: new Map(),
    connectingTo: undefined,
    logPackets: 0,
    logBytes: 0,
    ...more,
  };
}

/** Lets `client` hang from `parent`. */
function hang(world: FakeWorld, client: SimPeer, parent: SimPeer): LinkEnd {
  const end = new LinkEnd(client.index * 100, client, 1, true);
  const other = new LinkEnd(client.index * 100 + 1, parent, 50 + client.index, false);
  end.phase = other.phase = 'open';
  end.other = other;
  other.other = end;
  client.links.set(end.link, end);
  parent.links.set(other.link, other);
  world.parents.set(client, end);
  return end;
}

describe('the tree checker', () => {
  it('catches too many clients, too many backups, too large a log and a wrong path', () => {
    const world = new FakeWorld();
    const tree = new TreeChecker(world);
    const peer = fakePeer(1);
    tree.changed(peer, view({ clients: Array.from({ length: 4 }, () => noNode), path: [peer.id] }));
    expect(world.failures).toEqual([]);
    tree.changed(peer, view({ clients: Array.from({ length: 5 }, () => noNode) }));
    const backup = { link: 1, node: noNode, role: 'backupIn', rttMs: undefined } as const;
    tree.changed(peer, view({ links: [backup, backup, backup, backup, backup] }));
    tree.changed(peer, view({ logPackets: 101 }));
    tree.changed(peer, view({ path: [peer.id, noNode, peer.id] }));
    expect(world.failures.map((text) => text.split(':')[0])).toEqual(['degree', 'degree', 'memory', 'path']);
  });

  it('catches a circle that lasts, and forgives one that breaks', () => {
    const world = new FakeWorld();
    const tree = new TreeChecker(world);
    const [a, b, c] = [1, 2, 3].map((index) => fakePeer(index)) as [SimPeer, SimPeer, SimPeer];
    world.live = [a, b, c];
    const update = (): void => {
      for (const peer of world.live) tree.changed(peer, view({}));
    };
    hang(world, a, b);
    hang(world, b, c);
    hang(world, c, a);
    update();
    for (; world.nowMs < 30_000; world.nowMs += 1_000) tree.tick();
    expect(world.failures).toEqual([]);
    world.parents.delete(b);
    update();
    tree.tick();
    expect(tree.circles).toBe(1);
    hang(world, b, c);
    update();
    for (const end = world.nowMs + 40_000; world.nowMs < end; world.nowMs += 1_000) tree.tick();
    expect(world.failures[0]).toContain('circle: parents form a circle through p1');
  });
});

describe('the heals checker', () => {
  it('measures from the death of the link to the new parent', () => {
    const world = new FakeWorld();
    const heals = new Heals(world);
    const [parent, client, uncle] = [1, 2, 3].map((index) => fakePeer(index)) as [SimPeer, SimPeer, SimPeer];
    const anchored = view({ path: [client.id] });
    hang(world, client, parent);
    world.nowMs = 1_000;
    heals.peerDies(parent, true);
    heals.changed(client, anchored);
    expect(heals.isPending(client)).toBe(true);
    hang(world, client, uncle);
    world.nowMs = 1_400;
    heals.changed(client, view({ path: [], state: 'healing' }));
    heals.changed(client, anchored);
    expect([heals.silentMs, heals.cleanMs]).toEqual([[400], []]);
  });
});

describe('the wire checker', () => {
  it('catches a message on its way to the root', () => {
    const world = new FakeWorld();
    const peer = fakePeer(1);
    const factory = new PacketFactory(peer);
    checkPacket(world, peer, factory.newLeave(peer.id, 'left', 0), 'root');
    checkPacket(world, peer, factory.newMessage([], 1, 0), 'link');
    expect(world.failures).toEqual([]);
    checkPacket(world, peer, factory.newMessage([], 1, 0), 'root');
    checkPacket(world, peer, factory.newError('rate', false), 'link');
    expect(world.failures).toEqual([
      expect.stringContaining('p1 sent a message packet to the root'),
      expect.stringContaining('p1 sent a error packet on a link'),
    ]);
  });
});

describe('depthOptimal', () => {
  it('is that of the fullest tree', () => {
    const room = (...capacities: number[]): number =>
      depthOptimal(capacities.map((clientsMax) => ({ serves: clientsMax > 0, clientsMax })));
    expect(room(2)).toBe(1);
    expect(room(2, 2, 2)).toBe(2);
    expect(room(2, 2, 2, 2)).toBe(3);
    expect(room(...Array.from({ length: 21 }, () => 4))).toBe(3);
    expect(room(...Array.from({ length: 22 }, () => 4))).toBe(4);
    // Those who serve most come first.
    expect(room(0, 0, 0, 3)).toBe(2);
  });
});
