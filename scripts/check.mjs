// npm run check: types, lint, format and rule ids. Each is one pass or one failure; two run at a time.
import { existsSync } from 'node:fs';
import { filesIn, inTop } from './paths.mjs';
import { capture } from './process.mjs';

/** @typedef {import('./counts.mjs').Counts} Counts */

/** Checks that run at once. The largest take a processor and up to 1 GB each. */
const parallel = 2;

const isTest = (/** @type {string} */ path) => path.endsWith('.test.ts');
const isTs = (/** @type {string} */ path) => path.endsWith('.ts') && !path.endsWith('.d.ts');
/** What of the simulator is a program of Node; must agree with protocol/tsconfig.json. */
const isCommand = (/** @type {string} */ path) => /^protocol\/sim\/(cli|pool|pool-child)\.ts$/.test(path);
/** Must agree with client/tsconfig.json, which leaves these to client/tsconfig.node.json. */
const isNodeHalf = (/** @type {string} */ path) => /^client\/(node|cli)(-[^/]*)?\.ts$/.test(path);

/** @type {readonly { config: string, folder: string, accept: (path: string) => boolean }[]} */
const typeConfigs = [
  { config: 'protocol/tsconfig.json', folder: 'protocol', accept: (p) => !isTest(p) && !isCommand(p) },
  {
    config: 'protocol/tsconfig.tests.json',
    folder: 'protocol',
    accept: (p) => isTest(p) || isCommand(p),
  },
  { config: 'client/tsconfig.json', folder: 'client', accept: (p) => !isTest(p) && !isNodeHalf(p) },
  { config: 'client/tsconfig.node.json', folder: 'client', accept: (p) => isTest(p) || isNodeHalf(p) },
  { config: 'root-server/tsconfig.json', folder: 'root-server', accept: (p) => !isTest(p) },
  { config: 'root-server/tsconfig.tests.json', folder: 'root-server', accept: isTest },
  { config: 'e2e/tsconfig.json', folder: 'e2e', accept: () => true },
  { config: 'bench/tsconfig.json', folder: 'bench', accept: () => true },
  { config: 'scripts/tsconfig.json', folder: 'scripts', accept: () => true },
];

const node = process.execPath;
const modules = (/** @type {string} */ path) => inTop('node_modules', path);

/** @type {readonly { title: string, args: string[], absent?: string | undefined }[]} `absent` says why there is nothing to check. */
const checks = [
  {
    title: 'lint (eslint)',
    args: [modules('eslint/bin/eslint.js'), '.', '--max-warnings', '0'],
  },
  {
    title: 'types and markup of web (svelte-check)',
    args: [
      modules('svelte-check/bin/svelte-check'),
      ...['--tsconfig', './web/tsconfig.json', '--fail-on-warnings', '--output', 'human'],
    ],
    absent: filesIn('web/src').length === 0 ? 'web/src has no sources' : undefined,
  },
  ...typeConfigs.map(({ config, folder, accept }) => ({
    title: `types of ${config}`,
    args: [modules('typescript/bin/tsc'), '-p', config, '--pretty', 'false'],
    absent:
      filesIn(folder, (path) => (isTs(path) || path.endsWith('.mjs')) && accept(path)).length === 0
        ? `${folder} has no such sources`
        : undefined,
  })),
  { title: 'format (prettier)', args: [modules('prettier/bin/prettier.cjs'), '--check', '--log-level', 'warn', '.'] },
  {
    title: 'rule ids (docs/protocol.md and tests)',
    args: [inTop('scripts', 'rule-ids.mjs')],
    absent: existsSync(inTop('docs', 'protocol.md')) ? undefined : 'docs/protocol.md is missing',
  },
];

/** Runs every check and prints the output of those that fail. @returns {Promise<Counts>} */
export async function check() {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const queue = checks.slice();
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const { title, args, absent } = next;
      if (absent !== undefined) {
        counts.skipped += 1;
        process.stdout.write(`skip  ${title}: ${absent}\n`);
        continue;
      }
      const startMs = performance.now();
      const { code, output } = await capture(node, args);
      const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
      if (code === 0) counts.passed += 1;
      else counts.failed += 1;
      process.stdout.write(`${code === 0 ? 'ok  ' : 'FAIL'}  ${title} (${seconds} s)\n`);
      if (code !== 0) process.stdout.write(`${output.trimEnd().replace(/^/gm, '      ')}\n`);
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  return counts;
}
