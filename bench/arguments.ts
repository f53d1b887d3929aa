/** The command line: `npm run bench -- [--only NAME] [--peers N] [--runs N] [--libraries A,B] [--network MS,MBIT] [--json]`. */
import { parseArgs } from 'node:util';
import type { NetworkPlan } from './far-network.ts';
import { libraries, type Library } from './pages/mesh-peer.ts';

export const measurements = ['link', 'mesh', 'picture', 'transfer'] as const;
export type Measurement = (typeof measurements)[number];

export interface Arguments {
  readonly only: readonly Measurement[];
  /** Pages of `mesh`, 2 to 64; peers of `picture`, 2 to 2,000. `undefined`: what each measurement takes by itself. */
  readonly peers: number | undefined;
  /** Runs of each contestant; medians are taken over them. */
  readonly runs: number | undefined;
  readonly libraries: readonly Library[];
  /** Size of the file of `transfer`, in MiB. */
  readonly mebibytes: number;
  /** What lies between the two pages of `link`; `undefined`: the loopback interface. */
  readonly network: NetworkPlan | undefined;
  readonly json: boolean;
  /** Folder for CPU profiles of two pages, of `link` and `transfer`. */
  readonly profile: string | undefined;
}

export const usage = `usage: npm run bench -- [options]
  --only NAME        ${measurements.join(', ')}; default: all
  --peers N          pages of mesh, 2 to 64, default 8; peers of picture, 2 to 2,000, default 300; pages of transfer, 5 to 64, default 9
  --size MIB         file of transfer; default 100
  --runs N           runs of each contestant; default 5 (link, picture), 3 (mesh)
  --libraries A,B    contestants of mesh; default ${libraries.join(',')}
  --network MS,MBIT  link: a network between the pages, of this delay (one way) and rate, such as 20,50
  --json             one JSON object a measurement instead of tables
  --profile FOLDER   link, transfer: also write CPU profiles of two pages`;

/** Reads the arguments; a string says what is wrong with them. */
export function readArguments(args: readonly string[]): Arguments | string {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        only: { type: 'string' },
        peers: { type: 'string' },
        runs: { type: 'string' },
        libraries: { type: 'string' },
        size: { type: 'string', default: '100' },
        network: { type: 'string' },
        json: { type: 'boolean', default: false },
        profile: { type: 'string' },
      },
    }));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const only = measurements.filter((name) => values.only === undefined || values.only === name);
  if (only.length === 0) return `no measurement is called '${values.only ?? ''}'`;
  const peers = values.peers === undefined ? undefined : Number(values.peers);
  const peersMax = only.includes('mesh') || only.includes('transfer') ? 64 : 2_000;
  if (peers !== undefined && (!Number.isInteger(peers) || peers < 2 || peers > peersMax))
    return `--peers takes a number from 2 to ${peersMax}`;
  const mebibytes = Number(values.size);
  if (!Number.isInteger(mebibytes) || mebibytes < 1 || mebibytes > 2_048) return '--size takes a number from 1 to 2048';
  const runs = values.runs === undefined ? undefined : Number(values.runs);
  if (runs !== undefined && (!Number.isInteger(runs) || runs < 1)) return '--runs takes a number from 1';
  const names = values.libraries?.split(',') ?? libraries;
  const chosen = libraries.filter((library) => names.includes(library));
  if (chosen.length !== names.length) return `--libraries takes some of ${libraries.join(', ')}`;
  const network = values.network === undefined ? undefined : networkOf(values.network);
  if (values.network !== undefined && network === undefined)
    return '--network takes a delay of 0 to 1000 ms and a rate of 1 to 1000 Mbit/s, such as 20,50';
  const { json, profile } = values;
  return { only, peers, runs, libraries: chosen, mebibytes, network, json, profile };
}

function networkOf(text: string): NetworkPlan | undefined {
  const [, delayMs, megabitsPerSecond] = (/^(\d+),(\d+)$/.exec(text) ?? []).map(Number);
  if (delayMs === undefined || megabitsPerSecond === undefined) return undefined;
  const isPossible = delayMs <= 1_000 && megabitsPerSecond >= 1 && megabitsPerSecond <= 1_000;
  return isPossible ? { delayMs, megabitsPerSecond } : undefined;
}
