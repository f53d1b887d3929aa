import { describe, expect, it } from 'vitest';
import { listNames } from './names.ts';

describe('listNames', () => {
  it.each([
    [['Ana'], 'Ana'],
    [['Ana', 'Ben', 'Cleo'], 'Ana, Ben, and Cleo'],
    [['Ana', 'Ben', 'Cleo', 'Dan'], 'Ana, Ben, and 2 others'],
    [['\u05d3\u05e0\u05d4', 'Ben'], '\u2068\u05d3\u05e0\u05d4\u2069 and Ben'],
  ])('of %j is %j', (names, expected) => expect(listNames(names, 2)).toBe(expected));
});
