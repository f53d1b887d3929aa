import { describe, expect, it } from 'vitest';
import type { NodeId, SessionId } from '../../types.ts';
import type { SimPeer } from '../sim-peer.ts';
import type { Stream } from './deliveries.ts';
import { ReceiptsChecker } from './receipts.ts';

const session = '01'.repeat(8) as SessionId;

/** Three peers; the first said two packets, of which the third has the second only. */
function room(): { checker: ReceiptsChecker; people: SimPeer[]; failures: string[] } {
  const people = [0, 1, 2].map((index) => {
    const fake = {
      name: `p${index}`,
      id: String(index).repeat(32) as NodeId,
      alive: true,
      first: Int32Array.of([0, 1, 2][index] ?? 0),
      last: Int32Array.of([0, 2, 2][index] ?? 0),
      gapped: Int32Array.of(0),
      core: { place: () => ({ session }) },
    };
    return fake as unknown as SimPeer;
  });
  const origin = people[0];
  if (origin === undefined) throw new Error('no origin');
  const failures: string[] = [];
  const stream: Stream = {
    index: 0,
    origin,
    session,
    sealed: 2,
    sealedAtMs: [0, 10, 20],
    packetsBefore: [],
    bytesBefore: [],
  };
  const world = {
    nowMs: 1_000,
    live: people,
    fail: (name: string, message: string) => failures.push(`${name}: ${message}`),
  };
  const checker = new ReceiptsChecker(world, { streams: [stream] });
  return { checker, people, failures };
}

describe('the receipts checker', () => {
  it('compares what a sender was told with what was delivered', () => {
    const { checker, people, failures } = room();
    const [origin] = people as [SimPeer];
    expect(checker.problem()).toBe('p0 is told of #2 of 2: nothing, but it is 2 of 2');
    const told = (seq: number, reached: number): void => {
      checker.told(origin, { kind: 'receipts', session, of: 2, receipts: [{ seq, reached }] });
    };
    told(2, 2);
    told(1, 2);
    expect(checker.problem()).toBe('p0 is told of #1 of 2: 2 of 2, but it is 1 of 2');
    told(1, 1);
    expect(checker.problem()).toBeUndefined();
    told(1, 3);
    expect(failures).toEqual(['receipts: p0 is told that 3 of 2 have #1']);
  });

  it('wants typing to end, and to be told once', () => {
    const { checker, people, failures } = room();
    const [, peer] = people as [SimPeer, SimPeer];
    const typing = (active: boolean): void => {
      checker.typing(peer, { kind: 'typing', node: people[0]?.id as NodeId, active, channel: '' });
    };
    typing(true);
    expect(checker.problem()).toBe('p1 still holds 1 for typing');
    typing(true);
    typing(false);
    typing(false);
    expect(failures).toEqual([
      'typing: p1 is told twice that somebody types',
      'typing: p1 is told twice that somebody does not type',
    ]);
  });
});
