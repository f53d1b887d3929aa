import { beforeEach, describe, expect, it } from 'vitest';
import { noNode } from '../types.ts';
import { PacketFactory } from '../wire/packet-factory.ts';
import { packetSize, type Packet } from '../wire/packet.ts';
import { EventQueue } from './event-queue.ts';
import { eventKinds } from './events.ts';
import type { LinkEnd } from './link-end.ts';
import { Network } from './network.ts';
import type { SimOptions } from './options.ts';
import { SimRng } from './rng.ts';
import { drawOptions } from './scenarios.ts';
import { SimPeer } from './sim-peer.ts';

/** Two peers and the network between them, without cores: what would go into a core is written down. */
class Pair {
  readonly queue = new EventQueue();
  readonly network: Network;
  readonly a: SimPeer;
  readonly b: SimPeer;
  readonly log: { atMs: number; what: string }[] = [];
  readonly drained = new Map<SimPeer, number>();
  readonly options: SimOptions;
  relay = true;

  constructor(more: Partial<SimOptions> = {}) {
    this.options = { ...drawOptions('quiet', 1, 2), latencyMs: [50, 50], jitterMs: 0, ...more };
    this.network = new Network(this.queue, new SimRng(1), this.options);
    this.a = new SimPeer(0, 0, this.options, new SimRng(2));
    this.b = new SimPeer(1, 0, this.options, new SimRng(3));
  }

  /** Carries on until a virtual time, ms. */
  until(timeMs: number): this {
    while (this.queue.nextMs() <= timeMs && this.queue.pop()) {
      this.network.nowMs = this.queue.timeMs;
      const end = this.queue.a as LinkEnd;
      switch (this.queue.kind) {
        case eventKinds.signal:
          if (this.relay) this.network.signal(end.peer === this.a ? this.b : this.a, 1, this.queue.b as Uint8Array);
          break;
        case eventKinds.open:
          this.network.opened(end);
          break;
        case eventKinds.linkUp:
          this.note(`${end.peer.name} up`);
          break;
        case eventKinds.linkDown:
          if (this.network.downed(end)) this.note(`${end.peer.name} down`);
          break;
        case eventKinds.packet:
          if (end.phase === 'open') this.note(`${end.peer.name} got ${(this.queue.b as Packet).header.seq}`);
          break;
        case eventKinds.drain:
          this.drained.set(end.peer, (this.drained.get(end.peer) ?? 0) + this.network.takeDrained(end));
          break;
        case eventKinds.action:
          (this.queue.a as () => void)();
          break;
      }
    }
    this.network.nowMs = timeMs;
    return this;
  }

  note(what: string): void {
    this.log.push({ atMs: this.queue.timeMs, what });
  }

  connect(): this {
    this.network.open(this.a, 1, true);
    this.network.open(this.b, 1, false);
    return this;
  }

  send(from: SimPeer, seq: number, bytes = 10): void {
    this.network.send(from, 1, message(from, seq, bytes));
  }

  end(peer: SimPeer): LinkEnd {
    return peer.links.get(1)!;
  }

  whats(): string[] {
    return this.log.map(({ what }) => what);
  }
}

function message(from: SimPeer, seq: number, bytes: number): Packet {
  const data = new Uint8Array(bytes);
  return new PacketFactory(from).newMessage([{ content: 'bytes', data, to: noNode, channel: '' }], seq, 0);
}

describe('the virtual network', () => {
  let pair: Pair;

  beforeEach(() => {
    pair = new Pair().connect().until(1_000);
    expect(pair.whats().sort()).toEqual(['p0 up', 'p1 up']);
    pair.log.length = 0;
  });

  it('opens a channel behind the signals and four round trips, with the same binding at both ends', () => {
    const fresh = new Pair().connect().until(1_000);
    const ups = fresh.log.map(({ atMs }) => atMs);
    expect(Math.min(...ups)).toBeGreaterThanOrEqual(400);
    expect(Math.max(...ups)).toBeLessThan(550);
    expect(fresh.network.binding(fresh.end(fresh.a))).toEqual(fresh.network.binding(fresh.end(fresh.b)));
  });

  it('opens nothing without signals or between a pair that cannot connect', () => {
    const mute = new Pair();
    mute.relay = false;
    expect(mute.connect().until(60_000).log).toEqual([]);
    expect(new Pair({ unreachableShare: 1 }).connect().until(60_000).log).toEqual([]);
  });

  it('delivers in order after the latency, whatever the jitter', () => {
    const jittery = new Pair({ jitterMs: 80 }).connect().until(1_000);
    jittery.log.length = 0;
    for (let seq = 1; seq <= 50; seq++) {
      jittery.send(jittery.a, seq);
      jittery.until(1_000 + seq);
    }
    jittery.until(2_000);
    expect(jittery.whats()).toEqual(Array.from({ length: 50 }, (_, i) => `p1 got ${i + 1}`));
    expect(jittery.log[0]?.atMs).toBeGreaterThanOrEqual(1_050);
  });

  it('holds to the bandwidth and reports what has left the buffer', () => {
    const slow = new Pair({ bandwidth: [10_000, 10_000] }).connect().until(1_000);
    slow.log.length = 0;
    const sizeBytes = packetSize(message(slow.a, 1, 1_000));
    for (let seq = 1; seq <= 40; seq++) slow.send(slow.a, seq, 1_000);
    slow.until(1_000 + (20 * sizeBytes) / 10);
    const halfway = slow.drained.get(slow.a) ?? 0;
    expect(halfway).toBeGreaterThan(0);
    expect(halfway).toBeLessThanOrEqual(20 * sizeBytes + 1);
    slow.until(20_000);
    expect(slow.log.at(-1)?.atMs).toBeCloseTo(1_000 + 4 * sizeBytes + 50, 0);
    // What is not worth a report may stay unreported.
    expect(40 * sizeBytes - (slow.drained.get(slow.a) ?? 0)).toBeLessThan(16_384);
  });

  it('tells the far end of a close, behind what was sent', () => {
    pair.send(pair.a, 1);
    pair.network.close(pair.a, 1);
    pair.send(pair.a, 2);
    pair.until(2_000);
    expect(pair.whats()).toEqual(['p1 got 1', 'p1 down']);
  });

  it('cuts clean: both ends hear of it', () => {
    pair.network.cut(pair.end(pair.a), 'clean');
    pair.until(2_000);
    expect(pair.whats()).toEqual(['p0 down', 'p1 down']);
  });

  it('cuts silent: nothing passes and nobody hears', () => {
    pair.network.cut(pair.end(pair.a), 'silent');
    pair.send(pair.a, 1);
    pair.send(pair.b, 2);
    pair.until(60_000);
    expect(pair.log).toEqual([]);
    pair.network.close(pair.a, 1);
    pair.until(70_000);
    expect(pair.log).toEqual([]);
  });

  it('cuts one way: the other way goes on', () => {
    pair.network.cut(pair.end(pair.a), 'one-way');
    pair.send(pair.a, 1);
    pair.send(pair.b, 2);
    pair.until(2_000);
    expect(pair.whats()).toEqual(['p0 got 2']);
  });

  it('cuts half open: one end is closed, the other sends into nothing', () => {
    pair.network.cut(pair.end(pair.a), 'half-open');
    pair.until(1_100);
    pair.send(pair.b, 1);
    pair.until(60_000);
    expect(pair.whats()).toEqual(['p0 down']);
  });

  it('swallows messages and lets pings pass', () => {
    pair.network.cut(pair.end(pair.a), 'swallow');
    pair.send(pair.a, 1);
    pair.network.send(pair.a, 1, new PacketFactory(pair.a).newHealing(pair.a.id));
    pair.until(2_000);
    expect(pair.whats()).toEqual(['p1 got 0']);
  });

  it('loses single message packets when told to', () => {
    pair.network.frameLossChance = 1;
    pair.send(pair.a, 1);
    pair.network.send(pair.a, 1, new PacketFactory(pair.a).newHealing(pair.a.id));
    pair.network.frameLossChance = 0;
    pair.send(pair.a, 2);
    pair.until(2_000);
    expect(pair.whats()).toEqual(['p1 got 0', 'p1 got 2']);
    expect(pair.network.framesLost).toBe(1);
  });

  it('holds what is sent across a partition and delivers it afterwards', () => {
    pair.a.side = 1;
    pair.network.startPartition({ startedAtMs: 1_000, rootSide: 0 });
    pair.send(pair.a, 1);
    pair.until(11_000);
    expect(pair.log).toEqual([]);
    pair.network.endPartition();
    pair.until(12_000);
    expect(pair.whats()).toEqual(['p1 got 1']);
  });

  it('delivers a close that happened during a partition', () => {
    pair.a.side = 1;
    pair.network.startPartition({ startedAtMs: 1_000, rootSide: 0 });
    pair.send(pair.a, 1);
    pair.network.close(pair.a, 1);
    pair.until(11_000);
    pair.network.endPartition();
    pair.until(12_000);
    expect(pair.whats()).toEqual(['p1 got 1', 'p1 down']);
  });

  it('gives up links after 30 s of partition', () => {
    pair.a.side = 1;
    pair.network.startPartition({ startedAtMs: 1_000, rootSide: 0 });
    pair.until(30_900);
    expect(pair.log).toEqual([]);
    pair.until(31_100);
    expect(pair.whats().sort()).toEqual(['p0 down', 'p1 down']);
  });

  it('opens nothing between the sides of a partition until it ends', () => {
    const split = new Pair();
    split.a.side = 1;
    split.network.startPartition({ startedAtMs: 0, rootSide: 2 });
    split.connect().until(5_000);
    expect(split.log).toEqual([]);
    split.network.endPartition();
    split.until(6_000);
    expect(split.whats().sort()).toEqual(['p0 up', 'p1 up']);
  });
});
