import { describe, expect, it } from 'vitest';
import { type NodeId } from '../../../client/api.ts';
import { languages } from '../strings/all.ts';
import { friendlyName, hueOf, initials } from './identity.ts';

const id = (text: string) => text.padEnd(32, '0') as NodeId;

describe('initials', () => {
  it.each([
    ['Ana', 'A'],
    ['Ana María López', 'AL'],
    ['amber koel', 'AK'],
    ['Bernstein-Koel', 'BK'],
    ['🦜 Pip', '🦜P'],
    ['👩‍🚀', '👩‍🚀'],
    ['李雷', '李'],
    ['', 'ab'],
    ['  --  ', 'ab'],
  ])('of %j are %j', (name, expected) => {
    expect(initials(name, id('abcd'))).toBe(expected);
  });
});

describe('hueOf', () => {
  it('is a whole angle, spread by the id', () => {
    expect(hueOf(id('000000'))).toBe(0);
    expect(hueOf(id('ffffff'))).toBe(359);
    expect(hueOf(id('800000'))).toBe(180);
    expect(hueOf('not hex' as NodeId)).toBe(150);
  });
});

describe('friendlyName', () => {
  it('fits the 64 bytes a name may have, in every language', () => {
    for (const strings of Object.values(languages)) {
      const longest = (words: readonly string[]) => words.reduce((a, b) => (b.length > a.length ? b : a));
      const { stones, animals, compose } = strings.friendly;
      expect(new TextEncoder().encode(compose(longest(stones), longest(animals))).length).toBeLessThanOrEqual(64);
      expect(friendlyName(strings.friendly, () => 0.999)).toBe(compose(stones.at(-1) ?? '', animals.at(-1) ?? ''));
    }
  });
});
