import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseLine, readPlaywright, readVitest, reconcile } from './counts.mjs';
import { isInstalled } from './dependencies.mjs';
import { scriptBytes, scriptsNamedIn } from './page-size.mjs';
import { inTop } from './paths.mjs';
import { run } from './process.mjs';
import { statedIn, testedIn } from './rule-ids.mjs';

describe('rule ids', () => {
  it('are stated at the start of list items and paragraphs, outside code', () => {
    const text = '# T\n**W1** a\nthen **W2** b\n**W3** wrapped\n\n- **L10** c\n1. **AB2** d\n```\n- **X1**\n```\n';
    expect(statedIn(text)).toEqual(['W1', 'L10', 'AB2']);
  });

  it('are found in titles, not in code, comments or skipped tests', () => {
    const source =
      "// [A1]\nit('x [W1, W2]', () => t[K1]);\ntest(`y [L10] ${z}`, f);\nit.skip('z [S1]', f);\nit.todo('[S2]');";
    expect([...testedIn('a.test.ts', source)]).toEqual(['W1', 'W2', 'L10']);
  });
});

describe('size of the page', () => {
  it('counts the scripts that a page names and what they import, gzipped and once, and no other file', () => {
    const html =
      '<link rel="icon" href="./a.svg" /><link rel="stylesheet" href="./a.css" />' +
      '<script type="module" crossorigin src="./assets/a.js"></script><link rel="modulepreload" href="./assets/b.js" />';
    const named = scriptsNamedIn(html);
    expect(named).toEqual(['./assets/a.js', './assets/b.js']);
    /** @type {Record<string, string>} */
    const scripts = {
      './assets/a.js': `import{x}from"./b.js";import"./c.js";import("./later.js");${' '.repeat(10_000)}`,
      './assets/b.js': 'export{y}from"./c.js"',
      './assets/c.js': 'import{x}from"./a.js"',
    };
    /** @type {string[]} */
    const read = [];
    const bytes = scriptBytes(named, (src) => {
      read.push(src);
      return new TextEncoder().encode(scripts[src]);
    });
    expect(read).toEqual(['./assets/a.js', './assets/b.js', './assets/c.js']);
    expect(bytes).toBeGreaterThan(60);
    expect(bytes).toBeLessThan(400);
  });
});

describe('counts', () => {
  it('are read from the last line that has their form', () => {
    expect(parseLine('1 passed, 1 failed\n20 passed, 0 failed, 3 skipped\nbye')).toEqual({
      passed: 20,
      failed: 0,
      skipped: 3,
    });
    expect(parseLine('all passed')).toBeUndefined();
  });

  it('hold a failure when the exit code does, and when nothing ran', () => {
    expect(reconcile(1, { passed: 5, failed: 0, skipped: 0 }).failed).toBe(1);
    expect(reconcile(1, { passed: 5, failed: 2, skipped: 0 }).failed).toBe(2);
    expect(reconcile(0, undefined).failed).toBe(1);
    expect(reconcile(0, { passed: 5, failed: 0, skipped: 0 }).failed).toBe(0);
    expect(reconcile(1, { passed: 5, failed: 0, skipped: 1, failures: ['a.ts b: (pending)'] }).failures).toEqual([
      'a.ts b: (pending)',
      'no test failed, but the exit code is 1',
    ]);
  });

  it('name what failed, in a line each', () => {
    const folder = mkdtempSync(join(tmpdir(), 'banyan-counts-'));
    try {
      const [unit, e2e] = [join(folder, 'unit.json'), join(folder, 'e2e.json')];
      const results = [
        { fullName: 'adds', status: 'passed', failureMessages: [] },
        { fullName: 'takes away', status: 'failed', failureMessages: ['\u001b[31mExpected\u001b[39m 1\n  not 2'] },
        { fullName: 'waits', status: 'pending', failureMessages: [] },
      ];
      const testResults = [
        { name: inTop('a.test.ts'), status: 'failed', message: '', assertionResults: results },
        { name: inTop('b.test.ts'), status: 'failed', message: 'does not load', assertionResults: [] },
      ];
      const counts = { numPassedTests: 1, numFailedTests: 1, numPendingTests: 1, numTodoTests: 0 };
      writeFileSync(unit, JSON.stringify({ ...counts, testResults }));
      expect(readVitest(unit)).toEqual({
        passed: 1,
        failed: 1,
        skipped: 1,
        failures: ['a.test.ts takes away: Expected 1 not 2', 'a.test.ts waits: (pending)', 'b.test.ts: does not load'],
      });
      const spec = { title: 'opens', file: 'a.spec.ts', line: 7, ok: false };
      const tests = [{ results: [{ error: { message: 'Timeout' } }] }];
      const suites = [
        {
          specs: [],
          suites: [
            {
              specs: [
                { ...spec, tests },
                { ...spec, ok: true, tests },
              ],
            },
          ],
        },
      ];
      writeFileSync(e2e, JSON.stringify({ stats: { expected: 1, unexpected: 1, flaky: 0, skipped: 0 }, suites }));
      expect(readPlaywright(e2e)).toEqual({
        passed: 1,
        failed: 1,
        skipped: 0,
        failures: ['a.spec.ts:7 opens: Timeout'],
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('dependencies', () => {
  const wanted = { packages: { '': {}, a: { version: '1.0.0' }, other: { version: '1.0.0', optional: true } } };

  it('are installed when every version agrees, other platforms apart', () => {
    expect(isInstalled(wanted, { packages: { a: { version: '1.0.0' } } })).toBe(true);
    expect(isInstalled(wanted, { packages: { a: { version: '0.9.0' } } })).toBe(false);
    expect(isInstalled(wanted, { packages: {} })).toBe(false);
  });
});

describe('child processes', () => {
  it('give their exit code, and end when their time is up', async () => {
    expect(await run(process.execPath, ['-e', 'process.exit(3)'])).toBe(3);
    expect(await run(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { timeoutMs: 300 })).toBe(124);
    expect(await run('no-such-program', [])).toBe(127);
  });
});
