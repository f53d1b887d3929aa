// npm test: installs what is missing and runs every part in turn. The last line is `N passed, N failed`.
import { line, sum } from './counts.mjs';
import { ensureDependencies } from './dependencies.mjs';
import { parts } from './part.mjs';

/** @typedef {import('./counts.mjs').Counts} Counts */

/** @type {readonly { name: string, title: string}[]} */
const sequence = [
  { name: 'check', title: 'types, lint, format, rule ids' },
  { name: 'unit', title: 'unit and property tests' },
  { name: 'sim', title: 'simulator' },
  { name: 'fuzz', title: 'decoders under mutated inputs' },
  { name: 'build', title: 'page' },
  { name: 'e2e', title: 'end to end' },
];

/** @type {Counts} */
const oneFailure = { passed: 0, failed: 1, skipped: 0 };

/**
 * Runs one part; whatever goes wrong is a failure of that part and the next still runs.
 *
 * @param {string} name
 */
async function runPart(name) {
  try {
    const result = await parts[name]?.([]);
    return typeof result === 'object' ? result : oneFailure;
  } catch (error) {
    process.stdout.write(`${name}: ${error instanceof Error ? error.message : String(error)}\n`);
    return oneFailure;
  }
}

/** @type {Counts[]} */
const results = [];
/** @type {string[]} */
const summary = [];
let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    interrupted = true;
  });
}

try {
  await ensureDependencies();
  for (const { name, title } of sequence) {
    if (interrupted) break;
    process.stdout.write(`\n== ${name}: ${title}\n`);
    const startMs = performance.now();
    const counts = await runPart(name);
    results.push(counts);
    const seconds = ((performance.now() - startMs) / 1000).toFixed(0);
    summary.push(`${name.padEnd(6)} ${line(counts)} (${seconds} s)`);
    if (counts.failed > 0) summary.push(...(counts.failures ?? []).map((text) => `       ${text}`));
  }
} catch (error) {
  results.push(oneFailure);
  summary.push(`install failed: ${error instanceof Error ? error.message : String(error)}`);
}
if (interrupted) {
  results.push(oneFailure);
  summary.push('interrupted');
}

const total = sum(results);
process.stdout.write(`\n== summary\n${summary.join('\n')}\n\n${line(total)}\n`);
process.exitCode = total.failed > 0 ? 1 : 0;
