import { describe, expect, it, vi } from 'vitest';
import { type NodeId } from '../../../client/api.ts';
import { followTabs } from './tabs.ts';

describe('followTabs', () => {
  it('tells the tabs of one room of each other, and of those that close', async () => {
    const seen = new Map<string, NodeId[]>();
    const ends = new Map<string, AbortController>();
    const open = (room: string, id: string): void => {
      const end = new AbortController();
      ends.set(id, end);
      followTabs(room, id as NodeId, end.signal, (others) => seen.set(id, [...others].toSorted()));
    };
    open('r', 'a');
    open('r', 'b');
    open('other', 'c');
    await vi.waitFor(() => expect([seen.get('a'), seen.get('b')]).toEqual([['b'], ['a']]));
    expect(seen.has('c')).toBe(false);
    ends.get('b')?.abort();
    await vi.waitFor(() => expect(seen.get('a')).toEqual([]));
    for (const end of ends.values()) end.abort();
  });
});
