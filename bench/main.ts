/** Measurements side by side with other libraries. See docs/benchmarks.md. */
import { availableParallelism, cpus, totalmem } from 'node:os';
import { readArguments, usage, type Arguments } from './arguments.ts';
import { linkGoal, linkMedians, linkRatios, pipes, runLink } from './link.ts';
import {
  meshFigures,
  meshGoals,
  meshMedians,
  meshRatios,
  runMesh,
  type MeshFigure,
  type MeshMedians,
  type MeshRun,
} from './mesh.ts';
import type { Library } from './pages/mesh-peer.ts';
import { pictureGoals, runPicture } from './picture.ts';
import type { ProcessorSeconds } from './process-tree.ts';
import { startPictureSite, startSite } from './site.ts';
import { table, type Cell } from './table.ts';
import { runTransfer, transferGoals } from './transfer.ts';

interface Report {
  readonly name: string;
  readonly machine: Machine;
  readonly [figure: string]: unknown;
}

interface Machine {
  readonly cores: number;
  readonly processor: string;
  readonly memoryGib: number;
  readonly chromium: string;
}

function machine(chromium: string): Machine {
  return {
    cores: availableParallelism(),
    processor: cpus()[0]?.model ?? 'unknown',
    memoryGib: Math.round(totalmem() / 1024 ** 3),
    chromium,
  };
}

function progress(line: string): void {
  process.stderr.write(`${line}\n`);
}

function heading({ name, machine: { cores, memoryGib, chromium } }: Report): string {
  return `${name} (${cores} cores, ${memoryGib} GiB, Chromium ${chromium})`;
}

const columns = [
  'megabytesPerSecond',
  'processorMsPerMegabyte',
  'messagesPerSecond',
  'processorMsPerThousand',
] as const;

async function link(url: string, { runs = 5, profile, network }: Arguments): Promise<{ report: Report; text: string }> {
  const { chromium, turns, complaints } = await runLink(url, runs, { profile, network });
  const raw = linkMedians(turns, 'raw');
  const banyan = linkMedians(turns, 'banyan');
  const ratios = linkRatios(raw, banyan);
  const report = {
    name: 'link',
    machine: machine(chromium),
    network: network ?? 'loopback',
    runs: turns,
    medians: { raw, banyan },
    ratios,
    goal: linkGoal,
    complaints,
  };
  const rows = [
    ...pipes.map((pipe): Cell[] => {
      const figures = report.medians[pipe];
      return [pipe, ...columns.map((column) => figures[column])];
    }),
    [`ratio (goal ${linkGoal})`, ...columns.map((column) => ratios[column])],
  ];
  const between = network ? `, ${network.delayMs} ms and ${network.megabitsPerSecond} Mbit/s each way` : '';
  return {
    report,
    text: `${heading(report)}${between}\n${table(['', 'MB/s, large', 'CPU ms/MB', 'messages/s, 200 B', 'CPU ms/1,000'], rows)}`,
  };
}

const titles: Record<MeshFigure, string> = {
  joinMs: 'all joined, ms',
  connectionsMade: 'RTCPeerConnections made',
  connectionsOpen: 'RTCPeerConnections open',
  memoryMib: 'browser memory, MiB',
  memoryAddedMib: 'of it since before joining, MiB',
  latencyP50Ms: '1 KiB to one, p50 ms',
  latencyP95Ms: '1 KiB to one, p95 ms',
  everyoneP50Ms: '1 KiB to everyone, p50 ms',
  everyoneP95Ms: '1 KiB to everyone, p95 ms',
};

async function mesh(url: string, given: Arguments): Promise<{ report: Report; text: string }> {
  const { peers = 8, libraries, runs: rounds = 3 } = given;
  const runs: MeshRun[] = [];
  let chromium = 'unknown';
  for (let round = 0; round < rounds; round++) {
    // Each round begins with another one, so that none always has the quiet machine.
    for (const turn of libraries.keys()) {
      const library = libraries[(round + turn) % libraries.length] ?? 'banyan';
      const { chromium: version, ...run } = await runMesh(url, library, peers);
      chromium = version;
      runs.push(run);
      const joined = run.completed
        ? `joined in ${run.joinMs ?? '?'} ms`
        : `did not complete (${run.pagesJoined} of ${peers} pages)`;
      progress(`mesh ${round + 1}/${rounds} ${library}: ${joined}`);
    }
  }
  const medians: Partial<Record<Library, MeshMedians>> = {};
  for (const library of libraries) medians[library] = meshMedians(runs.filter((run) => run.library === library));
  const ratios = meshRatios(medians);
  const report = { name: 'mesh', machine: machine(chromium), peers, runs, medians, ratios, goals: meshGoals };
  const rows = meshFigures.map((figure): Cell[] => [
    titles[figure],
    ...libraries.map((library) => medians[library]?.[figure]),
    ratios[figure],
    meshGoals[figure] === undefined ? '' : `<= ${meshGoals[figure]}`,
  ]);
  rows.push([
    'runs completed',
    ...libraries.map((library) => `${medians[library]?.completed ?? 0} of ${rounds}`),
    '',
    '',
  ]);
  const head = ['', ...libraries, 'ratio', 'goal'];
  return { report, text: `${heading(report)}, ${peers} pages\n${table(head, rows)}` };
}

/** Has a page of its own, built like the page itself. */
async function picture(_url: string, given: Arguments): Promise<{ report: Report; text: string }> {
  const { peers = 300, runs = 5, profile } = given;
  const site = await startPictureSite({ readable: profile !== undefined });
  try {
    const { chromium, figures } = await runPicture(site.url, peers, runs);
    const report = { name: 'picture', machine: machine(chromium), peers, runs, figures, goals: pictureGoals };
    const rows = figures.map((each): Cell[] => [
      `${each.view}, ${each.peersDrawn} drawn`,
      ...(['join', 'vanish', 'heal'] as const).flatMap((kind) => [each.drawMs[kind].median, each.drawMs[kind].worst]),
      each.swingFramesPerSecond,
      each.panFramesPerSecond,
      each.panTalkingFramesPerSecond,
      each.panFrameP95Ms,
      each.swingBusyMs,
      each.panBusyMs,
    ]);
    const { drawMs, framesPerSecond } = pictureGoals;
    const draw = `<= ${drawMs}`;
    const frames = `>= ${framesPerSecond}`;
    rows.push(['goal', draw, draw, draw, draw, draw, draw, '', frames, frames, '', '', '']);
    const head = ['join, ms', 'worst', 'vanish, ms', 'worst', 'heal, ms', 'worst'];
    const rest = [
      'frames/s swinging',
      'dragged',
      'and talking',
      'p95 frame, ms',
      'busy ms a frame, swinging',
      'dragged',
    ];
    return { report, text: `${heading(report)}, ${peers} peers\n${table(['', ...head, ...rest], rows)}` };
  } finally {
    await site.close();
  }
}

const kinds = (seconds: ProcessorSeconds): string =>
  Object.entries(seconds)
    .map(([kind, cores]) => `${kind} ${cores}`)
    .join(', ');

async function transfer(_url: string, given: Arguments): Promise<{ report: Report; text: string }> {
  const { peers = 9, mebibytes, profile } = given;
  const { chromium, runs } = await runTransfer(peers, mebibytes, profile, progress);
  const report = { name: 'transfer', machine: machine(chromium), peers, mebibytes, runs, goals: transferGoals };
  const rows: Cell[][] = [
    ['complete', ...runs.map((run) => (run.complete ? 'yes' : 'no')), 'yes'],
    ['seconds', ...runs.map((run) => run.seconds), ''],
    ['MB/s to everybody', ...runs.map((run) => run.megabytesPerSecond), ''],
    ['hashes equal', ...runs.map((run) => `${run.hashesEqual} of ${run.hashesExpected}`), 'all'],
    [
      'uploaded by the sender, of the file',
      ...runs.map((run) => run.uploadedShare),
      `<= ${transferGoals.uploadedShare}`,
    ],
    ['message before, p50 ms', ...runs.map((run) => run.idleMs.p50), ''],
    ['message during, p50 ms', ...runs.map((run) => run.busyMs.p50), ''],
    ['message during, p95 ms', ...runs.map((run) => run.busyMs.p95), ''],
    ['latency during / before', ...runs.map((run) => run.latencyRatio), `<= ${transferGoals.latencyRatio}`],
    ['processor, cores before', ...runs.map((run) => kinds(run.processorBefore)), ''],
    ['processor, cores during', ...runs.map((run) => kinds(run.processorDuring)), ''],
    ['heap growth, MiB', ...runs.map((run) => run.heapGrowthMib), `<= ${transferGoals.heapGrowthMib}`],
    ['with garbage, MiB', ...runs.map((run) => run.heapGrowthWithGarbageMib), ''],
    ['received by an orphan, of the file', ...runs.map((run) => run.orphanReceivedShare), ''],
  ];
  const text = `${heading(report)}, ${peers} pages, ${mebibytes} MiB\n${table(['', 'left alone', 'one killed', 'goal'], rows)}`;
  return { report, text };
}

const all = { link, mesh, picture, transfer };

async function main(): Promise<number> {
  const given = readArguments(process.argv.slice(2));
  if (typeof given === 'string') {
    progress(`${given}\n${usage}`);
    return 2;
  }
  const site = await startSite({ readable: given.profile !== undefined });
  try {
    for (const name of given.only) {
      const { report, text } = await all[name](site.url, given);
      process.stdout.write(given.json ? `${JSON.stringify(report)}\n` : `${text}\n\n`);
    }
  } finally {
    await site.close();
  }
  return 0;
}

// PeerServer leaves timers behind, so the end is said and not waited for.
process.exit(await main());
