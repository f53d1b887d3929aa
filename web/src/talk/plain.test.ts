import { describe, expect, it } from 'vitest';
import { contains, isEmoji, needsMarkdown, snippetOf } from './plain.ts';

describe('needsMarkdown', () => {
  it.each([
    'hello',
    'message 3 of peer 7',
    'two\nlines',
    'Is it 5 > 3? yes - no',
    'a+b=c',
    '12. not a list? no'.slice(4),
  ])('not for %j', (text) => expect(needsMarkdown(text)).toBe(false));
  it.each([
    '**bold**',
    '`code`',
    '- item',
    '1. first',
    '> quote',
    'see https://a.example',
    '# Title',
    'a\n\nb',
    '[x](y)',
  ])('for %j', (text) => expect(needsMarkdown(text)).toBe(true));
});

describe('isEmoji', () => {
  it.each(['🌳', '👍🏽 🎉', '👩‍🚀', '🇮🇳'])('%j is', (text) => expect(isEmoji(text)).toBe(true));
  it.each(['', '🌳 tree', '🌳🌳🌳🌳', '1', 'a'])('%j is not', (text) => expect(isEmoji(text)).toBe(false));
});

describe('snippetOf', () => {
  it('is the first words in one line, without the marks of Markdown', () => {
    expect(snippetOf('\n> **Ben** says `hi`\n\nyes')).toBe('Ben says hi');
    expect(snippetOf('- see [the sheet](https://a.example)')).toBe('see the sheet');
    expect(snippetOf('x'.repeat(200))).toBe(`${'x'.repeat(120)}…`);
    expect(snippetOf(' \n ')).toBe('');
  });
});

describe('contains', () => {
  it('ignores case and accents', () => {
    expect(contains('Ein Bülbül singt', 'bulbul')).toBe(true);
    expect(contains('Ein Bülbül singt', 'koel')).toBe(false);
    expect(contains('anything', ' ')).toBe(false);
  });
});
