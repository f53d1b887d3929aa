import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readArguments } from './arguments.ts';

function error(...args: string[]): string {
  const read = readArguments(args);
  return read.ok ? '' : read.error;
}

describe('the command line', () => {
  it('reads a series', () => {
    const read = readArguments(['--scenario', 'churn', '--peers', '5..60', '--seeds', '1..300', '--k', '3', '--json']);
    expect(read).toMatchObject({
      ok: true,
      value: { mode: 'seeds', scenario: 'churn', peers: [5, 60], seeds: [1, 300], k: 3, json: true, trace: false },
    });
    expect(readArguments(['--seeds', '7', '--peers', '9'])).toMatchObject({
      ok: true,
      value: { seeds: [7, 7], peers: [9, 9] },
    });
  });

  it('says in a sentence what is wrong', () => {
    expect(error('--scenario', 'storm')).toMatch(/--scenario storm: there is quiet, /);
    expect(error('--peers', 'many')).toMatch(/--peers many/);
    expect(error('--peers', '60..5')).toMatch(/--peers 60..5/);
    expect(error('--peers', '1')).toMatch(/from 2/);
    expect(error('--seeds', '-1')).toMatch(/--seeds -1/);
    expect(error('--seeds')).toBe('--seeds needs a value');
    expect(error('--k', '9')).toMatch(/--k 9: a number from 1 to 8/);
    expect(error('--k', '2..3')).toMatch(/--k 2..3/);
    expect(error('--jobs', '0')).toMatch(/--jobs 0: a number from 1 to 64/);
    expect(error('--fast')).toBe('--fast: unknown argument');
    expect(error('--without', 'gravity')).toMatch(/--without gravity/);
  });

  it('ends with 2 and the usage on standard error when an argument is wrong', () => {
    const cli = fileURLToPath(new URL('./cli.ts', import.meta.url));
    const run = spawnSync(process.execPath, ['--import', 'tsx', cli, '--peers', 'x'], { encoding: 'utf8' });
    expect(run.status).toBe(2);
    expect(run.stderr).toMatch(/sim: --peers x: .*\n\nnpm run sim -- /);
    expect(run.stdout).toBe('');
  });
});
