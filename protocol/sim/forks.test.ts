import { describe, expect, it } from 'vitest';
import { auditPeriodMs } from '../limits.ts';
import type { PacketDigest } from '../types.ts';
import { drawOptions } from './scenarios.ts';
import type { SimPeer } from './sim-peer.ts';
import { Simulation } from './simulation.ts';
import { Workload } from './workload.ts';

/** What a link and a flood over a few hops may take on top, ms. */
const spreadMs = 2_000;
const forkFromMs = 20_000;

interface Finding {
  readonly atMs: number;
  /** What had been delivered of each stream when the proof came. */
  readonly last: Int32Array;
}

/** A calm room in which one peer with two clients gives one of them another stream than everybody else. */
function forkedRoom(seed: number): {
  sim: Simulation;
  forker: SimPeer;
  findings: Map<SimPeer, Finding>;
  sinceMs: number;
} {
  const options = drawOptions('quiet', seed, 20);
  const sim = new Simulation({ ...options, talkers: options.peers, talkPerSecond: 1 });
  new Workload(sim).start();
  const findings = new Map<SimPeer, Finding>();
  let forker: SimPeer | undefined;
  let deceived: string | undefined;
  let sinceMs = Infinity;
  const other = (digest: PacketDigest): PacketDigest => `f${digest.slice(1)}` as PacketDigest;
  sim.network.tamper = (from, to, packet) => {
    const { header, digest, prev } = packet;
    if (from.peer !== forker || to.peer.id !== deceived || header.type !== 'message') return packet;
    if (packet.sender !== forker.publicKey || digest === undefined || prev === undefined) return packet;
    const isFirst = sinceMs === Infinity;
    sinceMs = Math.min(sinceMs, sim.nowMs);
    return { ...packet, digest: other(digest), prev: isFirst ? prev : other(prev) };
  };
  sim.onForked = (peer, node) => {
    expect(node).toBe(forker?.id);
    if (peer !== forker) findings.set(peer, { atMs: sim.nowMs, last: peer.last.slice() });
  };
  sim.at(forkFromMs, () => {
    forker = sim.live.find((peer) => peer.said > 0 && peer.core.place().clients.length >= 2 && !peer.core.place().head);
    deceived = forker?.core.place().clients[0];
  });
  sim.onTick = () => sim.nowMs > sinceMs + 4 * auditPeriodMs || sim.nowMs > forkFromMs + 60_000;
  sim.run();
  expect(sim.failure).toBeUndefined();
  if (forker === undefined) throw new Error('nobody forked');
  return { sim, forker, findings, sinceMs };
}

describe('a sender that forks', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])(
    '[K2] [K3] is known to everybody within two audit rounds, and nothing more of it is shown, seed %i',
    (seed) => {
      const { sim, forker, findings, sinceMs } = forkedRoom(seed);
      const honest = sim.live.filter((peer) => peer !== forker);
      expect(findings.size).toBe(honest.length);
      const stream = sim.checkers.deliveries.streams.find(({ origin }) => origin === forker)?.index ?? NaN;
      for (const peer of honest) {
        const finding = findings.get(peer);
        expect(finding?.atMs).toBeLessThan(sinceMs + 2 * auditPeriodMs + spreadMs);
        expect(peer.last[stream] ?? 0).toBe(finding?.last[stream] ?? 0);
      }
      // It went on talking, or there was nothing to keep back.
      expect(Math.max(...honest.map((peer) => peer.last[stream] ?? 0))).toBeLessThan(forker.last[stream] ?? 0);
    },
  );
});
