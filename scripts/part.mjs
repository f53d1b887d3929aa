// One part of the whole: node scripts/part.mjs check|unit|sim|fuzz|build|e2e|bench|pictures [arguments of the program it runs].
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureBrowsers } from './browsers.mjs';
import { ensureLibrary, ensurePage } from './built.mjs';
import { line, parseLine, readPlaywright, readVitest, reconcile } from './counts.mjs';
import { ensureDependencies } from './dependencies.mjs';
import { builtScriptBytes, scriptBytesMax } from './page-size.mjs';
import { filesIn, inTop } from './paths.mjs';
import { run } from './process.mjs';

/**
 * @typedef {import('./counts.mjs').Counts} Counts
 * @typedef {(args: readonly string[]) => Promise<Counts | number>} Part Counts, or an exit code where nothing is counted.
 */

/** Nothing to run: counted as one skipped, and said. @param {string} reason @returns {Counts} */
function skip(reason) {
  process.stderr.write(`skip  ${reason}\n`);
  return { passed: 0, failed: 0, skipped: 1 };
}

/** Gives a program a file to write its report to. @template T @param {(file: string) => Promise<T>} use */
async function withReport(use) {
  const folder = mkdtempSync(join(tmpdir(), 'banyan-report-'));
  try {
    return await use(join(folder, 'report.json'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const node = process.execPath;
const tsx = ['--import', 'tsx'];

/** @type {Part} */
async function check() {
  // Loaded late: what is to be checked is decided on loading.
  return (await import('./check.mjs')).check();
}

/** Unit and property tests. @type {Part} */
async function unit(args) {
  return withReport(async (file) => {
    const vitest = inTop('node_modules', 'vitest', 'vitest.mjs');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    const code = await run(node, [vitest, 'run', ...reporters, ...args]);
    return reconcile(code, readVitest(file));
  });
}

/** The simulator. Without arguments it runs its standard set, whose last line are the counts. @type {Part} */
async function sim(args) {
  if (!existsSync(inTop('protocol', 'sim', 'cli.ts'))) return skip('simulator: protocol/sim/cli.ts is missing');
  if (args.length > 0) return run(node, [...tsx, 'protocol/sim/cli.ts', ...args]);
  let tail = '';
  const code = await run(node, [...tsx, 'protocol/sim/cli.ts', '--ci'], {
    onStdout: (text) => {
      tail = (tail + text).slice(-10_000);
    },
  });
  const counts = parseLine(tail);
  if (counts === undefined) process.stderr.write('simulator: it printed no line `N passed, N failed`\n');
  return reconcile(code, counts);
}

/** Every decoder under mutated inputs. @type {Part} */
async function fuzz(args) {
  let tail = '';
  const code = await run(node, [...tsx, 'scripts/fuzz.mjs', ...args], {
    onStdout: (text) => {
      tail = (tail + text).slice(-10_000);
    },
  });
  return reconcile(code, parseLine(tail));
}

/** The page and the library. @type {Part} */
async function build() {
  const [page] = await Promise.all([ensurePage({ force: true }), ensureLibrary({ force: true })]);
  if (page === 'no sources') return skip('page: web/index.html is missing');
  const { first, all } = builtScriptBytes();
  const isSmall = first > 0 && first <= scriptBytesMax.first && all <= scriptBytesMax.all;
  const kib = (/** @type {number} */ of) => `${(of / 1024).toFixed(1)} KiB`;
  process.stdout.write(
    `${isSmall ? 'ok  ' : 'FAIL'}  ${kib(first)} of script, gzipped, before anything is seen, at most ${kib(scriptBytesMax.first)}; ` +
      `${kib(all)} with the SDK, at most ${kib(scriptBytesMax.all)}\n`,
  );
  return { passed: isSmall ? 3 : 2, failed: isSmall ? 0 : 1, skipped: 0 };
}

/** @type {Part} */
async function e2e(args) {
  if (filesIn('e2e', (path) => path.endsWith('.spec.ts')).length === 0) return skip('end to end: no e2e/*.spec.ts');
  const { chromium, firefox } = await ensureBrowsers();
  await Promise.all([ensurePage(), ensureLibrary()]);
  return withReport(async (file) => {
    const playwright = inTop('node_modules', '@playwright', 'test', 'cli.js');
    const code = await run(node, [playwright, 'test', '-c', 'e2e/playwright.config.ts', ...args], {
      env: { BANYAN_CHROMIUM: chromium, BANYAN_FIREFOX: firefox, PLAYWRIGHT_JSON_OUTPUT_FILE: file },
    });
    return reconcile(code, readPlaywright(file));
  });
}

/** @type {Part} */
async function bench(args) {
  if (!existsSync(inTop('bench', 'main.ts'))) return skip('measurements: bench/main.ts is missing');
  const { chromium, firefox } = await ensureBrowsers();
  await ensurePage();
  return run(node, [...tsx, 'bench/main.ts', ...args], {
    env: { BANYAN_CHROMIUM: chromium, BANYAN_FIREFOX: firefox },
  });
}

/** Takes the pictures of docs/pictures, or draws the page's icons. @type {Part} */
async function pictures(args) {
  const { chromium, firefox } = await ensureBrowsers();
  await ensurePage();
  return run(node, [...tsx, 'e2e/pictures/main.ts', ...args], {
    env: { BANYAN_CHROMIUM: chromium, BANYAN_FIREFOX: firefox },
  });
}

/** @type {Record<string, Part>} */
export const parts = { check, unit, sim, fuzz, build, e2e, bench, pictures };

/** Runs one part as a command. @param {string | undefined} name @param {readonly string[]} args */
async function main(name, args) {
  const part = name === undefined || !Object.hasOwn(parts, name) ? undefined : parts[name];
  if (part === undefined) {
    process.stderr.write(`usage: node scripts/part.mjs ${Object.keys(parts).join('|')} [arguments]\n`);
    return 2;
  }
  try {
    await ensureDependencies();
    const result = await part(args);
    if (typeof result === 'number') return result;
    process.stdout.write(`${line(result)}\n`);
    return result.failed > 0 ? 1 : 0;
  } catch (error) {
    process.stderr.write(`${name}: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.exitCode = await main(process.argv[2], process.argv.slice(3));
}
