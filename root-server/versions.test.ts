import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/** Versions from which on what stands between the network and the root has no hole that is known. */
const least: Readonly<Record<string, string>> = {
  'engine.io': '6.6.10',
  'socket.io-parser': '4.2.7',
  ws: '8.21.0',
};

function isAtLeast(version: string, wanted: string): boolean {
  const [a, b] = [version, wanted].map((text) => text.split('.').map(Number)) as [number[], number[]];
  const at = a.findIndex((part, i) => part !== b[i]);
  return at === -1 || (a[at] ?? 0) > (b[at] ?? 0);
}

describe('package-lock.json', () => {
  const lock = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly version?: string; readonly dev?: boolean }>>;
  };

  it.each(Object.entries(least))('has %s at %s or newer, wherever it stands', (name, wanted) => {
    const found = Object.entries(lock.packages).filter(([path]) => path.endsWith(`node_modules/${name}`));
    expect(found.length).toBeGreaterThan(0);
    for (const [path, { version = '' }] of found) {
      expect(/^\d+\.\d+\.\d+$/.test(version) && isAtLeast(version, wanted), `${path} is ${version}`).toBe(true);
    }
  });

  it('is compared by numbers', () => {
    expect([isAtLeast('6.6.9', '6.6.10'), isAtLeast('6.10.0', '6.6.10'), isAtLeast('6.6.10', '6.6.10')]).toEqual([
      false,
      true,
      true,
    ]);
  });
});
