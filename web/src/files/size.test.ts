import { expect, it } from 'vitest';
import { sizeInWords } from './size.ts';

it.each([
  [0, '0 byte'],
  [999, '999 byte'],
  [1_000, '1 kB'],
  [999_600, '1 MB'],
  [8_388_608, '8.4 MB'],
  [2 ** 31, '2.1 GB'],
])('%i bytes are %s', (bytes, words) => {
  expect(sizeInWords(bytes, 'en')).toBe(words);
});
