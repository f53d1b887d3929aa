/** Shows that the simulator notices: with each part of the core switched off in turn, some seed must fail. */
import type { Mutation } from '../core/io.ts';
import { runSeed, type RunResult } from './run.ts';
import type { ScenarioName } from './scenarios.ts';
import { SimRng } from './rng.ts';

export const mutations: readonly Mutation[] = ['frontier', 'watermark', 'path-check', 'dedup', 'both-directions'];

/** Seeds that are tried for each, at most. */
export const mutationSeedsMax = 1_000;

/** Peers of a seed: the same as in a run over a range of peers. */
export function peersOf(seed: number, [low, high]: readonly [number, number]): number {
  return low === high ? low : new SimRng(seed, 77).int(low, high);
}

export interface MutationFinding {
  readonly mutation: Mutation;
  /** How many seeds it took; `undefined` when none of them failed. */
  readonly seedsTried: number;
  readonly found: RunResult | undefined;
}

/** Tries seeds until one fails that passes with nothing switched off. */
export function findMutation(
  mutation: Mutation,
  scenario: ScenarioName,
  peers: readonly [number, number],
  seedsMax = mutationSeedsMax,
): MutationFinding {
  for (let seed = 1; seed <= seedsMax; seed++) {
    const run = runSeed(scenario, seed, peersOf(seed, peers), undefined, { disabled: new Set([mutation]) });
    // Only the missing part may be the cause: the same seed passes with it.
    const isCause = run.failure !== undefined && runSeed(scenario, seed, peersOf(seed, peers)).failure === undefined;
    if (isCause) return { mutation, seedsTried: seed, found: run };
  }
  return { mutation, seedsTried: seedsMax, found: undefined };
}
