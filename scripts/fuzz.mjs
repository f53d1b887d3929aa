// npm run fuzz -- [--inputs N] [--seed S] [--only NAME] [--jobs N]: every decoder of the protocol under mutated inputs.
// Decoders are shared out among processes; the last line is `N passed, N failed`.
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { fuzz, fuzzTargets } from '../protocol/wire/fuzz.ts';

/** @typedef {import('../protocol/wire/fuzz.ts').FuzzResult & { seconds: number, grownBytes: number }} Result */

/** What a decoder may leave behind on the heap after all its inputs, in bytes: noise of the engine's own. */
const grownBytesMax = 4 * 1024 * 1024;

setFlagsFromString('--expose-gc');
/** @type {() => void} */
const collect = runInNewContext('gc');

/** Bytes on the heap that are still in use. */
function heapBytes() {
  collect();
  return process.memoryUsage().heapUsed;
}

const usage = `usage: npm run fuzz -- [options]

  --inputs N   inputs for each decoder (1000000)
  --seed S     which inputs (1)
  --only NAME  one decoder: ${fuzzTargets.map(({ name }) => name).join(', ')}
  --jobs N     processes (as many as there are processors)
`;

/** @param {string} text @param {number} min @param {number} max */
function wholeNumber(text, min, max) {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
  return value >= min && value <= max ? value : undefined;
}

/** What the words ask for, or `undefined`. @param {readonly string[]} args */
function parse(args) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      inputs: { type: 'string', default: '1000000' },
      seed: { type: 'string', default: '1' },
      only: { type: 'string' },
      jobs: { type: 'string', default: `${availableParallelism()}` },
    },
  });
  const inputs = wholeNumber(values.inputs, 1, 1e9);
  const seed = wholeNumber(values.seed, 0, 2 ** 31);
  const jobs = wholeNumber(values.jobs, 1, 64);
  const targets = fuzzTargets.filter(({ name }) => values.only === undefined || name === values.only);
  if (inputs === undefined || seed === undefined || jobs === undefined || targets.length === 0) return undefined;
  return { inputs, seed, jobs, targets };
}

/** One of the processes: takes names, gives results. @param {number} inputs @param {number} seed */
function work(inputs, seed) {
  process.on('message', (name) => {
    const target = fuzzTargets.find((one) => one.name === name);
    if (target === undefined) return;
    const clock = () => performance.now();
    // The engine's own tables for this decoder are made before it is measured.
    fuzz(target, Math.min(inputs, 10_000), seed, clock);
    const before = heapBytes();
    const startMs = performance.now();
    const result = fuzz(target, inputs, seed, clock);
    const seconds = (performance.now() - startMs) / 1_000;
    const grownBytes = heapBytes() - before;
    const what = `left ${grownBytes} bytes behind`;
    const fault = result.fault ?? (grownBytes > grownBytesMax ? { input: '', what } : undefined);
    process.send?.({ ...result, fault, seconds, grownBytes });
  });
  process.send?.('ready');
}

/** @param {Result} result @param {number} seed */
function report({ name, inputs, accepted, slowestMs, grownBytes, fault, seconds }, seed) {
  const share = ((accepted / inputs) * 100).toFixed(0);
  process.stdout.write(
    `${fault ? 'FAIL' : 'ok  '}  ${name}: ${inputs} inputs, ${share} % taken, slowest ${slowestMs.toFixed(2)} ms, ` +
      `${(grownBytes / 1_024).toFixed(0)} KiB grown (${seconds.toFixed(1)} s)\n`,
  );
  if (fault === undefined) return;
  process.stdout.write(`      ${fault.input}\n      ${fault.what}\n`);
  process.stdout.write(`      npm run fuzz -- --only ${name} --seed ${seed} --inputs ${inputs}\n`);
}

/** Runs all decoders, `jobs` at a time. Gives how many had faults. @param {NonNullable<ReturnType<typeof parse>>} plan */
async function runAll({ inputs, seed, jobs, targets }) {
  const queue = targets.map(({ name }) => name);
  let failed = 0;
  const one = () =>
    new Promise((resolve, reject) => {
      const child = fork(fileURLToPath(import.meta.url), ['--worker', `${inputs}`, `${seed}`], {
        execArgv: ['--import', 'tsx'],
      });
      const next = () => {
        const name = queue.shift();
        if (name === undefined) child.disconnect();
        else child.send(name);
      };
      child.on('message', (/** @type {Result | 'ready'} */ message) => {
        if (message !== 'ready') {
          report(message, seed);
          if (message.fault) failed += 1;
        }
        next();
      });
      child.on('error', reject);
      child.on('exit', (code) => {
        if (code === 0) resolve(undefined);
        else reject(new Error(`a process ended with ${code}`));
      });
    });
  await Promise.all(Array.from({ length: Math.min(jobs, targets.length) }, one));
  return failed;
}

async function main() {
  const args = process.argv.slice(2);
  if (args[0] === '--worker') {
    work(Number(args[1]), Number(args[2]));
    return 0;
  }
  /** @type {ReturnType<typeof parse>} */
  let plan;
  try {
    plan = parse(args);
  } catch {
    // Said below.
  }
  if (plan === undefined) {
    process.stderr.write(usage);
    return 2;
  }
  const startMs = performance.now();
  const failed = await runAll(plan);
  const { length: count } = plan.targets;
  process.stdout.write(`${count} decoders, ${((performance.now() - startMs) / 1_000).toFixed(0)} s\n`);
  process.stdout.write(`${count - failed} passed, ${failed} failed\n`);
  return failed > 0 ? 1 : 0;
}

process.exitCode = await main();
