import { describe, expect, it } from 'vitest';
import { Sparing } from './sparing.ts';

describe('sparing', () => {
  it('is needed for five seconds after a turn came late, and not for one that was in time', () => {
    const sparing = new Sparing();
    sparing.turned(1_000, 1_100);
    expect(sparing.isNeeded(1_100)).toBe(false);
    sparing.turned(2_000, 2_200);
    expect([2_200, 7_199, 7_200].map((atMs) => sparing.isNeeded(atMs))).toEqual([true, true, false]);
    // A page that goes on being late goes on sparing.
    sparing.turned(7_000, 7_150);
    expect(sparing.isNeeded(12_000)).toBe(true);
  });

  it('lights an edge once a second in each direction', () => {
    const sparing = new Sparing();
    const lit = (atMs: number, up: boolean) => sparing.mayLight('ab', up, atMs);
    expect([lit(0, true), lit(10, false), lit(500, true), lit(999, true), lit(1_000, true)]).toEqual([
      true,
      true,
      false,
      false,
      true,
    ]);
    expect(sparing.mayLight('cd', true, 1_001)).toBe(true);
  });

  it('does not grow with the edges that come and go', () => {
    const sparing = new Sparing();
    const edges = Array.from({ length: 1_000 }, (_, i) => `edge ${i}`);
    expect(edges.every((edge) => sparing.mayLight(edge, true, 0))).toBe(true);
  });
});
