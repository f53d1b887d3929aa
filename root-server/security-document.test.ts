import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const documents = new URL('../docs/', import.meta.url);
const text = readFileSync(new URL('security.md', documents), 'utf8');
const links = [...text.matchAll(/\[([^\]]+)\]\((\.\.\/[^)]+\.(?:test|spec|contract)\.ts)\)/g)].map(
  ([, title = '', path = '']) => ({ title, path }),
);

describe('docs/security.md', () => {
  it.each(links)('$path has the test that is named: $title', ({ title, path }) => {
    const file = new URL(path, documents);
    expect(existsSync(file), path).toBe(true);
    expect(readFileSync(file, 'utf8')).toContain(title);
  });

  it('names a test for every threat', () => {
    const rows = text.split('\n').filter((line) => /^\|.*\[[A-Z]\d+/.test(line) || line.includes('.test.ts)'));
    expect(links.length).toBeGreaterThan(30);
    for (const row of rows) expect(row).toMatch(/\]\(\.\.\/[^)]+\.(test|spec|contract)\.ts\)/);
  });
});
