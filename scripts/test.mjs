// npm test: installs what is missing and runs every part in turn. The last line is `N passed, N failed`.
import { constants } from 'node:os';
import { line, parseLine, reconcile, sum } from './counts.mjs';
import { ensureDependencies } from './dependencies.mjs';
import { parts } from './part.mjs';
import { inTop } from './paths.mjs';
import { capture } from './process.mjs';

/** @typedef {import('./counts.mjs').Counts} Counts */

/** @typedef {{ name: string, title: string }} Step */
/**
 * `behind`: what goes on behind a step, at the lowest priority. Browsers wait a lot; the simulator has a clock of its own and takes
 * whatever processor they leave.
 *
 * @type {readonly (Step & { behind?: Step })[]}
 */
const sequence = [
  { name: 'check', title: 'types, lint, format, rule ids' },
  { name: 'unit', title: 'unit and property tests' },
  { name: 'fuzz', title: 'decoders under mutated inputs' },
  { name: 'build', title: 'page and library' },
  { name: 'e2e', title: 'end to end', behind: { name: 'sim', title: 'simulator, begun with the tests before' } },
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

/**
 * Starts a part in a process of its own and keeps what it prints until it is waited for.
 *
 * @param {string} name
 * @returns {() => Promise<Counts & { tookMs: number }>}
 */
function startBehind(name) {
  const startMs = performance.now();
  let tookMs = 0;
  const running = capture(process.execPath, [inTop('scripts', 'part.mjs'), name], {
    priority: constants.priority.PRIORITY_LOW,
    signal: interruption.signal,
  }).finally(() => {
    tookMs = performance.now() - startMs;
  });
  return async () => {
    const { code, output } = await running;
    process.stdout.write(output);
    return { ...reconcile(code, parseLine(output)), tookMs };
  };
}

/** @type {Counts[]} */
const results = [];
/** @type {string[]} */
const summary = [];
const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    interruption.abort();
  });
}

/** Announces a step, runs it and notes how it went. @param {Step} step @param {() => Promise<Counts & { tookMs?: number }>} work */
async function take({ name, title }, work) {
  process.stdout.write(`\n== ${name}: ${title}\n`);
  const startMs = performance.now();
  const counts = await work();
  results.push(counts);
  const seconds = ((counts.tookMs ?? performance.now() - startMs) / 1000).toFixed(0);
  summary.push(`${name.padEnd(6)} ${line(counts)} (${seconds} s)`);
  if (counts.failed > 0) summary.push(...(counts.failures ?? []).map((text) => `       ${text}`));
}

try {
  await ensureDependencies();
  for (const { behind, ...step } of sequence) {
    if (interruption.signal.aborted) break;
    const begun = behind && startBehind(behind.name);
    await take(step, () => runPart(step.name));
    if (begun) await take(behind, begun);
  }
} catch (error) {
  results.push(oneFailure);
  summary.push(`install failed: ${error instanceof Error ? error.message : String(error)}`);
}
if (interruption.signal.aborted) {
  results.push(oneFailure);
  summary.push('interrupted');
}

const total = sum(results);
process.stdout.write(`\n== summary\n${summary.join('\n')}\n\n${line(total)}\n`);
process.exitCode = total.failed > 0 ? 1 : 0;
