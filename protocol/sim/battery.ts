/** The fixed set that every test run goes through: small enough for minutes on one core, wide enough to catch most. */
import { peersOf } from './mutations.ts';
import { openFaults, regressions } from './regressions.ts';
import type { Job } from './run.ts';
import type { ScenarioName } from './scenarios.ts';

export interface BatteryPart {
  readonly name: string;
  readonly runs: readonly Job[];
}

function series(scenario: ScenarioName, seeds: number, peers: readonly [number, number]): BatteryPart {
  const runs = Array.from({ length: seeds }, (_, i) => ({
    scenario,
    seed: i + 1,
    peers: peersOf(i + 1, peers),
    k: undefined,
  })).filter((run) => !openFaults.some((open) => open.scenario === scenario && open.seed === run.seed));
  return { name: scenario, runs };
}

export function battery(): BatteryPart[] {
  return [
    ...regressions.map(({ name, scenario, seed, peers, k }) => ({
      name: `regression: ${name}`,
      runs: [{ scenario, seed, peers, k }],
    })),
    series('quiet', 5, [5, 60]),
    series('flash-crowd', 3, [20, 100]),
    series('churn', 4, [10, 40]),
    series('silent', 12, [8, 40]),
    series('partition', 12, [8, 40]),
    series('slow', 6, [6, 24]),
    series('root-restart', 12, [8, 40]),
    series('everything', 300, [5, 60]),
    series('hostile', 20, [5, 40]),
    series('files', 20, [5, 40]),
  ];
}
