import { describe, expect, it } from 'vitest';
import {
  fullPictureMax,
  logPacketsMax,
  neighbourRateShare,
  originBurst,
  originRatePerSecond,
  relayedBurstShare,
} from '../limits.ts';
import { Other } from '../core/peer-script.ts';
import { Relayed } from './relayed.ts';

const [neighbour, member] = [new Other(20), new Other(21)];
const burst = originBurst * relayedBurstShare;
const perSecond = originRatePerSecond * neighbourRateShare;

/** With one origin that has a place in the tree. */
function relayed(): Relayed {
  return new Relayed({ originRatePerSecond, originBurst }, (origin) => origin === member.id);
}

/** How many of so many packets are taken, by origins that take turns. */
function taken(rates: Relayed, origins: readonly Other[], count: number, nowMs: number): number {
  let passed = 0;
  for (let i = 0; i < count; i++) {
    const origin = origins[i % origins.length]!;
    if (rates.take(neighbour.id, origin.message(i + 1), nowMs)) passed++;
  }
  return passed;
}

const strangers = Array.from({ length: 50 }, (_, i) => new Other(100 + i));

describe('what a neighbour passes on', () => {
  it('[S12] is taken as fast as it comes while it catches up: a whole log, and the presence of everybody', () => {
    expect(burst).toBeGreaterThanOrEqual(logPacketsMax + fullPictureMax);
    expect(taken(relayed(), [member], logPacketsMax + fullPictureMax, 0)).toBe(logPacketsMax + fullPictureMax);
    expect(taken(relayed(), strangers, logPacketsMax + fullPictureMax, 0)).toBe(logPacketsMax + fullPictureMax);
  });

  it('[S12] by origins without a place shares one budget, however many keys there are, and leaves members theirs', () => {
    const rates = relayed();
    expect(taken(rates, strangers, 3 * burst, 0)).toBe(burst);
    expect(taken(rates, strangers, 3 * burst, 1_000)).toBe(perSecond);
    expect(taken(rates, [member], burst, 1_000)).toBe(burst);
    expect(taken(rates, [member], burst, 2_000)).toBe(perSecond);
  });

  it('[S12] counts for the link that it came by: a flood behind one neighbour costs the others nothing', () => {
    const rates = relayed();
    taken(rates, strangers, 2 * burst, 0);
    expect(rates.take(member.id, strangers[0]!.message(1), 0)).toBe(true);
  });

  it('[S12] is left out before it is verified where it is known to be beyond, and nothing unverified takes anything', () => {
    const rates = relayed();
    const [first, second] = strangers as [Other, Other];
    // Somebody can write any key into a packet: until one of them verified, nothing is known of it.
    for (let i = 0; i < 2 * burst; i++) expect(rates.isBeyond(neighbour.id, first.message(i + 1), 0)).toBe(false);
    expect(taken(rates, [first], burst, 0)).toBe(burst);
    expect(rates.isBeyond(neighbour.id, first.message(1), 0)).toBe(true);
    expect(rates.isBeyond(neighbour.id, second.message(1), 0)).toBe(false);
    expect(rates.isBeyond(neighbour.id, first.message(1), 1_000)).toBe(false);
  });

  it('[S12] is not what the neighbour says itself: that has a rule of its own', () => {
    const rates = relayed();
    expect(taken(rates, [neighbour], 3 * burst, 0)).toBe(3 * burst);
    expect(rates.isBeyond(neighbour.id, neighbour.message(1), 0)).toBe(false);
  });
});
