// Counts of passed, failed and skipped tests, as the parts of `npm test` report them.
import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { top } from './paths.mjs';

/**
 * @typedef {{ passed: number, failed: number, skipped: number, failures?: readonly string[] }} Counts
 *   `failures`: which failed and why, a line each, for a summary that stands alone when what was printed before it is lost.
 */

/** Length of a line on a failure. */
const failureCharsMax = 300;

/** @param {string} where @param {unknown} why @returns {string} One line on a failure. */
function failure(where, why) {
  // Colours are for terminals.
  // eslint-disable-next-line no-control-regex -- the codes begin with one
  const text = String(why ?? '').replace(/\x1b\[[0-9;]*m/g, '');
  return `${where}: ${text.replace(/\s+/g, ' ').trim()}`.slice(0, failureCharsMax);
}

/** @param {readonly Counts[]} all @returns {Counts} */
export function sum(all) {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const { passed, failed, skipped } of all) {
    total.passed += passed;
    total.failed += failed;
    total.skipped += skipped;
  }
  return total;
}

/** `N passed, N failed`, and `, N skipped` if any were. @param {Counts} counts */
export function line({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/**
 * The last line of that form in a program's output.
 *
 * @param {string} output
 * @returns {Counts | undefined}
 */
export function parseLine(output) {
  const found = [...output.matchAll(/^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\s*$/gm)].at(-1);
  if (found === undefined) return undefined;
  return { passed: Number(found[1]), failed: Number(found[2]), skipped: Number(found[3] ?? 0) };
}

/**
 * The counts of a run, made to agree with its exit code: a program that fails without a failed test (it could not load
 * a file, say), or that ran nothing, is one failure.
 *
 * @param {number} code
 * @param {Counts | undefined} counts
 * @returns {Counts}
 */
export function reconcile(code, counts) {
  const { passed, failed, skipped, failures = [] } = counts ?? { passed: 0, failed: 0, skipped: 0 };
  const unexplained = failed === 0 && (code !== 0 || passed + skipped === 0);
  if (!unexplained) return { passed, failed, skipped, failures };
  return { passed, failed: 1, skipped, failures: [...failures, `no test failed, but the exit code is ${code}`] };
}

/** @param {string} file @returns {any} A JSON report, or undefined if the program wrote none. */
function readReport(file) {
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** @param {string} file Vitest's JSON report. @returns {Counts | undefined} */
export function readVitest(file) {
  const report = readReport(file);
  if (report === undefined) return undefined;
  /** @type {string[]} */
  const failures = [];
  for (const { name, status, message, assertionResults } of report.testResults) {
    const path = relative(top, name);
    // A file can fail as a whole: it does not load, or what comes before its tests fails.
    if (status === 'failed' && message !== '') failures.push(failure(path, message));
    for (const test of assertionResults) {
      if (test.status === 'failed') failures.push(failure(`${path} ${test.fullName}`, test.failureMessages[0]));
      // Skipped on purpose, or left behind by a worker that died: a summary of a failed run should name it.
      else if (test.status !== 'passed') failures.push(failure(`${path} ${test.fullName}`, `(${test.status})`));
    }
  }
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests,
    skipped: report.numPendingTests + report.numTodoTests,
    failures,
  };
}

/** @param {any} suite @returns {Generator<any>} The tests of a suite and of those in it. */
function* specsOf(suite) {
  yield* suite.specs ?? [];
  for (const inner of suite.suites ?? []) yield* specsOf(inner);
}

/** @param {string} file Playwright Test's JSON report. @returns {Counts | undefined} */
export function readPlaywright(file) {
  const report = readReport(file);
  if (report?.stats === undefined) return undefined;
  const { expected, unexpected, flaky, skipped } = report.stats;
  const failures = [...specsOf(report)]
    .filter(({ ok }) => ok === false)
    .map((spec) => failure(`${spec.file}:${spec.line} ${spec.title}`, spec.tests[0]?.results[0]?.error?.message));
  return { passed: expected, failed: unexpected + flaky, skipped, failures };
}
