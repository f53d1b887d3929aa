import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from '@playwright/test';
import { findBrowsers } from '../scripts/browsers.mjs';
import { startRootServer } from '../root-server/server.ts';
import { expect, secret, test, untilOneTree } from './fixtures.ts';
import { chromiumArgs } from './browsers.ts';
import { expectAllHeard, heard, isRun, startTalking, stopTalking } from './steady.ts';

const space = `banyan-${process.pid}`;
const [outside, inside] = [`bo${process.pid % 10_000}`, `bi${process.pid % 10_000}`];
// A network of its own for each run, should an earlier one have been killed before it could clean up.
const network = `10.211.${1 + (process.pid % 250)}`;
const [outsideAddress, insideAddress] = [`${network}.1`, `${network}.2`];

function ip(...args: string[]): void {
  execFileSync('ip', args, { stdio: 'pipe' });
}

/** Why no namespace can be made here, or `undefined` when one was. */
function makeNamespace(): string | undefined {
  try {
    ip('netns', 'add', space);
    ip('link', 'add', outside, 'type', 'veth', 'peer', 'name', inside);
    ip('link', 'set', inside, 'netns', space);
    ip('addr', 'add', `${outsideAddress}/30`, 'dev', outside);
    ip('link', 'set', outside, 'up');
    ip('-n', space, 'addr', 'add', `${insideAddress}/30`, 'dev', inside);
    ip('-n', space, 'link', 'set', inside, 'up');
    ip('-n', space, 'link', 'set', 'lo', 'up');
    // A browser offers the address of its default route only: the far one needs one, and a way to the near one's.
    ip('-n', space, 'route', 'add', 'default', 'via', outsideAddress);
    return undefined;
  } catch (error) {
    return `no network namespace can be made here (${error instanceof Error ? (error.message.split('\n')[0] ?? '') : 'unknown'})`;
  }
}

function removeNamespace(): void {
  for (const args of [
    ['netns', 'del', space],
    ['link', 'del', outside],
  ]) {
    try {
      ip(...args);
    } catch {
      // Deleting the namespace takes the pair with it.
    }
  }
}

test('[H2] [L4] a browser whose network goes away without a word is healed around, and catches up when it is back', async ({
  rooms,
}) => {
  test.setTimeout(180_000);
  const why = makeNamespace();
  test.skip(why !== undefined, why);
  rooms.afterwards(removeNamespace);
  const folder = mkdtempSync(join(tmpdir(), 'banyan-'));
  rooms.afterwards(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const root = await startRootServer({ port: 0, host: outsideAddress });
  rooms.afterwards(() => root.close());
  const path = (await findBrowsers()).chromium;
  if (path === undefined) throw new Error('no chromium');
  // Playwright talks to the browser by a pipe, which does not mind the namespace.
  const wrapper = join(folder, 'chromium');
  writeFileSync(wrapper, `#!/bin/sh\nexec ip netns exec ${space} ${path} "$@"\n`);
  chmodSync(wrapper, 0o755);
  const far = await chromium.launchServer({ executablePath: wrapper, args: chromiumArgs });
  rooms.afterwards(() => far.close());
  const farBrowser = await chromium.connect(far.wsEndpoint());
  const link = `${root.url}/#${secret()}`;
  const near = [await rooms.open('chromium', { name: 'near 0', link })];
  await untilOneTree(near);
  const away = await rooms.open('chromium', { name: 'far', link, browser: farBrowser });
  await untilOneTree([...near, away]);
  for (let i = 1; i < 5; i++) near.push(await rooms.open('chromium', { name: `near ${i}`, link }));
  const seen = await untilOneTree([...near, away]);
  const ids = near.map((_, i) => seen[i]?.id ?? '');
  expect(seen.at(-1)?.clients.length).toBeGreaterThan(0);
  for (const page of [...near, away]) await startTalking(page, 500);
  // The far end of the pair: near pages may talk to each other by the address of the near end.
  ip('-n', space, 'link', 'set', inside, 'down');
  await untilOneTree(near, 30_000);
  await new Promise((resolve) => setTimeout(resolve, 8_000));
  ip('-n', space, 'link', 'set', inside, 'up');
  // The route went with the link.
  ip('-n', space, 'route', 'replace', 'default', 'via', outsideAddress);
  await untilOneTree([...near, away], 60_000);
  for (const page of [...near, away]) await stopTalking(page);
  const books = await expectAllHeard([...near, away], [...ids, seen.at(-1)?.id ?? '']);
  expect(books.map((book) => book.gaps)).toEqual(books.map(() => 0));
  const awayBook = await heard(away);
  for (const id of ids) expect(isRun(awayBook.texts[id] ?? [])).toBe(true);
  console.log(
    `healed after ${books
      .filter((book) => book.heals > 0)
      .map((book) => Math.round(book.healMs ?? 0))
      .join(', ')} ms`,
  );
});
