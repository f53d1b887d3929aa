/** One link of Banyan beside a bare RTCDataChannel between the same two pages. */
import type { Page } from '@playwright/test';
import { openPages, type Pages } from './browser.ts';
import { FarNetwork, type NetworkPlan } from './far-network.ts';
import { median, rounded } from './figures.ts';
import { profile } from './profile.ts';
import { startRoot } from './signaling.ts';

export type PipeName = 'raw' | 'banyan';
export const pipes: readonly PipeName[] = ['raw', 'banyan'];

/** Each turn sends for this long, ms; over a network its beginning, when a congestion window grows, must count for little. */
const nearTurnMs = 2_000;
const farTurnMs = 5_000;
/** Wait for what was sent to arrive, ms. */
const arrivalTimeoutMs = 20_000;

/**
 * What is sent. A raw frame carries 16 KiB of the application's bytes. A frame of Banyan holds at most 16 KiB in all, here
 * two messages of the largest size that leaves room for the packets' own parts.
 */
const loads = {
  large: { raw: 16_384, banyan: 7_936 },
  small: { raw: 200, banyan: 200 },
} as const;
export type Load = keyof typeof loads;

export interface LinkTurn {
  readonly pipe: PipeName;
  readonly load: Load;
  readonly bodyBytes: number;
  readonly bodies: number;
  readonly megabytesPerSecond: number;
  readonly messagesPerSecond: number;
  /** Processor time of the whole browser, in ms, for one megabyte or for 1,000 messages: tells more on a busy machine. */
  readonly processorMsPerMegabyte: number;
  readonly processorMsPerThousand: number;
}

export interface LinkResult {
  readonly chromium: string;
  readonly turns: readonly LinkTurn[];
  readonly complaints: readonly string[];
}

/** `network` lies between both pages; without one they meet on the loopback interface. */
export async function runLink(
  url: string,
  runs: number,
  {
    profile: profileFolder,
    network,
  }: { readonly profile?: string | undefined; readonly network?: NetworkPlan | undefined },
): Promise<LinkResult> {
  const root = await startRoot(url);
  const far = network && new FarNetwork(network);
  const opened = await openPages(url, 2, async (page, index) => far?.putAt(index === 0 ? 0 : 1, page));
  try {
    const [sender, receiver] = opened.pages as [Page, Page];
    const offer = await sender.evaluate(() => window.bench.offer());
    const answer = await receiver.evaluate((given) => window.bench.answer(given), offer);
    await sender.evaluate((given) => window.bench.accept(given), answer);
    for (const page of opened.pages) await page.evaluate(() => window.bench.openRaw());
    for (const page of opened.pages) await page.evaluate((link) => window.bench.openRoom(link), root.url);

    const turns: LinkTurn[] = [];
    // The first round warms up: compilers, the channel's congestion window, buffers.
    for (let run = -1; run < runs; run++) {
      for (const load of Object.keys(loads) as Load[]) {
        for (const pipe of pipes) {
          const profiling = run === 0 && profileFolder !== undefined;
          const profiled = new Map([
            [`${pipe}-${load}-sender`, sender],
            [`${pipe}-${load}-receiver`, receiver],
          ]);
          const stop = profiling ? await profile(profiled, profileFolder) : undefined;
          const turn = await takeTurn(opened, pipe, load, far === undefined ? nearTurnMs : farTurnMs);
          await stop?.();
          if (run >= 0) turns.push(turn);
        }
      }
    }
    return { chromium: opened.version, turns, complaints: opened.complaints };
  } finally {
    await opened.close();
    await root.close();
    far?.close();
  }
}

async function takeTurn(opened: Pages, pipe: PipeName, load: Load, turnMs: number): Promise<LinkTurn> {
  const [sender, receiver] = opened.pages as [Page, Page];
  const processorStart = opened.processorSeconds();
  const bodyBytes = loads[load][pipe];
  await receiver.evaluate(() => {
    window.bench.resetCounter();
  });
  const plan = { pipe, bodyBytes, turnMs };
  const sent = await sender.evaluate((given) => window.bench.flood(given.pipe, given.bodyBytes, given.turnMs), plan);
  const deadlineMs = Date.now() + arrivalTimeoutMs;
  let arrived = await receiver.evaluate(() => window.bench.counted());
  while (arrived.bodies < sent) {
    if (Date.now() > deadlineMs) throw new Error(`${pipe}: ${arrived.bodies} of ${sent} messages arrived`);
    await new Promise((resolve) => setTimeout(resolve, 50));
    arrived = await receiver.evaluate(() => window.bench.counted());
  }
  const processorMs = (opened.processorSeconds() - processorStart) * 1000;
  const seconds = (arrived.lastMs - arrived.firstMs) / 1000;
  return {
    pipe,
    load,
    bodyBytes,
    bodies: sent,
    megabytesPerSecond: rounded(arrived.bytes / 1e6 / seconds) ?? 0,
    messagesPerSecond: Math.round(arrived.bodies / seconds),
    processorMsPerMegabyte: rounded(processorMs / (arrived.bytes / 1e6)) ?? 0,
    processorMsPerThousand: rounded(processorMs / (arrived.bodies / 1e3)) ?? 0,
  };
}

export interface LinkMedians {
  readonly megabytesPerSecond: number | null;
  readonly messagesPerSecond: number | null;
  readonly processorMsPerMegabyte: number | null;
  readonly processorMsPerThousand: number | null;
}

/** Megabytes of the large bodies, messages of the small ones. */
export function linkMedians(turns: readonly LinkTurn[], pipe: PipeName): LinkMedians {
  const of = (load: Load): LinkTurn[] => turns.filter((turn) => turn.pipe === pipe && turn.load === load);
  return {
    megabytesPerSecond: rounded(median(of('large').map((turn) => turn.megabytesPerSecond))),
    messagesPerSecond: rounded(median(of('small').map((turn) => turn.messagesPerSecond))),
    processorMsPerMegabyte: rounded(median(of('large').map((turn) => turn.processorMsPerMegabyte))),
    processorMsPerThousand: rounded(median(of('small').map((turn) => turn.processorMsPerThousand))),
  };
}

/** Banyan is to reach at least this share of the raw channel, in MB/s and in messages/s. */
export const linkGoal = 0.9;

export function linkRatios(raw: LinkMedians, banyan: LinkMedians): LinkMedians {
  const ratio = (figure: keyof LinkMedians): number | null => rounded((banyan[figure] ?? NaN) / (raw[figure] ?? NaN));
  return {
    megabytesPerSecond: ratio('megabytesPerSecond'),
    messagesPerSecond: ratio('messagesPerSecond'),
    processorMsPerMegabyte: ratio('processorMsPerMegabyte'),
    processorMsPerThousand: ratio('processorMsPerThousand'),
  };
}
