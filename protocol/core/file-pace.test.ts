import { describe, expect, it } from 'vitest';
import { chunksUnderWayMax } from '../limits.ts';
import { fileKey, type NodeId, type SessionId } from '../types.ts';
import { FilePace } from './file-pace.ts';

const file = fileKey('a' as NodeId, 'b' as SessionId, 1);

interface Run {
  /** Most chunks under way in the second half. */
  readonly most: number;
  readonly endMs: number;
}

/** Sends whenever the pace allows it, on a link that takes one chunk each `serviceMs`, `delayMs` after it was sent at the earliest. */
function run(pace: FilePace, count: number, serviceMs: (index: number) => number, delayMs: number): Run {
  let [nowMs, freeAtMs, index, most] = [0, 0, 0, 0];
  const underWay: { readonly index: number; readonly atMs: number }[] = [];
  for (let taken = 0; taken < count;) {
    while (pace.readyAtMs(underWay.length) <= nowMs) {
      pace.sent(file, index, nowMs);
      freeAtMs = Math.max(freeAtMs, nowMs) + serviceMs(index);
      underWay.push({ index, atMs: freeAtMs + delayMs });
      index++;
    }
    if (taken > count / 2) most = Math.max(most, underWay.length);
    const first = underWay.shift();
    if (first === undefined) {
      // It lets the far end rest.
      nowMs = pace.readyAtMs(0);
      expect(nowMs).toBeLessThan(Infinity);
      continue;
    }
    nowMs = first.atMs;
    pace.taken(file, first.index + 1, nowMs);
    taken++;
  }
  return { most, endMs: nowMs };
}

describe('pace of files', () => {
  it('[F4] fills a long link', () => {
    // 100 ms there and back, 2 ms a chunk: 51 under way keep it busy.
    const { most } = run(new FilePace(), 3_000, () => 2, 100);
    expect(most).toBeGreaterThanOrEqual(48);
    expect(most).toBeLessThanOrEqual(56);
  });

  it('[F4] keeps a neighbour busy that is slow by itself', () => {
    const { most, endMs } = run(new FilePace(), 1_000, () => 10, 2);
    expect(most).toBeLessThanOrEqual(4);
    expect(endMs).toBeLessThan(1.1 * 10_000);
  });

  it('[F4] lets a neighbour rest whose processor became busy, and is as fast as before once it is not', () => {
    const serviceMs = (index: number): number => (index >= 100 && index < 400 ? 40 : 2);
    const busy = run(new FilePace(), 400, serviceMs, 2);
    expect(busy.most).toBe(1);
    expect(busy.endMs).toBeGreaterThan(1.5 * 300 * 40);
    expect(run(new FilePace(), 1_400, serviceMs, 2).endMs - busy.endMs).toBeLessThan(1.2 * 1_000 * 2);
  });

  it('[F4] takes a neighbour as it is that became slower for good', () => {
    const serviceMs = (index: number): number => (index < 100 ? 2 : 40);
    const [fewer, more] = [2_000, 3_000].map((count) => run(new FilePace(), count, serviceMs, 2).endMs) as [
      number,
      number,
    ];
    expect(more - fewer).toBeLessThan(1.1 * 1_000 * 40);
  });

  it('[F4] takes no time from an answer that may be to another copy, or to what others brought', () => {
    const pace = new FilePace();
    pace.sent(file, 0, 0);
    pace.restart(file);
    pace.sent(file, 0, 90, true);
    pace.taken(file, 1, 100);
    pace.sent(file, 1, 100);
    pace.sent(file, 2, 195);
    pace.taken(file, 3, 200);
    // Had either passed for 10 or 5 ms, a link of 100 ms would seem busy.
    const { most } = run(pace, 3_000, () => 2, 100);
    expect(most).toBeGreaterThanOrEqual(48);
  });

  it('[F4] is bounded, and forgets what will not be taken', () => {
    const pace = new FilePace();
    run(pace, 5_000, () => 0, 500);
    const full = (): number => pace.readyAtMs(chunksUnderWayMax - 1);
    expect(full()).toBe(-Infinity);
    expect(pace.readyAtMs(chunksUnderWayMax)).toBe(Infinity);
    pace.sent(file, 9, 0);
    pace.restart(file);
    pace.taken(file, 10, 1e9);
    expect(full()).toBe(-Infinity);
  });
});
