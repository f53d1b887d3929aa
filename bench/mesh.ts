/** Rooms of N pages: Banyan's tree beside the full meshes of Trystero and PeerJS. */
import { openPages, within, type Pages } from './browser.ts';
import { median, quantile, rounded } from './figures.ts';
import type { Library } from './pages/mesh-peer.ts';
import type { Joined } from './pages/page.ts';
import { signalings } from './signaling.ts';

/** A library that has not joined everybody by then did not complete, ms. */
const joinTimeoutMs = 120_000;
/** From all joined to the count of connections and memory, ms: time for what follows a join (Banyan's backup links). */
const settleMs = 5_000;
const broadcastBytes = 1_024;
/** Broadcasts a sender, one each so many ms, after two that do not count. Banyan allows an origin 20 a second. */
const broadcastCount = 20;
const broadcastWarmUp = 2;
const broadcastPeriodMs = 100;
const sendersMax = 4;
/** Wait for the last arrivals, ms. */
const arrivalsTimeoutMs = 10_000;

export interface MeshRun {
  readonly library: Library;
  readonly completed: boolean;
  /** Pages that reached all others; of those that did not, how many others each reached. */
  readonly pagesJoined: number;
  readonly othersReached: number;
  /** From the common start to the last page's reaching all others. */
  readonly joinMs: number | null;
  /** All pages together, until the end of the settling. */
  readonly connectionsMade: number;
  readonly connectionsOpen: number;
  /** All processes of the browser: before joining, and settled. */
  readonly memoryIdleMib: number;
  readonly memoryMib: number;
  /** From a sender's call to a receiver's event, over all receivers of all broadcasts. */
  readonly latencyMs: Quantiles | null;
  /** From a sender's call to the last receiver's event. */
  readonly everyoneMs: Quantiles | null;
  readonly broadcasts: number;
  readonly missed: number;
  readonly doubled: number;
  /** Slowest page's further moments, ms from the common start; and the library's own counters, largest page. */
  readonly marksMs: Readonly<Record<string, number>>;
  readonly facts: Readonly<Record<string, number>>;
  readonly complaints: readonly string[];
}

interface Quantiles {
  readonly p50: number | null;
  readonly p95: number | null;
}

export async function runMesh(url: string, library: Library, peers: number): Promise<MeshRun & { chromium: string }> {
  const signaling = await signalings[library](url);
  const opened = await openPages(url, peers);
  try {
    return { ...(await measure(opened, library, signaling.url)), chromium: opened.version };
  } finally {
    await opened.close();
    await signaling.close();
  }
}

async function measure(opened: Pages, library: Library, signaling: string): Promise<MeshRun> {
  const { pages } = opened;
  const peers = pages.length;
  await Promise.all(pages.map((page) => page.evaluate((name) => window.bench.load(name), library)));
  const memoryIdle = opened.memory();

  const startAtMs = Date.now() + 1_000;
  const plan = { peers, room: `room-${startAtMs}`, signaling, startAtMs };
  const joining = Promise.all(
    pages.map((page, index) => page.evaluate((given) => window.bench.join(given), { ...plan, index })),
  );
  joining.catch(() => undefined);
  const completed = (await within(joining, joinTimeoutMs + 1_000)) !== undefined;
  if (completed) await new Promise((resolve) => setTimeout(resolve, settleMs));

  const memory = opened.memory();
  const joined =
    (await within(Promise.all(pages.map((page) => page.evaluate(() => window.bench.joined()))), 30_000)) ?? [];
  const sum = (of: (page: Joined) => number): number => joined.reduce((total, page) => total + of(page), 0);
  const run = {
    library,
    completed,
    pagesJoined: joined.filter((page) => page.atMs !== undefined).length,
    othersReached: rounded(sum((page) => page.others) / Math.max(1, joined.length)) ?? 0,
    joinMs: completed ? rounded(Math.max(...joined.map((page) => page.atMs ?? NaN)) - startAtMs) : null,
    connectionsMade: sum((page) => page.connectionsMade),
    connectionsOpen: sum((page) => page.connectionsOpen),
    memoryIdleMib: rounded(memoryIdle.mib) ?? 0,
    memoryMib: rounded(memory.mib) ?? 0,
  };
  const told = completed ? await broadcasts(opened) : nothingTold;
  const end = completed ? await Promise.all(pages.map((page) => page.evaluate(() => window.bench.joined()))) : joined;
  return {
    ...run,
    ...told,
    marksMs: largest(end.map((page) => page.marks)),
    facts: largest(end.map((page) => page.facts)),
    complaints: opened.complaints,
  };
}

const nothingTold = { latencyMs: null, everyoneMs: null, broadcasts: 0, missed: 0, doubled: 0 };

/** Some pages broadcast, one after the other; every page stamps what arrives. */
async function broadcasts({ pages }: Pages): Promise<typeof nothingTold | Pick<MeshRun, keyof typeof nothingTold>> {
  const peers = pages.length;
  const senders = Math.min(sendersMax, peers);
  const perSender = broadcastWarmUp + broadcastCount;
  const plan = { count: perSender, bytes: broadcastBytes, periodMs: broadcastPeriodMs };
  for (let turn = 0; turn < senders; turn++) {
    const page = pages[Math.floor((turn * peers) / senders)];
    await page?.evaluate(({ count, bytes, periodMs }) => window.bench.broadcast(count, bytes, periodMs), plan);
  }
  const expected = senders * perSender * (peers - 1);
  const latencies: number[] = [];
  /** Latencies of each broadcast by receiver: its last is when everyone had it. */
  const byBroadcast = new Map<string, number[]>();
  const seen = new Set<string>();
  let doubled = 0;
  const deadlineMs = Date.now() + arrivalsTimeoutMs;
  do {
    const arrived = await Promise.all(pages.map((page) => page.evaluate(() => window.bench.takeArrivals())));
    for (const [receiver, arrivals] of arrived.entries()) {
      for (const { sender, number, latencyMs } of arrivals) {
        const id = `${sender}/${number}`;
        if (seen.has(`${id}/${receiver}`)) doubled++;
        seen.add(`${id}/${receiver}`);
        if (number < broadcastWarmUp) continue;
        latencies.push(latencyMs);
        byBroadcast.set(id, [...(byBroadcast.get(id) ?? []), latencyMs]);
      }
    }
    if (seen.size < expected) await new Promise((resolve) => setTimeout(resolve, 100));
  } while (seen.size < expected && Date.now() < deadlineMs);
  const everyone = [...byBroadcast.values()].filter((times) => times.length === peers - 1);
  return {
    latencyMs: quantiles(latencies),
    everyoneMs: quantiles(everyone.map((times) => Math.max(...times))),
    broadcasts: senders * broadcastCount,
    missed: expected - seen.size,
    doubled,
  };
}

function quantiles(samples: readonly number[]): Quantiles {
  return { p50: rounded(quantile(samples, 0.5)), p95: rounded(quantile(samples, 0.95)) };
}

function largest(records: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const all: Record<string, number> = {};
  for (const record of records) {
    for (const [name, value] of Object.entries(record))
      all[name] = Math.max(all[name] ?? -Infinity, rounded(value) ?? 0);
  }
  return all;
}

/** One contestant's medians over its runs; null where fewer than half of the runs completed. */
export interface MeshMedians {
  readonly completed: number;
  readonly joinMs: number | null;
  readonly connectionsMade: number | null;
  readonly connectionsOpen: number | null;
  readonly memoryMib: number | null;
  readonly memoryAddedMib: number | null;
  readonly latencyP50Ms: number | null;
  readonly latencyP95Ms: number | null;
  readonly everyoneP50Ms: number | null;
  readonly everyoneP95Ms: number | null;
}

export const meshFigures = [
  'joinMs',
  'connectionsMade',
  'connectionsOpen',
  'memoryMib',
  'memoryAddedMib',
  'latencyP50Ms',
  'latencyP95Ms',
  'everyoneP50Ms',
  'everyoneP95Ms',
] as const;
export type MeshFigure = (typeof meshFigures)[number];

export function meshMedians(runs: readonly MeshRun[]): MeshMedians {
  const done = runs.filter((run) => run.completed);
  const enough = done.length * 2 >= runs.length && done.length > 0;
  const of = (figure: (run: MeshRun) => number | null | undefined): number | null =>
    enough ? rounded(median(done.map((run) => figure(run) ?? NaN))) : null;
  return {
    completed: done.length,
    joinMs: of((run) => run.joinMs),
    connectionsMade: of((run) => run.connectionsMade),
    connectionsOpen: of((run) => run.connectionsOpen),
    memoryMib: of((run) => run.memoryMib),
    memoryAddedMib: of((run) => run.memoryMib - run.memoryIdleMib),
    latencyP50Ms: of((run) => run.latencyMs?.p50),
    latencyP95Ms: of((run) => run.latencyMs?.p95),
    everyoneP50Ms: of((run) => run.everyoneMs?.p50),
    everyoneP95Ms: of((run) => run.everyoneMs?.p95),
  };
}

/** What Banyan is measured against: at most these shares of the better other library's figure. */
export const meshGoals: Partial<Record<MeshFigure, number>> = {
  joinMs: 0.5,
  connectionsMade: 0.25,
  memoryMib: 1,
  everyoneP50Ms: 1,
  everyoneP95Ms: 1,
};

/** Banyan's figures divided by the better of the others'; null where no other completed. */
export function meshRatios(medians: Partial<Record<Library, MeshMedians>>): Record<MeshFigure, number | null> {
  const ratios = {} as Record<MeshFigure, number | null>;
  for (const figure of meshFigures) {
    const own = medians.banyan?.[figure] ?? NaN;
    const others = [medians.trystero?.[figure], medians.peerjs?.[figure]].filter((value) => typeof value === 'number');
    ratios[figure] = others.length === 0 ? null : rounded(own / Math.min(...others));
  }
  return ratios;
}
