/** The command line, read and checked. */
import { clientsMax } from '../limits.ts';
import { isScenario, scenarioNames, type ScenarioName } from './scenarios.ts';

export interface SimArguments {
  readonly mode: 'seeds' | 'ci' | 'mutations' | 'replay' | 'help';
  readonly scenario: ScenarioName;
  readonly peers: readonly [number, number];
  /** Whether the caller gave a range of peers. */
  readonly peersGiven: boolean;
  readonly seeds: readonly [number, number];
  readonly k: number | undefined;
  readonly json: boolean;
  readonly trace: boolean;
  readonly replayFile: string | undefined;
  /** Runs at a time, or as many as there are processors. */
  readonly jobs: number | undefined;
  /** Parts of the core to switch off, as in the mutation check. */
  readonly disabled: readonly string[];
}

export const usage = `npm run sim -- --scenario NAME --seeds A..B --peers N[..M] [--k K] [--jobs J] [--json] [--trace]
npm run sim -- --ci                 a fixed set, ends with "N passed, N failed"
npm run sim -- --mutations          switches parts of the core off and shows that the simulator notices
npm run sim -- --replay FILE        runs a page's journal through a fresh core and prints what comes out
scenarios: ${scenarioNames.join(', ')}`;

const mutations = ['frontier', 'watermark', 'path-check', 'dedup', 'both-directions', 'audit'];

/** Peers that one run may have. */
const peersMax = 100_000;
const seedsMax = 0xffffffff;
const jobsMax = 64;

type Result = { readonly ok: true; readonly value: SimArguments } | { readonly ok: false; readonly error: string };

/** A whole number in a range, or a range of them `A..B`. */
function readRange(text: string, low: number, high: number): readonly [number, number] | undefined {
  const found = /^(\d{1,10})(?:\.\.(\d{1,10}))?$/.exec(text);
  if (found === null) return undefined;
  const from = Number(found[1]);
  const to = Number(found[2] ?? found[1]);
  return from < low || to > high || from > to ? undefined : [from, to];
}

/** Reads arguments; what is wrong with them is said in a sentence. */
export function readArguments(args: readonly string[]): Result {
  let mode: SimArguments['mode'] = 'seeds';
  let scenario: ScenarioName = 'everything';
  let peers: readonly [number, number] | undefined;
  let seeds: readonly [number, number] | undefined;
  let k: number | undefined;
  let jobs: number | undefined;
  let json = false;
  let trace = false;
  let replayFile: string | undefined;
  const disabled: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const name = args[i] ?? '';
    if (name === '--json') json = true;
    else if (name === '--trace') trace = true;
    else if (name === '--ci') mode = 'ci';
    else if (name === '--mutations') mode = 'mutations';
    else if (name === '--help' || name === '-h') mode = 'help';
    else if (['--scenario', '--peers', '--seeds', '--k', '--jobs', '--replay', '--without'].includes(name)) {
      const value = args[++i];
      if (value === undefined || value.startsWith('--')) return refuse(`${name} needs a value`);
      if (name === '--scenario') {
        if (!isScenario(value)) return refuse(`--scenario ${value}: there is ${scenarioNames.join(', ')}`);
        scenario = value;
      } else if (name === '--peers') {
        peers = readRange(value, 2, peersMax);
        if (!peers) return refuse(`--peers ${value}: a number or a range N..M, from 2 to ${peersMax}`);
      } else if (name === '--seeds') {
        seeds = readRange(value, 0, seedsMax);
        if (!seeds) return refuse(`--seeds ${value}: a number or a range A..B, from 0 to ${seedsMax}`);
      } else if (name === '--k') {
        k = readRange(value, 1, clientsMax)?.[0];
        if (k === undefined || String(k) !== value) return refuse(`--k ${value}: a number from 1 to ${clientsMax}`);
      } else if (name === '--jobs') {
        const range = readRange(value, 1, jobsMax);
        if (range?.[0] !== range?.[1] || !range) return refuse(`--jobs ${value}: a number from 1 to ${jobsMax}`);
        [jobs] = range;
      } else if (name === '--replay') {
        mode = 'replay';
        replayFile = value;
      } else {
        if (!mutations.includes(value)) return refuse(`--without ${value}: there is ${mutations.join(', ')}`);
        disabled.push(value);
      }
    } else {
      return refuse(`${name}: unknown argument`);
    }
  }
  const value: SimArguments = {
    mode,
    scenario,
    peers: peers ?? [5, 60],
    peersGiven: peers !== undefined,
    seeds: seeds ?? [1, 1],
    k,
    json,
    trace,
    replayFile,
    jobs,
    disabled,
  };
  return { ok: true, value };
}

function refuse(error: string): Result {
  return { ok: false, error };
}
