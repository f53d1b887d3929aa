import { describe, expect, it } from 'vitest';
import { EventQueue } from './event-queue.ts';
import { SimRng } from './rng.ts';

describe('EventQueue', () => {
  it('gives events by time and, at equal times, in the order they came', () => {
    const queue = new EventQueue();
    const rng = new SimRng(1);
    const pushed: { at: number; order: number }[] = [];
    for (let order = 0; order < 5_000; order++) {
      const at = rng.int(0, 200);
      pushed.push({ at, order });
      queue.push(at, order % 16, order);
    }
    pushed.sort((a, b) => a.at - b.at || a.order - b.order);
    for (const { at, order } of pushed) {
      expect(queue.pop()).toBe(true);
      expect([queue.timeMs, queue.kind, queue.a]).toEqual([at, order % 16, order]);
    }
    expect(queue.pop()).toBe(false);
  });

  it('keeps its order while events come and go', () => {
    const queue = new EventQueue();
    const rng = new SimRng(2);
    let now = 0;
    let seen = 0;
    for (let i = 0; i < 100; i++) queue.push(rng.unit(), 0, i, 'b');
    while (queue.pop()) {
      expect(queue.timeMs).toBeGreaterThanOrEqual(now);
      expect(queue.b).toBe('b');
      now = queue.timeMs;
      seen++;
      if (seen < 3_000) queue.push(now + rng.unit(), 0, seen, 'b');
      if (seen % 7 === 0 && seen < 3_000) queue.push(now, 0, seen, 'b');
    }
    expect(queue.size).toBe(0);
    expect(queue.nextMs()).toBe(Infinity);
  });
});
