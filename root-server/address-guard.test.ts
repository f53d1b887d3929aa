import { describe, expect, it } from 'vitest';
import { AddressGuard } from './address-guard.ts';
import { TokenBuckets } from '../protocol/token-buckets.ts';

/** A guard and its clock. */
function guardOf(socketsMax: number): { guard: AddressGuard; pass: (ms: number) => void } {
  let nowMs = 1_000;
  return {
    guard: new AddressGuard(socketsMax, () => nowMs),
    pass: (ms) => {
      nowMs += ms;
    },
  };
}

/** How often something is true before it is not. */
function timesTrue(act: () => boolean): number {
  let count = 0;
  while (act()) count++;
  return count;
}

describe('bounds of an address', () => {
  it('[R11] a class of 500 behind one address joins at once, reloads, and leaves others alone', () => {
    const { guard } = guardOf(500);
    for (let reload = 0; reload < 2; reload++) {
      for (let i = 0; i < 500; i++) {
        expect(guard.opened('192.0.2.1')).toBe('in');
        expect(guard.takeSocket('192.0.2.1')).toBe(true);
        for (let packet = 0; packet < 20; packet++) expect(guard.takePacket('192.0.2.1')).toBe(true);
      }
      expect(guard.takeSocket('192.0.2.1')).toBe(false);
      expect(guard.takeSocket('192.0.2.2')).toBe(true);
      guard.freeSocket('192.0.2.2');
      for (let i = 0; i < 500; i++) {
        guard.freeSocket('192.0.2.1');
        guard.closed('192.0.2.1');
      }
    }
  });

  it('[R11] who opens sockets without end is told, then not even let in, and recovers with time', () => {
    const { guard, pass } = guardOf(100);
    const open = (): string => {
      const verdict = guard.opened('192.0.2.1');
      if (verdict !== 'cut') guard.closed('192.0.2.1');
      return verdict;
    };
    expect(timesTrue(() => open() === 'in')).toBe(200);
    // The one that ended the count was late itself.
    expect(timesTrue(() => guard.mayKnock('192.0.2.1') && open() === 'late')).toBe(63);
    expect([guard.mayKnock('192.0.2.1'), guard.mayKnock('192.0.2.2')]).toEqual([false, true]);
    pass(1_000);
    // 10 a second: it may knock, though it is still late.
    expect([guard.mayKnock('192.0.2.1'), open()]).toEqual([true, 'late']);
    pass(30_000);
    expect(open()).toBe('in');
  });

  it('[R11] packets of an address are counted together, and what is refused costs nothing', () => {
    const { guard, pass } = guardOf(100);
    expect(timesTrue(() => guard.takePacket('192.0.2.1'))).toBe(4_000);
    for (let i = 0; i < 10_000; i++) expect(guard.takePacket('192.0.2.1')).toBe(false);
    pass(1_000);
    expect(timesTrue(() => guard.takePacket('192.0.2.1'))).toBe(400);
    expect(guard.takePacket('192.0.2.2')).toBe(true);
  });

  it('[R11] an IPv6 site with all its networks has four times as much as one of them', () => {
    const { guard } = guardOf(10);
    const take = (network: number) => () => guard.takeSocket(`2001:db8:7:${network.toString(16)}::1`);
    expect([1, 2, 3].map((network) => timesTrue(take(network)))).toEqual([10, 10, 10]);
    expect(timesTrue(take(4))).toBe(10);
    expect(timesTrue(take(5))).toBe(0);
    expect(guard.takeSocket('2001:db8:8::1')).toBe(true);
    let network = 0;
    const packets = timesTrue(() => guard.takePacket(`2001:db8:9:${(network++ % 1_000).toString(16)}::1`));
    expect(packets).toBe(4_000);
  });

  it('forgets addresses that have all their tokens back', () => {
    const buckets = new TokenBuckets();
    for (let i = 0; i < 4_096; i++) buckets.take(`early ${i}`, 1, 10, 100, 0);
    for (let i = 0; i < 10; i++) buckets.take(`late ${i}`, 1, 10, 100, 60_000);
    expect(buckets.size).toBe(10);
    expect([buckets.take('late 0', 0, 10, 100, 60_000), buckets.take('early 0', 0, 10, 100, 60_000)]).toEqual([
      99, 100,
    ]);
  });
});
