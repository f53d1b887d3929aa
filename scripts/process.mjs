// Child processes that end when their parent does.
import { spawn } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { top } from './paths.mjs';

/** How often a command started by npm looks whether npm is still there, in ms. */
const parentPeriodMs = 500;

// npm sends a signal to the shell between itself and us, and most shells end without passing it on: a server would be
// left behind, holding its port. Our parent changing is then the only sign there is.
if (process.env['npm_lifecycle_event'] !== undefined && process.platform !== 'win32') {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    if (!process.emit('SIGTERM')) process.exit(128 + constants.signals.SIGTERM);
  }, parentPeriodMs).unref();
}

/** Time a child has to end by itself after its time was up, in ms, before it is killed. */
const killAfterMs = 2_000;

/**
 * Runs a program at the top of the repository with its output going where ours goes, and passes signals on.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ env?: Record<string, string>, timeoutMs?: number, stdoutToStderr?: boolean, onStdout?: (text: string) => void }} [options]
 *   `onStdout` sees what the program prints, which is still printed.
 * @returns {Promise<number>} The exit code; 128 + n for signal n, 127 if it could not be started, 124 if it took too long.
 */
export function run(command, args, options = {}) {
  return new Promise((resolve) => {
    const timed = options.timeoutMs !== undefined;
    const out = options.onStdout !== undefined ? 'pipe' : options.stdoutToStderr === true ? process.stderr : 'inherit';
    const child = spawn(command, args, {
      cwd: top,
      env: { ...process.env, ...options.env },
      stdio: ['inherit', out, 'inherit'],
      // A program under a time limit gets a process group, so that the helpers it started end with it.
      detached: timed && process.platform !== 'win32',
      shell: process.platform === 'win32' && command === 'npm',
    });
    let late = false;
    /** @param {NodeJS.Signals} signal */
    const send = (signal) => {
      try {
        if (timed && process.platform !== 'win32' && child.pid !== undefined) process.kill(-child.pid, signal);
        else child.kill(signal);
      } catch {
        // It has ended already.
      }
    };
    /** @param {NodeJS.Signals} signal */
    const forward = (signal) => {
      // A terminal's Ctrl-C reaches the whole process group: sent on, the child would count two.
      if (signal === 'SIGINT' && process.stdin.isTTY && !timed) return;
      send(signal);
    };
    /** @type {NodeJS.Signals[]} */
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.on(signal, forward);
    const timer = timed
      ? setTimeout(() => {
          late = true;
          send('SIGTERM');
          setTimeout(() => {
            send('SIGKILL');
          }, killAfterMs).unref();
        }, options.timeoutMs)
      : undefined;
    /** @param {number} code */
    const end = (code) => {
      clearTimeout(timer);
      for (const signal of signals) process.off(signal, forward);
      resolve(code);
    };
    child.stdout?.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
      process.stdout.write(text);
      options.onStdout?.(text);
    });
    child.on('error', (error) => {
      process.stderr.write(`${command}: ${error.message}\n`);
      end(127);
    });
    child.on('close', (code, signal) => {
      end(late ? 124 : (code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
    });
  });
}

/**
 * Runs a program quietly and keeps what it prints.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ timeoutMs?: number, priority?: number, signal?: AbortSignal }} [options] `priority`: for it and what it starts, 19 to
 *   run only while others wait. `signal` ends it.
 * @returns {Promise<{ code: number, output: string }>} Exit code as in {@link run}; stdout and stderr together.
 */
export function capture(command, args, options = {}) {
  return new Promise((resolve) => {
    const { timeoutMs: timeout, signal } = options;
    const child = spawn(command, args, { cwd: top, stdio: ['ignore', 'pipe', 'pipe'], timeout, signal });
    if (options.priority !== undefined && child.pid !== undefined) setPriority(child.pid, options.priority);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
        output += text;
      });
    }
    child.on('error', (error) => {
      resolve({ code: 127, output: `${command}: ${error.message}\n` });
    });
    child.on('close', (code) => {
      resolve({ code: code ?? 124, output });
    });
  });
}
