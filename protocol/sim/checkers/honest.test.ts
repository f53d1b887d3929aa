import { describe, expect, it } from 'vitest';
import type { LinkEnd } from '../link-end.ts';
import type { SimPeer } from '../sim-peer.ts';
import type { Stream } from './deliveries.ts';
import { HonestChecker, lateAfterMs, type HonestResult } from './honest.ts';

const saidAtMs = 10_500;
const endMs = saidAtMs + 4 * lateAfterMs;

/** A chain of peers; the first one says one thing. `gotMs`: when each has it; `broken`: between which times the second link is down. */
function chain(
  gotMs: readonly number[],
  hostile: number[] = [],
  broken: readonly [number, number] = [0, 0],
): HonestResult {
  const peers = gotMs.map((_, index) => {
    const links = new Map<number, LinkEnd>();
    const core = { linkViews: () => [...links.keys()].map((link) => ({ link })) };
    return { index, name: `p${index}`, alive: true, attachedAtMs: 0, links, core } as unknown as SimPeer;
  });
  peers.slice(1).forEach((peer, i) => {
    const before = peers[i];
    if (before === undefined) return;
    const down = { peer: before } as unknown as LinkEnd;
    const up = { peer, other: down } as unknown as LinkEnd;
    down.other = up;
    before.links.set(2, down);
    peer.links.set(1, up);
  });
  const stream = { index: 0, origin: peers[0], sealed: 1, sealedAtMs: [0, saidAtMs] } as unknown as Stream;
  const world = {
    nowMs: 0,
    live: peers,
    fail: () => undefined,
    network: {
      isUp: ({ peer, other }: LinkEnd) =>
        peer.index + (other?.peer.index ?? 0) !== 3 || world.nowMs < broken[0] || world.nowMs >= broken[1],
    },
  };
  const deliveries = { streams: [stream], gotAtMs: (peer: SimPeer) => gotMs[peer.index] };
  const checker = new HonestChecker(world, deliveries, (peer) => hostile.includes(peer.index));
  for (; world.nowMs < endMs; world.nowMs += 1_000) checker.look();
  return checker.result();
}

const onTimeMs = saidAtMs + 50;
const lateMs = saidAtMs + lateAfterMs + 3_000;

describe('what honest peers are owed of each other', () => {
  it('is every word within three audit rounds', () => {
    expect(chain([saidAtMs, onTimeMs, onTimeMs])).toEqual({
      pairs: 2,
      cutOffPairs: 0,
      lateMs: [50],
      eclipsed: 0,
      honest: 3,
      late: undefined,
    });
    expect(chain([saidAtMs, onTimeMs, lateMs])).toMatchObject({ eclipsed: 1, cutOffPairs: 0 });
    expect(chain([saidAtMs, onTimeMs, lateMs]).late).toMatch(/^p2 got #1 of p0, said at 10500 ms, after 18000 ms/);
    expect(chain([saidAtMs, onTimeMs, Infinity]).late).toMatch(/never/);
  });

  it('is nothing while only hostile peers are between them, and counted', () => {
    const cutOff = chain([saidAtMs, onTimeMs, Infinity], [1]);
    expect(cutOff).toMatchObject({ pairs: 1, cutOffPairs: 1, eclipsed: 1, honest: 2, late: undefined });
  });

  it('is within three rounds from when they are connected again', () => {
    const broken = [saidAtMs, saidAtMs + 10_000] as const;
    expect(chain([saidAtMs, onTimeMs, lateMs], [], broken)).toMatchObject({ cutOffPairs: 1, late: undefined });
    expect(chain([saidAtMs, onTimeMs, lateMs + 12_000], [], broken).late).toMatch(/^p2 got #1/);
  });
});
