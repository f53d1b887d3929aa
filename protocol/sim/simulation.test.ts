import { describe, expect, it } from 'vitest';
import type { Mutation } from '../core/io.ts';
import { runOptions, runSeed } from './run.ts';
import { drawOptions, scenarioNames } from './scenarios.ts';

const without = (...parts: Mutation[]): { disabled: ReadonlySet<Mutation> } => ({ disabled: new Set(parts) });

describe('a run', () => {
  it('is the same for the same seed, traced or not, and another for another seed', () => {
    const first = runSeed('everything', 3, 8);
    const again = runSeed('everything', 3, 8, undefined, { traceLines: 100 });
    expect(again.traceHash).toBe(first.traceHash);
    expect({ ...again, trace: [] }).toEqual({ ...first, trace: [] });
    expect(again.trace).toHaveLength(100);
    expect(runSeed('everything', 4, 8).traceHash).not.toBe(first.traceHash);
  });

  it('draws all options from the seed', () => {
    for (const scenario of scenarioNames) {
      expect(drawOptions(scenario, 5, 20)).toEqual(drawOptions(scenario, 5, 20));
      expect(drawOptions(scenario, 5, 20, { k: 7 }).k).toBe(7);
    }
    const drawn = [1, 2, 3, 4, 5, 6].map((seed) => JSON.stringify({ ...drawOptions('everything', seed, 20), seed: 0 }));
    expect(new Set(drawn).size).toBe(6);
  });

  it('delivers all of a quiet room with one copy each and two reunion packets a peer a period [M1, U1]', () => {
    const run = runSeed('quiet', 1, 12);
    expect(run.failure).toBeUndefined();
    expect(run.delivered).toBe(run.expected);
    expect(run.expected).toBeGreaterThan(0);
    expect(run.messagesIn).toBe(run.deliveriesRemote);
    expect(run.depthMax).toBe(run.depthOptimal);
    expect(run.reunionPacketsPerPeerPerPeriod).toBeGreaterThan(1.5);
    expect(run.reunionPacketsPerPeerPerPeriod).toBeLessThan(2.2);
    expect(run.joinMs).toHaveLength(12);
  });

  it('heals after clean closes at once and after silent deaths by pings [H1, H2, H4]', () => {
    const run = runSeed('churn', 1, 16);
    expect(run.failure).toBeUndefined();
    expect(run.heals).toBeGreaterThan(0);
    expect(run.healCleanMs.length + run.healSilentMs.length).toBeGreaterThan(0);
  });

  it('fails when nothing was said', () => {
    const run = runOptions({ ...drawOptions('quiet', 1, 4), talkers: 0 });
    expect(run.failure).toMatchObject({ checker: 'vacuous', message: 'nothing was said' });
  });

  it('fails when the core lets duplicates through', () => {
    const runs = [1, 2, 3, 4, 5].map((seed) => runSeed('everything', seed, 12, undefined, without('dedup')));
    expect(runs.map((run) => run.failure?.checker)).toContain('deliveries');
    expect(runs.some((run) => run.duplicates > 0)).toBe(true);
  });

  it('fails when new neighbours do not compare what they have', () => {
    const fails = [1, 2, 3, 4, 5, 6].some(
      (seed) => runSeed('everything', seed, 20, undefined, without('frontier')).failure,
    );
    expect(fails).toBe(true);
  });

  it('fails when pings do not say how much was sent before them, though audits make it good later [L5]', () => {
    const run = runSeed('everything', 1, 50, undefined, without('watermark'));
    expect(run.failure?.checker).toBe('losses');
  });

  it('fails when a peer does not mind that it stands in its own path [U3]', () => {
    const run = runSeed('everything', 21, 27, undefined, without('path-check'));
    expect(run.failure?.checker).toBe('path');
  });

  it('fails when an end does not mind that nothing of what it sends arrives, though silence ends the link later [H3]', () => {
    const run = runSeed('everything', 149, 33, undefined, without('both-directions'));
    expect(run.failure?.checker).toBe('one-way');
  });
});
