import { describe, expect, it } from 'vitest';
import { chunksUnderWayMax } from '../limits.ts';
import { fileKey, type NodeId, type SessionId } from '../types.ts';
import { FilePace } from './file-pace.ts';

const file = fileKey('a' as NodeId, 'b' as SessionId, 1);

/** Keeps the window full on a link that takes one chunk each `serviceMs`, `delayMs` after it was sent at the earliest. */
function run(pace: FilePace, count: number, serviceMs: (index: number) => number, delayMs: number): number {
  let [nowMs, freeAtMs, index] = [0, 0, 0];
  const underWay: { readonly index: number; readonly atMs: number }[] = [];
  let most = 0;
  for (let taken = 0; taken < count;) {
    while (underWay.length < pace.chunks) {
      pace.sent(file, index, nowMs);
      freeAtMs = Math.max(freeAtMs, nowMs) + serviceMs(index);
      underWay.push({ index, atMs: freeAtMs + delayMs });
      index++;
    }
    if (taken > count / 2) most = Math.max(most, underWay.length);
    const first = underWay.shift();
    if (first === undefined) throw new Error('nothing is under way');
    nowMs = first.atMs;
    pace.taken(file, first.index + 1, nowMs);
    taken++;
  }
  return most;
}

describe('pace of files', () => {
  it('[F4] fills a long link', () => {
    // 100 ms there and back, 2 ms a chunk: 51 under way keep it busy.
    const most = run(new FilePace(), 3_000, () => 2, 100);
    expect(most).toBeGreaterThanOrEqual(48);
    expect(most).toBeLessThanOrEqual(56);
  });

  it('[F4] keeps few under way to a neighbour whose processor became busy', () => {
    const pace = new FilePace();
    expect(run(pace, 400, (index) => (index < 100 ? 2 : 40), 2)).toBeLessThanOrEqual(4);
    expect(pace.chunks).toBeGreaterThanOrEqual(1);
  });

  it('[F4] is bounded, and forgets what will not be taken', () => {
    const pace = new FilePace();
    run(pace, 5_000, () => 0, 500);
    expect(pace.chunks).toBe(chunksUnderWayMax);
    pace.sent(file, 9, 0);
    pace.restart(file);
    pace.taken(file, 10, 1e9);
    expect(pace.chunks).toBe(chunksUnderWayMax);
  });
});
