/** The simulator's command line. With pool.ts and its child the only file here that knows of Node, a clock and the outside. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { Mutation } from '../core/io.ts';
import { readArguments, usage, type SimArguments } from './arguments.ts';
import { battery } from './battery.ts';
import { findMutation, mutations, peersOf } from './mutations.ts';
import type { Overrides } from './options.ts';
import { decodeJournal } from '../journal.ts';
import { runAll } from './pool.ts';
import { replay, stepText } from './replay.ts';
import { commandFor, failureText, ReportBuilder, reportText } from './report.ts';
import { openFaults } from './regressions.ts';
import { runSeed, type Job, type RunResult } from './run.ts';
import type { ScenarioName } from './scenarios.ts';

/** Lines of trace that a failure prints, and that `--trace` keeps. */
const traceTailLines = 60;
const traceLinesMax = 400_000;
/** Failures that are told in full; more are only counted. */
const failuresToldMax = 5;

const out = (text: string): void => void process.stdout.write(`${text}\n`);
const log = (text: string): void => void process.stderr.write(`${text}\n`);

function commit(): string {
  try {
    const git = (...args: string[]): string =>
      execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    const head = git('rev-parse', '--short=12', 'HEAD');
    const changed = git('status', '--porcelain', '--', 'protocol') !== '';
    return changed ? `${head} with changes` : head;
  } catch {
    return 'unknown';
  }
}

/** Tells a failure, with the end of its trace: the run is repeated for it, which gives the same. */
function tell(run: RunResult, overrides: Overrides, lines: number): void {
  const without = [...(overrides.disabled ?? [])].map((part) => ` --without ${part}`).join('');
  log(failureText(run, commit(), commandFor(run, overrides.k, without)));
  const traced = runSeed(run.scenario as ScenarioName, run.seed, run.peers, overrides.k, {
    ...overrides,
    traceLines: lines,
  });
  for (const line of traced.trace) log(`    ${line}`);
}

/** Tells the first failures in full, and of the others which they were. */
class Failures {
  count = 0;

  note(run: RunResult, overrides: Overrides, lines: number): void {
    if (++this.count <= failuresToldMax) tell(run, overrides, lines);
    else log(failureText(run, '', '').split('\n').slice(0, 2).join('\n'));
  }
}

async function seeds(args: SimArguments): Promise<number> {
  const { scenario, k, json, trace } = args;
  const [first, last] = args.seeds;
  const overrides: Overrides = { k, disabled: new Set(args.disabled as Mutation[]) };
  const builder = new ReportBuilder(scenario);
  const started = performance.now();
  const failures = new Failures();
  const jobs: Job[] = [];
  for (let seed = first; seed <= last; seed++)
    jobs.push({ scenario, seed, peers: peersOf(seed, args.peers), k, overrides });
  for await (const run of runAll(jobs, processorsOf(args))) {
    builder.add(run);
    if (run.failure) failures.note(run, overrides, trace ? traceLinesMax : traceTailLines);
  }
  if (trace && failures.count === 0 && first === last) {
    const traced = runSeed(scenario, first, peersOf(first, args.peers), k, { ...overrides, traceLines: traceLinesMax });
    for (const line of traced.trace) log(line);
  }
  const report = builder.build(performance.now() - started);
  out(json ? JSON.stringify(report) : reportText(report));
  return failures.count > 0 ? 1 : 0;
}

function processorsOf({ jobs }: SimArguments): number {
  return jobs ?? availableParallelism();
}

async function ci(args: SimArguments): Promise<number> {
  let runs = 0;
  const failures = new Failures();
  const started = performance.now();
  for (const part of battery()) {
    const builder = new ReportBuilder(part.name);
    const partStarted = performance.now();
    const failedBefore = failures.count;
    for await (const run of runAll(part.runs, processorsOf(args))) {
      runs++;
      builder.add(run);
      if (run.failure) failures.note(run, { k: run.k }, traceTailLines);
    }
    const report = builder.build(performance.now() - partStarted);
    const failed = failures.count - failedBefore;
    const counts = `${report.runs} runs, ${failed} failed, ${report.delivered} delivered, ${report.heals} heals`;
    out(`${part.name}: ${counts}, ${(report.wallMs / 1000).toFixed(1)} s`);
  }
  out(`in ${((performance.now() - started) / 1000).toFixed(0)} s`);
  for (const { name, scenario, seed, peers } of openFaults) {
    out(`skipped, an open fault: ${name} (${scenario}, seed ${seed}, ${peers} peers)`);
  }
  out(`${runs - failures.count} passed, ${failures.count} failed, ${openFaults.length} skipped`);
  return failures.count > 0 ? 1 : 0;
}

function mutationCheck(args: SimArguments): number {
  let missed = 0;
  const [first, last] = args.seeds;
  const seedsMax = last > first ? last : undefined;
  for (const mutation of mutations) {
    const started = performance.now();
    const { seedsTried, found } = findMutation(mutation, args.scenario, args.peers, seedsMax);
    const took = `${((performance.now() - started) / 1000).toFixed(1)} s`;
    if (found?.failure) {
      out(`${mutation}: seed ${found.seed} with ${found.peers} peers, after ${seedsTried} seeds (${took})`);
      out(`    ${found.failure.checker}: ${found.failure.message}`);
      out(`    ${commandFor(found, undefined, ` --without ${mutation}`)}`);
    } else {
      missed++;
      out(`${mutation}: NOT NOTICED in ${seedsTried} seeds (${took})`);
    }
  }
  out(`${mutations.length - missed} passed, ${missed} failed`);
  return missed > 0 ? 1 : 0;
}

function replayFile(path: string): number {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    log(`sim: ${path} cannot be read`);
    return 2;
  }
  const journal = decodeJournal(text);
  if (journal === undefined) {
    log(`sim: ${path} is no journal`);
    return 2;
  }
  if (journal.isCut === true) log('sim: the first inputs were not kept; what follows begins in the middle');
  for (const step of replay(journal)) out(stepText(step));
  return 0;
}

async function main(): Promise<number> {
  const read = readArguments(process.argv.slice(2));
  if (!read.ok) {
    log(`sim: ${read.error}\n\n${usage}`);
    return 2;
  }
  const args = read.value;
  switch (args.mode) {
    case 'help':
      out(usage);
      return 0;
    case 'ci':
      return ci(args);
    case 'mutations':
      return mutationCheck(args);
    case 'replay':
      return replayFile(args.replayFile ?? '');
    case 'seeds':
      return seeds(args);
  }
}

process.exitCode = await main();
