/** One fresh browser a run, with a page a peer. */
import type { Page } from '@playwright/test';
import { launchServer } from '../e2e/browsers.ts';
import { countConnections } from './connections.ts';
import { memoryOf, processorSecondsOf, type MemoryUse } from './process-tree.ts';

export interface Pages {
  readonly pages: readonly Page[];
  readonly version: string;
  /** Memory of every process of the browser now. */
  memory(): MemoryUse;
  /** Processor time that they have used so far, in seconds. */
  processorSeconds(): number;
  /** What the pages complained of, at most a few lines. */
  readonly complaints: string[];
  close(): Promise<void>;
}

const complaintsMax = 20;

/** Opens pages at an address, each in a context of its own as different people's would be. `prepare` has a page before it loads. */
export async function openPages(
  url: string,
  count: number,
  prepare: (page: Page, index: number) => Promise<void> = () => Promise.resolve(),
): Promise<Pages> {
  const { server, browser } = await launchServer();
  const complaints: string[] = [];
  const complain = (text: string): void => {
    if (complaints.length < complaintsMax && !complaints.includes(text)) complaints.push(text);
  };
  const pages: Page[] = [];
  const close = async (): Promise<void> => {
    await browser.close();
    await server.close();
  };
  try {
    for (let index = 0; index < count; index++) {
      const context = await browser.newContext();
      await context.addInitScript(countConnections);
      const page = await context.newPage();
      page.on('pageerror', (error) => {
        complain(error.message);
      });
      page.on('console', (message) => {
        if (message.type() === 'error') complain(message.text());
      });
      page.on('crash', () => {
        complain('a page crashed');
      });
      await prepare(page, index);
      await page.goto(url);
      await page.waitForFunction(() => 'bench' in window);
      pages.push(page);
    }
  } catch (error) {
    await close();
    throw error;
  }
  const { pid } = server.process();
  if (pid === undefined) throw new Error('the browser has no process');
  return {
    pages,
    version: browser.version(),
    memory: () => memoryOf(pid),
    processorSeconds: () => processorSecondsOf(pid),
    complaints,
    close,
  };
}

/** Waits for a promise at most so long; `undefined` when that was too short. */
export async function within<T>(promise: Promise<T>, timeoutMs: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => {
      resolve(undefined);
    }, timeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
