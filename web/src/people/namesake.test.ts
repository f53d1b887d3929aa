import { describe, expect, it } from 'vitest';
import { type Member, type NodeId } from '../../../client/api.ts';
import { lookOf, namesakesOf } from './namesake.ts';

const member = (id: string, name: string, self = false): Member => ({
  id: id as NodeId,
  name,
  role: 'peer',
  sinceMs: 0,
  away: false,
  tag: id,
  self,
});

describe('lookOf', () => {
  it.each([
    ['Ana', 'ana'],
    ['Ána', 'ANA '],
    // Cyrillic letters.
    ['Ana', '\u0410\u043d\u0430'.replace('\u043d', 'n')],
    ['Bob', 'B0b'],
    ['Lil', 'L1l'],
    ['Ana', 'A-n.a'],
  ])('%j looks like %j', (one, other) => expect(lookOf(other)).toBe(lookOf(one)));

  it('tells other names apart', () => {
    expect(lookOf('Ana')).not.toBe(lookOf('Anna'));
    expect(lookOf('李雷')).not.toBe(lookOf('李蕾'));
    expect(lookOf('🌳')).toBe('🌳');
  });
});

describe('namesakesOf', () => {
  const own = new Set(['me', 'tab'] as NodeId[]);

  it('names whoever looks like another, and whoever looks like oneself', () => {
    const members = [member('me', 'Ana', true), member('a', 'ana'), member('b', 'Ben'), member('c', 'Bén')];
    expect([...namesakesOf(members, own)]).toEqual([
      ['a', 'own'],
      ['b', 'other'],
      ['c', 'other'],
    ]);
  });

  it('takes one’s own other tab for no stranger', () => {
    expect(namesakesOf([member('me', 'Ana', true), member('tab', 'Ana')], own).size).toBe(0);
    expect(namesakesOf([member('a', ''), member('b', '')], own).size).toBe(0);
  });
});
