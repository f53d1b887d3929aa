/** The picture of a large tree: the pane of the page, fed by a made-up room, in a headless Chromium. */
import type { Page } from '@playwright/test';
import { launch } from '../e2e/browsers.ts';
import { median, quantile, rounded } from './figures.ts';

/** What the tree has to do. */
export const pictureGoals = { drawMs: 100, framesPerSecond: 50 } as const;

/** The window, in CSS pixels: the pane of a large screen. */
const viewport = { width: 1_280, height: 900 };
const panMs = 3_000;

/** Whether large branches are folded, as a page shows them at first, or everybody is drawn. */
const views = ['folded', 'everyone'] as const;
type View = (typeof views)[number];
const changes = ['join', 'vanish', 'heal'] as const;
type Change = (typeof changes)[number];

/** web/src/demo/measure.ts tells what these do. */
interface MeasuresWindow {
  readonly measures: {
    change(kind: Change): Promise<{ readonly drawMs: number; readonly frameMs: readonly number[] }>;
    pan(durationMs: number, talk: boolean): Promise<readonly number[]>;
  };
}

export interface PictureFigures {
  readonly view: View;
  readonly peersDrawn: number;
  /** From a change to the end of the frame that shows it, in ms: the median and the worst of all runs, by what changed. */
  readonly drawMs: Readonly<Record<Change, { readonly median: number | null; readonly worst: number | null }>>;
  /** Frames a second while the tree swings to a new shape, while it is dragged, and while messages flood it meanwhile. */
  readonly swingFramesPerSecond: number | null;
  readonly panFramesPerSecond: number | null;
  readonly panTalkingFramesPerSecond: number | null;
  /** Time between two frames of the drags that one in twenty exceeds, in ms. */
  readonly panFrameP95Ms: number | null;
  /** What a frame keeps the page's main thread busy, in ms: tells more than rates do on a machine that has other work. */
  readonly swingBusyMs: number | null;
  readonly panBusyMs: number | null;
}

export interface PictureResult {
  readonly chromium: string;
  readonly peers: number;
  readonly runs: number;
  readonly figures: readonly PictureFigures[];
}

/** What keeps a page's main thread busy, in ms since the page was opened. */
async function busyMeter(page: Page): Promise<() => Promise<number>> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  return async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    return 1_000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? NaN);
  };
}

const rate = (frameMs: readonly number[]): number => (1_000 * frameMs.length) / frameMs.reduce((a, b) => a + b, 0);

async function measure(page: Page, view: View, runs: number): Promise<PictureFigures> {
  if (view === 'everyone') await page.getByTestId('tree-all').click();
  // The mouse must be somewhere for its pointer to be one that can be captured.
  await page.mouse.move(viewport.width / 2, viewport.height / 2);
  await page.waitForTimeout(2_000);
  const draws: Record<Change, number[]> = { join: [], vanish: [], heal: [] };
  const swings: number[] = [];
  const pans: number[] = [];
  const pansTalking: number[] = [];
  const busyMs = await busyMeter(page);
  let swingBusyMs = 0;
  let panBusyMs = 0;
  // The first round warms up the compilers and does not count.
  for (let run = -1; run < runs; run++) {
    for (const kind of changes) {
      const beforeMs = await busyMs();
      const { drawMs, frameMs } = await page.evaluate(
        (each) => (window as never as MeasuresWindow).measures.change(each),
        kind,
      );
      if (run < 0) continue;
      draws[kind].push(drawMs);
      swings.push(...frameMs);
      swingBusyMs += (await busyMs()) - beforeMs;
    }
  }
  for (let run = 0; run < runs; run++) {
    for (const [talk, frames] of [
      [false, pans],
      [true, pansTalking],
    ] as const) {
      const beforeMs = await busyMs();
      frames.push(
        ...(await page.evaluate(([ms, talks]) => (window as never as MeasuresWindow).measures.pan(ms, talks), [
          panMs,
          talk,
        ] as const)),
      );
      if (!talk) panBusyMs += (await busyMs()) - beforeMs;
    }
  }
  const summary = (kind: Change) => ({
    median: rounded(median(draws[kind])),
    worst: rounded(Math.max(...draws[kind])),
  });
  return {
    view,
    peersDrawn: await page.getByTestId('tree-node').count(),
    drawMs: { join: summary('join'), vanish: summary('vanish'), heal: summary('heal') },
    swingFramesPerSecond: rounded(rate(swings)),
    panFramesPerSecond: rounded(rate(pans)),
    panTalkingFramesPerSecond: rounded(rate(pansTalking)),
    panFrameP95Ms: rounded(quantile([...pans, ...pansTalking], 0.95)),
    swingBusyMs: rounded(swingBusyMs / swings.length),
    panBusyMs: rounded(panBusyMs / pans.length),
  };
}

/** `url`: the measurements' page of web/, as startPictureSite serves it. */
export async function runPicture(url: string, peers: number, runs: number): Promise<PictureResult> {
  const browser = await launch('chromium');
  try {
    const figures: PictureFigures[] = [];
    for (const view of views) {
      const page = await browser.newPage({ viewport });
      const complaints: string[] = [];
      page.on('pageerror', (error) => {
        complaints.push(error.message);
      });
      await page.goto(`${url}measure.html?peers=${peers}`);
      await page.waitForFunction(() => 'measures' in window);
      figures.push(await measure(page, view, runs));
      await page.close();
      if (complaints.length > 0) throw new Error(`the page complained: ${complaints.join('; ')}`);
    }
    return { chromium: browser.version(), peers, runs, figures };
  } finally {
    await browser.close();
  }
}
