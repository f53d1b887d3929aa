/** A large file in a room of real pages: who uploads how much, what it does to talk and memory, and what a death in the middle costs. */
import { createHash, randomFillSync } from 'node:crypto';
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, CDPSession } from '@playwright/test';
import { launch, launchServer } from '../e2e/browsers.ts';
import { openRoom, problemsOf, secret, type RoomPage, type Seen } from '../e2e/fixtures.ts';
import { startRootServer } from '../root-server/server.ts';
import { quantile, rounded } from './figures.ts';
import { processorSecondsByKind, type ProcessorSeconds } from './process-tree.ts';
import { profile } from './profile.ts';
import { hashIn, installRecorder, readRecord, startTicking, stopTicking, type PageRecord } from './transfer-page.ts';

/** Clients a page serves: few, so that nine pages are three levels deep. */
const k = 2;
export const transferGoals = { uploadedShare: k + 0.1, latencyRatio: 3, heapGrowthMib: 64 } as const;

/** Messages are sent this often, by one page of another branch, ms. */
const tickMs = 200;
const idleMs = 8_000;
const heapEveryMs = 2_000;
/** How often pages are made to collect their garbage first. */
const liveHeapEveryMs = 20_000;
/** The interior page dies when everybody has this share of the file. */
const killFrom = 0.4;
/** Bounds on waiting, ms. */
const treeTimeoutMs = 90_000;
const transferTimeoutMsOf = (bytes: number): number => Math.max(600_000, (30_000 * bytes) / 1024 ** 2);

export interface TransferRun {
  readonly kind: 'whole' | 'killed';
  readonly complete: boolean;
  readonly seconds: number | null;
  readonly megabytesPerSecond: number | null;
  readonly hashesEqual: number;
  readonly hashesExpected: number;
  /** Bytes the sender uploaded, as a share of the file. */
  readonly uploadedShare: number | null;
  readonly idleMs: { readonly p50: number | null; readonly p95: number | null };
  readonly busyMs: { readonly p50: number | null; readonly p95: number | null };
  /** Median latency during the transfer, divided by that of before. */
  readonly latencyRatio: number | null;
  /** Processor seconds that the browser of all pages but one used, a second before the file and during it, by kind of process. */
  readonly processorBefore: ProcessorSeconds;
  readonly processorDuring: ProcessorSeconds;
  /**
   * The largest growth of a page's heap, array buffers included, in MiB: with what lies about uncollected while the file travelled, and of
   * what is held, after collections meanwhile and at the end.
   */
  readonly heapGrowthWithGarbageMib: number | null;
  readonly heapGrowthMib: number | null;
  /** Bytes that the page which lost its parent received, as a share of the file: near 1 when it did not start over. */
  readonly orphanReceivedShare: number | null;
}

const wait = async (ms: number): Promise<void> => {
  await new Promise((resolve) => setTimeout(resolve, ms));
};

async function until<T>(ask: () => Promise<T | undefined>, timeoutMs: number): Promise<T | undefined> {
  const endMs = performance.now() + timeoutMs;
  while (performance.now() < endMs) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await wait(250);
  }
  return undefined;
}

async function oneTree(pages: readonly RoomPage[]): Promise<Seen[]> {
  const seen = await until(async () => {
    const views = await Promise.all(pages.map((page) => page.see()));
    return problemsOf(views).length === 0 ? views : undefined;
  }, treeTimeoutMs);
  if (seen === undefined) throw new Error(`${pages.length} pages did not become one tree`);
  return seen;
}

/** Random bytes on disk, with their hash: a page reads them as somebody's file. */
async function makeFile(path: string, bytes: number): Promise<string> {
  const hash = createHash('sha256');
  const out = createWriteStream(path);
  const block = Buffer.alloc(1024 * 1024);
  for (let left = bytes; left > 0; left -= block.length) {
    const part = randomFillSync(block).subarray(0, Math.min(left, block.length));
    hash.update(part);
    if (!out.write(Buffer.from(part))) await once(out, 'drain');
  }
  out.end();
  await once(out, 'finish');
  return hash.digest('hex');
}

/** Asks pages for the size of their heaps. */
class Heaps {
  readonly #sessions: CDPSession[];
  readonly #before: number[];
  /** With garbage, and without. */
  peak = 0;
  live = 0;

  private constructor(sessions: CDPSession[], before: number[]) {
    this.#sessions = sessions;
    this.#before = before;
  }

  static async of(pages: readonly RoomPage[]): Promise<Heaps> {
    const sessions = await Promise.all(pages.map((page) => page.page.context().newCDPSession(page.page)));
    return new Heaps(sessions, await Promise.all(sessions.map((session) => Heaps.#collected(session))));
  }

  static async #used(session: CDPSession): Promise<number> {
    const usage = (await session.send('Runtime.getHeapUsage')) as { usedSize: number; backingStorageSize?: number };
    return usage.usedSize + (usage.backingStorageSize ?? 0);
  }

  static async #collected(session: CDPSession): Promise<number> {
    await session.send('HeapProfiler.collectGarbage');
    return Heaps.#used(session);
  }

  #growth(now: readonly number[]): number {
    return Math.max(...now.map((bytes, i) => bytes - (this.#before[i] ?? 0))) / 1024 ** 2;
  }

  /** With garbage that was not collected yet. */
  async look(): Promise<void> {
    this.peak = Math.max(this.peak, this.#growth(await Promise.all(this.#sessions.map((each) => Heaps.#used(each)))));
  }

  /** What is held. */
  async lookAtLive(): Promise<void> {
    this.live = Math.max(
      this.live,
      this.#growth(await Promise.all(this.#sessions.map((each) => Heaps.#collected(each)))),
    );
  }
}

/** What the processes of a browser use: the function gives the processor seconds a second since it was last called. */
function loadOf(pid: number): () => ProcessorSeconds {
  let [at, used] = [performance.now(), processorSecondsByKind(pid)];
  return () => {
    const [now, usedNow] = [performance.now(), processorSecondsByKind(pid)];
    const kinds = Object.entries(usedNow).map(([kind, seconds]) => {
      return [kind, rounded(((seconds - (used[kind] ?? 0)) * 1_000) / (now - at)) ?? 0] as const;
    });
    [at, used] = [now, usedNow];
    return Object.fromEntries(kinds);
  };
}

interface Cast {
  readonly pages: readonly RoomPage[];
  readonly sender: RoomPage;
  /** Says something all the time; everybody else hears it. */
  readonly talker: RoomPage;
  readonly orphan: RoomPage | undefined;
  readonly kill: () => void;
}

/** The room: the head, then the page that may die in a browser of its own, then the others. A leaf of another branch sends. */
async function gather(link: string, browser: Browser, doomed: Browser, pid: number, peers: number): Promise<Cast> {
  const complaints: string[] = [];
  // Lights that travel along the edges are for somebody who looks; here nine pages would draw them on one machine.
  const open = async (where: Browser, name: string): Promise<RoomPage> =>
    openRoom(await where.newContext({ reducedMotion: 'reduce' }), link, name, complaints, { k });
  const pages = [await open(browser, 'head')];
  await oneTree(pages);
  pages.push(await open(doomed, 'interior'));
  await oneTree(pages);
  while (pages.length < peers) pages.push(await open(browser, `peer ${pages.length}`));
  const seen = await oneTree(pages);
  const doomedId = seen[1]?.id ?? '';
  const pick = (accept: (view: Seen) => boolean): RoomPage | undefined => pages[seen.findLastIndex(accept)];
  const sender = pick((view) => view.clients.length === 0 && !view.path.includes(doomedId));
  const orphan = pick((view) => view.parent === doomedId);
  const talker = pages[0];
  if (sender === undefined || talker === undefined) throw new Error('the tree has no leaf beside the interior page');
  return { pages, sender, talker, orphan, kill: () => process.kill(-pid, 'SIGKILL') };
}

async function runOnce(
  kind: TransferRun['kind'],
  peers: number,
  file: { path: string; bytes: number; hash: string },
  profileFolder: string | undefined,
): Promise<TransferRun> {
  const root = await startRootServer({ port: 0, host: '127.0.0.1' });
  const { server: common, browser } = await launchServer();
  const { server, browser: doomed } = await launchServer();
  try {
    const { pid } = server.process();
    const { pid: commonPid } = common.process();
    if (pid === undefined || commonPid === undefined) throw new Error('the browser has no process');
    const cast = await gather(`${root.url}/#${secret()}`, browser, doomed, pid, peers);
    const staying = kind === 'killed' ? cast.pages.filter((_, i) => i !== 1) : cast.pages;
    const receivers = staying.filter((page) => page !== cast.sender);
    await Promise.all(cast.pages.map((page) => page.page.evaluate(installRecorder)));
    await cast.talker.page.evaluate(startTicking, tickMs);
    const load = loadOf(commonPid);
    await wait(idleMs);
    const processorBefore = load();
    const records = async (): Promise<PageRecord[]> =>
      Promise.all(receivers.map((page) => page.page.evaluate(readRecord)));
    const latencies = (of: readonly PageRecord[]): number[] => of.flatMap(({ latenciesMs }) => latenciesMs);
    const idle = latencies(await records());

    const heaps = await Heaps.of(staying);
    const before = new Map(
      await Promise.all(staying.map(async (page) => [page, await page.page.evaluate(readRecord)] as const)),
    );
    const profiled = new Map([
      [`transfer-${kind}-sender`, cast.sender.page],
      [`transfer-${kind}-talker`, cast.talker.page],
    ]);
    const stop = profileFolder === undefined ? undefined : await profile(profiled, profileFolder);
    load();
    await cast.sender.page.getByTestId('file-input').setInputFiles(file.path);
    await cast.sender.page.getByTestId('send').click();
    const startMs = performance.now();
    let killed = kind === 'whole';
    let [lookedMs, collectedMs] = [startMs, startMs];
    const busy: number[] = [];
    const all = await until(async () => {
      const now = await records();
      busy.push(...latencies(now));
      if (!killed && Math.min(...now.map(({ bytes }) => bytes)) > killFrom * file.bytes) {
        cast.kill();
        killed = true;
      }
      if (performance.now() - lookedMs > heapEveryMs) {
        lookedMs = performance.now();
        await heaps.look();
      }
      if (performance.now() - collectedMs > liveHeapEveryMs) {
        collectedMs = performance.now();
        await heaps.lookAtLive();
      }
      return now.every(({ done }) => done) ? true : undefined;
    }, transferTimeoutMsOf(file.bytes));
    const seconds = (performance.now() - startMs) / 1_000;
    const processorDuring = load();
    await stop?.();
    await cast.talker.page.evaluate(stopTicking);
    await heaps.lookAtLive();
    const growthOf = async (page: RoomPage, of: 'bytesOut' | 'bytesIn'): Promise<number> =>
      (await page.page.evaluate(readRecord))[of] - (before.get(page)?.[of] ?? 0);
    const uploaded = await growthOf(cast.sender, 'bytesOut');
    const received =
      cast.orphan !== undefined && kind === 'killed' ? await growthOf(cast.orphan, 'bytesIn') : undefined;
    let hashesEqual = 0;
    // One after the other: a page's hash needs all of the file in memory.
    for (const page of receivers) if ((await page.page.evaluate(hashIn)) === file.hash) hashesEqual += 1;
    const [idleP50, busyP50] = [quantile(idle, 0.5), quantile(busy, 0.5)];
    return {
      kind,
      complete: all === true,
      seconds: rounded(seconds),
      megabytesPerSecond: rounded(file.bytes / 1e6 / seconds),
      hashesEqual,
      hashesExpected: receivers.length,
      uploadedShare: rounded(uploaded / file.bytes),
      idleMs: { p50: rounded(idleP50), p95: rounded(quantile(idle, 0.95)) },
      busyMs: { p50: rounded(busyP50), p95: rounded(quantile(busy, 0.95)) },
      latencyRatio: rounded(busyP50 / idleP50),
      processorBefore,
      processorDuring,
      heapGrowthWithGarbageMib: rounded(heaps.peak),
      heapGrowthMib: rounded(heaps.live),
      orphanReceivedShare: received === undefined ? null : rounded(received / file.bytes),
    };
  } finally {
    await browser.close();
    await common.close();
    await doomed.close().catch(() => undefined);
    await server.close().catch(() => undefined);
    await root.close();
  }
}

/** A file of `mebibytes` in a room of `peers`, once left alone and once with an interior page killed when everybody has 40 % of it. */
export async function runTransfer(
  peers: number,
  mebibytes: number,
  profileFolder: string | undefined,
  tell: (line: string) => void,
): Promise<{ readonly chromium: string; readonly runs: TransferRun[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'banyan-transfer-'));
  try {
    const path = join(folder, 'file.bin');
    const bytes = mebibytes * 1024 ** 2;
    const hash = await makeFile(path, bytes);
    const runs: TransferRun[] = [];
    for (const kind of ['whole', 'killed'] as const) {
      const run = await runOnce(kind, peers, { path, bytes, hash }, profileFolder);
      tell(`transfer, ${kind}: ${run.complete ? `${run.seconds ?? '?'} s` : 'did not complete'}`);
      runs.push(run);
    }
    const browser = await launch('chromium');
    const chromium = browser.version();
    await browser.close();
    return { chromium, runs };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
