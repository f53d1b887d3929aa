import { describe, expect, it } from 'vitest';
import { DrawPace } from './draw-pace.ts';

/** A pace of which each of the last drawings, at 0, took so long. */
function paceOf(costMs: number): DrawPace {
  const pace = new DrawPace();
  for (let i = 0; i < 50; i += 1) pace.drew(0, costMs);
  return pace;
}

describe('the pace of drawing', () => {
  it('is a frame where drawing takes no time, and at the beginning', () => {
    expect(new DrawPace().waitMs(5)).toBe(16);
    expect(paceOf(0.5).waitMs(3)).toBe(16);
  });

  it('leaves all but a twentieth of the time to the rest', () => {
    expect(paceOf(10).waitMs(0)).toBeCloseTo(200, 0);
    expect(paceOf(10).waitMs(150)).toBeCloseTo(50, 0);
  });

  it('draws what comes after a silence at once', () => {
    expect(paceOf(30).waitMs(10_000)).toBe(16);
  });

  it('is never slower than what somebody would notice', () => {
    expect(paceOf(10_000).waitMs(0)).toBeLessThanOrEqual(400);
  });

  it('is not changed much by one drawing that took long', () => {
    const pace = paceOf(2);
    pace.drew(0, 5_000);
    expect(pace.waitMs(0)).toBeLessThan(150);
  });
});
