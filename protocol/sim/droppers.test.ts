import { describe, expect, it } from 'vitest';
import { auditPeriodMs } from '../limits.ts';
import { pingBody } from '../wire/bodies.ts';
import type { LinkEnd } from './link-end.ts';
import { drawOptions } from './scenarios.ts';
import type { SimPeer } from './sim-peer.ts';
import { Simulation } from './simulation.ts';
import { Workload } from './workload.ts';

const dropFromMs = 58_000;
const talkMs = 60_000;

/**
 * A calm room in which one peer, from some time on, keeps all of some senders back from its clients, and its pings do not
 * show it. Talk ends before the room is looked at, three audit rounds later.
 */
function roomWithDropper(seed: number): { sim: Simulation; dropper: SimPeer; dropped: number } {
  const options = drawOptions('quiet', seed, 20);
  const sim = new Simulation({ ...options, talkers: options.peers, talkPerSecond: 0.2, faultsMs: talkMs });
  new Workload(sim).start();
  let dropper: SimPeer | undefined;
  let dropped = 0;
  const hidden = new Map<LinkEnd, number>();
  sim.network.tamper = (from, to, packet) => {
    if (dropper === undefined) return packet;
    const { type } = packet.header;
    const isDown = from.peer === dropper && dropper.core.place().clients.includes(to.peer.id);
    if (isDown && type === 'message' && packet.sender !== dropper.publicKey && (packet.sender[0] ?? 0) % 2 === 0) {
      hidden.set(from, (hidden.get(from) ?? 0) + 1);
      dropped++;
      return undefined;
    }
    const ping = type === 'ping' ? pingBody.decode(packet.body) : undefined;
    if (ping === undefined) return packet;
    const sent = ping.sent - (hidden.get(from) ?? 0);
    // Its own core is not to find the link broken.
    const received = ping.received + (hidden.get(to) ?? 0);
    return { ...packet, body: pingBody.encode({ ...ping, sent, received }) };
  };
  sim.at(dropFromMs, () => {
    dropper = sim.live.find((peer) => peer.core.place().clients.length >= 2 && !peer.core.place().head);
  });
  // The workload talks for 5 s beyond its faults.
  sim.onTick = () => sim.nowMs >= talkMs + 5_000 + 3 * auditPeriodMs;
  sim.run();
  expect(sim.failure).toBeUndefined();
  if (dropper === undefined) throw new Error('nobody dropped anything');
  return { sim, dropper, dropped };
}

describe('a parent that keeps back what some say and hides it in its pings', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])('[K4] is gone around within three audit rounds, seed %i', (seed) => {
    const { sim, dropper, dropped } = roomWithDropper(seed);
    expect(dropped).toBeGreaterThan(0);
    expect(dropper.alive).toBe(true);
    expect(sim.checkers.deliveries.completeness().missing).toBeUndefined();
  });
});
