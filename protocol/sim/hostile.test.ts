import { describe, expect, it } from 'vitest';
import { peersOf } from './mutations.ts';
import { runOptions, runSeed, type RunResult } from './run.ts';
import { drawOptions } from './scenarios.ts';

const seeds = Array.from({ length: 16 }, (_, i) => i + 1);
const run = (scenario: 'hostile' | 'eclipse', seed: number): RunResult =>
  runSeed(scenario, seed, peersOf(seed, [5, 40]));

describe('a room of which a tenth drops, delays, replays, lies or floods', () => {
  it('[K4] brings every word between honest peers to who is connected with its sender, within three audit rounds', () => {
    let [pairs, complaints] = [0, 0];
    for (const seed of seeds) {
      const { failure, honest, hostile, tampered, ...found } = run('hostile', seed);
      expect(failure, `seed ${seed}`).toBeUndefined();
      expect(hostile).toBeGreaterThan(0);
      expect(tampered).toBeGreaterThan(0);
      // Who hears from nobody honest for a while is not owed anything in it: that must be rare.
      expect(honest.cutOffPairs, `seed ${seed}`).toBeLessThan(honest.pairs * 0.1);
      pairs += honest.pairs;
      complaints += found.complaints;
    }
    expect(pairs).toBeGreaterThan(10_000);
    // Somebody was found out. That nobody honest was blamed is checked at each complaint.
    expect(complaints).toBeGreaterThan(0);
  }, 60_000);

  it('[K4] is not survived where nobody asks a backup for what a parent keeps back', () => {
    const disabled = new Set(['audit'] as const);
    const isLate = (seed: number): boolean =>
      runSeed('hostile', seed, 16, undefined, { disabled }).failure?.checker === 'late';
    expect(seeds.some(isLate)).toBe(true);
  }, 60_000);

  it('fails when nobody did anything hostile', () => {
    const { failure } = runOptions({ ...drawOptions('hostile', 1, 12), faultsFromMs: 1e9 });
    expect(failure).toMatchObject({ checker: 'vacuous', message: 'nobody did anything hostile' });
  });
});

describe('a room of which a fifth act together to cut others off', () => {
  it('shows how many they cut off, and that they are seen to', () => {
    const runs = [1, 2, 3, 4, 5, 6].map((seed) => run('eclipse', seed));
    for (const { failure } of runs) expect(failure).toBeUndefined();
    expect(runs.some(({ tampered }) => tampered > 0)).toBe(true);
    const eclipsed = runs.reduce((sum, { honest }) => sum + honest.eclipsed, 0);
    expect(eclipsed).toBeGreaterThan(0);
    expect(eclipsed).toBeLessThan(runs.reduce((sum, { honest }) => sum + honest.honest, 0));
  });
});
