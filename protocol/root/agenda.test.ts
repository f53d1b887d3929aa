import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Agenda } from './agenda.ts';

describe('agenda', () => {
  it('gives each its earliest turn, once, in order of time', () => {
    const entry = fc.tuple(fc.nat(5), fc.nat(100));
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 60 }), (entries) => {
        const agenda = new Agenda<number>();
        const earliest = new Map<number, number>();
        for (const [item, atMs] of entries) {
          agenda.note(item, atMs);
          earliest.set(item, Math.min(earliest.get(item) ?? Infinity, atMs));
        }
        const taken: [number, number][] = [];
        for (let nowMs = 0; nowMs <= 100; nowMs++) {
          for (let item = agenda.take(nowMs); item !== undefined; item = agenda.take(nowMs)) taken.push([item, nowMs]);
        }
        expect(new Map(taken)).toEqual(earliest);
        expect(taken).toHaveLength(earliest.size);
        expect(agenda.dueMs()).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });

  it('forgets who is gone, and takes note again of who had a turn', () => {
    const agenda = new Agenda<string>();
    agenda.note('a', 5);
    agenda.note('b', 6);
    agenda.note('never', Infinity);
    agenda.forget('a');
    expect(agenda.take(10)).toBe('b');
    agenda.note('b', 8);
    expect([agenda.take(7), agenda.take(8), agenda.take(100)]).toEqual([undefined, 'b', undefined]);
  });
});
