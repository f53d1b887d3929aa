// Counts of passed, failed and skipped tests, as the parts of `npm test` report them.
import { existsSync, readFileSync } from 'node:fs';

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

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
  const { passed, failed, skipped } = counts ?? { passed: 0, failed: 0, skipped: 0 };
  const unexplained = failed === 0 && (code !== 0 || passed + skipped === 0);
  return { passed, failed: unexplained ? 1 : failed, skipped };
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
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** @param {string} file Playwright Test's JSON report. @returns {Counts | undefined} */
export function readPlaywright(file) {
  const stats = readReport(file)?.stats;
  if (stats === undefined) return undefined;
  return { passed: stats.expected, failed: stats.unexpected + stats.flaky, skipped: stats.skipped };
}
