import { describe, expect, it } from 'vitest';
import { en } from './en.ts';
import { languages } from './all.ts';
import { loadStrings } from './index.ts';

/** Every leaf of a table of strings as `path: kind`, so that two tables can be compared. */
function leaves(value: unknown, path = ''): string[] {
  if (typeof value === 'string') return [`${path}: ${value.trim() === '' ? 'EMPTY' : 'text'}`];
  if (typeof value === 'function') return [`${path}: function`];
  if (Array.isArray(value)) return value.flatMap((each, i) => leaves(each, `${path}[${i}]`));
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([key, each]) => leaves(each, `${path}.${key}`));
  }
  return [`${path}: ${typeof value}`];
}

describe('strings', () => {
  it.each(Object.keys(languages))('%s has every text, and none is empty', (language) => {
    const texts = leaves(languages[language]);
    expect(texts.sort()).toEqual(leaves(en).sort());
    expect(texts.filter((text) => text.endsWith('EMPTY'))).toEqual([]);
  });

  it.each(Object.entries(languages))('%s uses every value it is given', (language, strings) => {
    expect(strings.language).toBe(language);
    expect(strings.state.attached('Ana', 2, 7)).toMatch(/Ana.*2.*7/u);
    expect(strings.state.head(7)).toContain('7');
    expect(strings.talk.gap(12, 'Ana')).toMatch(/12.*Ana/u);
    expect(strings.talk.gap(1, 'Ana')).not.toBe(strings.talk.gap(2, 'Ana').replace('2', '1'));
    expect(strings.files.have(28, 41)).toMatch(/28.*41/u);
    expect(strings.files.part('3 MB', '8 MB')).toMatch(/3 MB.*8 MB/u);
    for (const limit of ['limits', 'large', 'tooLarge'] as const)
      expect(strings.files[limit]('2 GB')).toContain('2 GB');
    for (const word of ['remove', 'saveNamed', 'takeBack', 'decline', 'progress', 'picture', 'notice'] as const)
      expect(strings.files[word]('a.txt')).toContain('a.txt');
    for (const word of ['menu', 'removeTitle', 'readmitNamed'] as const)
      expect(strings.rules[word]('Ana')).toContain('Ana');
    expect(strings.talk.hops(1)).not.toBe(strings.talk.hops(3).replace('3', '1'));
    expect(strings.tree.node('Ana', 2, 3)).toMatch(/Ana.*2.*3/u);
  });

  it('takes the first language there is', async () => {
    expect((await loadStrings(['fr-FR', 'de-AT', 'en'])).language).toBe('de');
    expect((await loadStrings(['ES'])).language).toBe('es');
    expect((await loadStrings(['fr'])).language).toBe('en');
    expect((await loadStrings([])).language).toBe('en');
  });
});
