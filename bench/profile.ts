/** CPU profiles of pages, to be opened in a browser's DevTools. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CDPSession, Page } from '@playwright/test';

const sampleEveryMicroseconds = 500;

/** Starts a profile in each page; the function it gives writes them as `FOLDER/NAME.cpuprofile`. */
export async function profile(pages: ReadonlyMap<string, Page>, folder: string): Promise<() => Promise<void>> {
  mkdirSync(folder, { recursive: true });
  const sessions = new Map<string, CDPSession>();
  for (const [name, page] of pages) {
    const session = await page.context().newCDPSession(page);
    await session.send('Profiler.enable');
    await session.send('Profiler.setSamplingInterval', { interval: sampleEveryMicroseconds });
    await session.send('Profiler.start');
    sessions.set(name, session);
  }
  return async () => {
    for (const [name, session] of sessions) {
      const { profile: samples } = await session.send('Profiler.stop');
      writeFileSync(join(folder, `${name}.cpuprofile`), JSON.stringify(samples));
      await session.detach();
    }
  };
}
