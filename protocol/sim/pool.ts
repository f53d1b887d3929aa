/** Runs of several seeds on several processors, a process each. Like cli.ts it knows of Node; what is run does not. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { runJob, type Job, type RunResult } from './run.ts';

/** Runs that may be finished before the one that is waited for, for each processor: one is long, most are short. */
const ahead = 8;

/** A process that runs what it is given, one after another. */
class Runner {
  readonly #child = fork(fileURLToPath(new URL('./pool-child.ts', import.meta.url)), { serialization: 'advanced' });
  #settle: { resolve: (run: RunResult) => void; reject: (error: Error) => void } | undefined;

  constructor() {
    this.#child.on('message', (run) => this.#settle?.resolve(run as RunResult));
    this.#child.on('exit', (code) => this.#settle?.reject(new Error(`a run ended its process with code ${code}`)));
  }

  run(job: Job): Promise<RunResult> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.#child.send(job);
    });
  }

  end(): void {
    this.#child.removeAllListeners();
    this.#child.kill();
  }
}

/** Runs all, `processors` at a time; gives the results in the order of the jobs. What a run throws is thrown. */
export async function* runAll(jobs: readonly Job[], processors: number): AsyncGenerator<RunResult, void, void> {
  const count = Math.min(processors, jobs.length);
  if (count <= 1) {
    for (const job of jobs) yield runJob(job);
    return;
  }
  const runners = Array.from({ length: count }, () => new Runner());
  const free = [...runners];
  const waiting: ((runner: Runner) => void)[] = [];
  const started: Promise<RunResult>[] = [];
  const start = async (job: Job): Promise<RunResult> => {
    const runner = free.pop() ?? (await new Promise<Runner>((resolve) => waiting.push(resolve)));
    try {
      return await runner.run(job);
    } finally {
      const next = waiting.shift();
      if (next) next(runner);
      else free.push(runner);
    }
  };
  try {
    for (let at = 0; at < jobs.length; at++) {
      for (const job of jobs.slice(started.length, at + count * ahead)) {
        const run = start(job);
        // It is looked at when its turn comes.
        run.catch(() => undefined);
        started.push(run);
      }
      const run = started[at];
      if (run) yield await run;
    }
  } finally {
    for (const runner of runners) runner.end();
  }
}
