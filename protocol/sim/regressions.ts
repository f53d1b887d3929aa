/** Seeds that once found a fault, each by the name of what it found. They run in every battery. */
import type { ScenarioName } from './scenarios.ts';

export interface Regression {
  readonly name: string;
  readonly scenario: ScenarioName;
  readonly seed: number;
  readonly peers: number;
  readonly k?: number;
}

export const regressions: readonly Regression[] = [];
