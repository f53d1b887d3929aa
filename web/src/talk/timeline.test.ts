import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Gap, type Message, type NodeId } from '../../../client/api.ts';
import {
  addEntries,
  authorOf,
  type Entry,
  fileEntry,
  firstDrawn,
  groupMax,
  groupWithinMs,
  historyAfterMs,
  isHistory,
  journeyOf,
  keepGroups,
  messageEntry,
  rowsOf,
} from './timeline.ts';

const ana = 'a'.repeat(32) as NodeId;
const ben = 'b'.repeat(32) as NodeId;
const noon = new Date(2026, 2, 3, 12).getTime();
let next = 0;

function message(from: NodeId, receivedAt: number, tookMs = 40, text = 'hi'): Message {
  next += 1;
  return { id: `${next}`, from, text, sentAt: receivedAt - tookMs, receivedAt, hops: 2, self: false };
}
function timeline(...entries: Entry[]): Entry[] {
  const list: Entry[] = [];
  addEntries(list, entries);
  return list;
}
const said = (...messages: Message[]) => timeline(...messages.map(messageEntry));
const presence = (change: 'join' | 'leave', id: NodeId, atMs: number): Entry => ({
  kind: 'presence',
  change,
  id,
  atMs,
});
const kindsOf = (list: readonly Entry[]) => rowsOf(list).map((row) => row.kind);
const texts = (list: readonly Entry[]) => list.map((entry) => (entry.kind === 'message' ? entry.message.text : ''));

describe('rowsOf', () => {
  it('tells what the owner ruled in a line of its own, between what was said', () => {
    const list = timeline(
      messageEntry(message(ana, noon)),
      { kind: 'note', atMs: noon + 1000, note: 'quiet' },
      { kind: 'note', atMs: noon + 1000, note: 'locked' },
      messageEntry(message(ana, noon + 2000)),
    );
    const rows = rowsOf(list);
    expect(rows.map((row) => (row.kind === 'note' ? row.note : row.kind))).toEqual([
      'day',
      'group',
      'quiet',
      'locked',
      'group',
    ]);
    expect(new Set(rows.map(({ key }) => key)).size).toBe(rows.length);
  });

  it('groups what one sender says in a row', () => {
    const list = said(
      message(ana, noon),
      message(ana, noon + 1000),
      message(ben, noon + 2000),
      message(ana, noon + 3000),
    );
    const groups = rowsOf(list).filter((row) => row.kind === 'group');
    expect(groups.map((group) => [group.from, group.messages.length])).toEqual([
      [ana, 2],
      [ben, 1],
      [ana, 1],
    ]);
  });

  it('begins a new group after a silence', () => {
    const list = said(message(ana, noon), message(ana, noon + groupWithinMs));
    expect(kindsOf(list)).toEqual(['day', 'group', 'group']);
  });

  it('begins a new group when one has grown large, and leaves the others as they were', () => {
    const list = said(...Array.from({ length: 2 * groupMax + 1 }, (_, i) => message(ana, noon + i)));
    const groups = rowsOf(list).filter((row) => row.kind === 'group');
    expect(groups.map((group) => group.messages.length)).toEqual([groupMax, groupMax, 1]);
    const later = rowsOf(list.slice(groupMax)).filter((row) => row.kind === 'group');
    expect(later.map((group) => group.key)).toEqual(groups.slice(1).map((group) => group.key));
  });

  it('separates days', () => {
    const list = said(message(ana, noon), message(ana, noon + 24 * 3600_000));
    expect(kindsOf(list)).toEqual(['day', 'group', 'day', 'group']);
  });

  it('draws joins and leaves together, and cancels who came and went', () => {
    const list = timeline(
      presence('join', ana, noon),
      presence('join', ben, noon + 1),
      presence('leave', ana, noon + 2),
      messageEntry(message(ben, noon + 3)),
      presence('leave', ben, noon + 4),
    );
    const rows = rowsOf(list);
    expect(rows.map((row) => row.kind)).toEqual(['day', 'presence', 'group', 'presence']);
    expect(rows[1]).toMatchObject({ joined: [ben], left: [] });
    expect(rows[3]).toMatchObject({ joined: [], left: [ben] });
  });

  it('shows gaps on a line of their own', () => {
    const gap: Gap = { from: ana, session: '0'.repeat(16) as Gap['session'], fromSeq: 3, toSeq: 14 };
    const list = timeline(
      messageEntry(message(ana, noon)),
      { kind: 'gap', atMs: noon, gap },
      messageEntry(message(ana, noon)),
    );
    expect(kindsOf(list)).toEqual(['day', 'group', 'gap', 'group']);
  });

  it('shows each file on a row of its own, in the order of its sender', () => {
    const file = { id: 'f', from: ana, self: false, name: 'a.txt', sentAt: noon, receivedAt: noon + 40 };
    const old = { ...file, id: 'g', from: ben, sentAt: noon - 3_600_000 };
    const list = timeline(
      messageEntry(message(ana, noon)),
      fileEntry(file),
      messageEntry(message(ana, noon + 50)),
      fileEntry(old),
    );
    expect(kindsOf(list)).toEqual(['day', 'file', 'group', 'file', 'group']);
    expect(list.map(authorOf)).toEqual(['other', 'other', 'other', 'other']);
    expect(isHistory(old)).toBe(true);
  });

  it('marks where the new begins, within one sender’s group too, and tells of new names', () => {
    const messages = [message(ana, noon), message(ana, noon + 1), message(ana, noon + 2)];
    const list = said(...messages);
    addEntries(list, [{ kind: 'rename', atMs: noon + 3, id: ana, before: 'Ana', after: 'Anna' }]);
    expect(kindsOf(list)).toEqual(['day', 'group', 'rename']);
    const rows = rowsOf(list, messages[1]?.id);
    expect(rows.map((row) => row.kind)).toEqual(['day', 'group', 'news', 'group', 'rename']);
    expect(rows[3]).toMatchObject({ messages: messages.slice(1) });
    expect(rows[4]).toMatchObject({ before: 'Ana', after: 'Anna' });
  });

  it('has no two rows of one key', () => {
    const list = timeline(
      presence('join', ana, noon),
      messageEntry(message(ben, noon)),
      presence('leave', ana, noon),
      messageEntry(message(ben, noon)),
      presence('join', ana, noon),
    );
    const keys = rowsOf(list).map((row) => row.key);
    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe('keepGroups', () => {
  it('keeps groups to which nothing was added, and no others', () => {
    const list = said(message(ana, noon), message(ana, noon + 1), message(ben, noon + 2));
    const before = rowsOf(list);
    expect(keepGroups(before, rowsOf(list))).toEqual(before);
    expect(keepGroups(before, rowsOf(list))[1]).toBe(before[1]);
    addEntries(list, [messageEntry(message(ben, noon + 3))]);
    const after = keepGroups(before, rowsOf(list));
    expect(after[1]).toBe(before[1]);
    expect(after[2]).not.toBe(before[2]);
    expect(after).toEqual(rowsOf(list));
  });

  it('sees that the beginning of a group is no longer shown', () => {
    const list = said(message(ana, noon), message(ana, noon + 1), message(ana, noon + 2));
    const before = rowsOf(list);
    const after = keepGroups(before, rowsOf(list.slice(1)));
    expect(after).toEqual(rowsOf(list.slice(1)));
  });
});

describe('firstDrawn', () => {
  it('draws as many as asked for or up to a step more, and moves once in a step', () => {
    const starts = Array.from({ length: 1_000 }, (_, total) => firstDrawn(total, 200, 200));
    expect(starts.slice(0, 400).every((start) => start === 0)).toBe(true);
    for (const [total, start] of starts.entries()) {
      expect(total - start).toBeLessThan(400);
      expect(total - start).toBeGreaterThanOrEqual(Math.min(total, 200));
    }
    expect(new Set(starts)).toEqual(new Set([0, 200, 400, 600]));
  });

  it('draws everything to whoever asks for everything', () => {
    expect(firstDrawn(5_000, 5_000, 200)).toBe(0);
  });
});

describe('addEntries', () => {
  it('puts what comes from the log where it was said', () => {
    const list = said(
      message(ana, noon, 0, 'now'),
      message(ben, noon + 10, 3600_000, 'an hour ago'),
      message(ben, noon + 20, 1800_000, 'half an hour ago'),
    );
    expect(texts(list)).toEqual(['an hour ago', 'half an hour ago', 'now']);
  });

  it('keeps each sender in the order of delivery, whatever the clocks say', () => {
    const entry = fc.record({
      from: fc.constantFrom(ana, ben),
      receivedAt: fc.integer({ min: noon, max: noon + 100_000 }),
      tookMs: fc.integer({ min: -100_000, max: 10 * historyAfterMs }),
    });
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 30 }), (all) => {
        const messages = all.map(({ from, receivedAt, tookMs }) => message(from, receivedAt, tookMs));
        const list = said(...messages);
        for (const sender of [ana, ben]) {
          const ids = list.flatMap((each) =>
            each.kind === 'message' && each.message.from === sender ? [each.message.id] : [],
          );
          expect(ids).toEqual(messages.filter((each) => each.from === sender).map((each) => each.id));
        }
        const times = list.map((each) => each.atMs);
        expect(times).toEqual(times.toSorted((a, b) => a - b));
      }),
    );
  });
});

describe('journeyOf', () => {
  it('never shows a negative time, and none for what came from a log', () => {
    expect(journeyOf(message(ana, noon, 42))).toEqual({ hops: 2, tookMs: 42 });
    expect(journeyOf(message(ana, noon, -500))).toEqual({ hops: 2, tookMs: 0 });
    expect(journeyOf(message(ana, noon, historyAfterMs + 1))).toEqual({ hops: 2, tookMs: undefined });
  });
});
