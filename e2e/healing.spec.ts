import { launchServer } from './browsers.ts';
import { expect, test, untilOneTree, type RoomPage } from './fixtures.ts';
import { expectAllHeard, heard, isRun, startTalking, stopTalking } from './steady.ts';

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Signals a whole browser: it runs in a process group of its own. */
function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) throw new Error('the browser has no process id');
  process.kill(-pid, signal);
}

test('[M1] [H2] [L7] nine pages talk; one in the middle is killed and one stopped for 20 s: the others miss and double nothing', async ({
  rooms,
}, testInfo) => {
  test.setTimeout(240_000);
  const [doomed, sleeper] = [await launchServer(), await launchServer()];
  rooms.afterwards(() => doomed.server.close().catch(() => undefined));
  rooms.afterwards(() => {
    signalGroup(sleeper.server.process().pid, 'SIGCONT');
    return sleeper.server.close();
  });
  const pages: RoomPage[] = [await rooms.open('chromium', { name: 'head' })];
  await untilOneTree(pages);
  const killed = await rooms.open('chromium', { name: 'killed', browser: doomed.browser });
  const frozen = await rooms.open('chromium', { name: 'frozen', browser: sleeper.browser });
  await untilOneTree([...pages, killed, frozen]);
  for (let i = 0; i < 6; i++) pages.push(await rooms.open(i < 3 ? 'chromium' : 'firefox', { name: `peer ${i}` }));
  const everyone = [...pages, killed, frozen];
  const seen = await untilOneTree(everyone);
  const viewOf = (page: RoomPage) => seen[everyone.indexOf(page)];
  expect(viewOf(killed)?.clients.length).toBeGreaterThan(0);
  expect(viewOf(frozen)?.clients.length).toBeGreaterThan(0);
  const [killedId, frozenId] = [viewOf(killed)?.id ?? '', viewOf(frozen)?.id ?? ''];
  const ids = pages.map((page) => viewOf(page)?.id ?? '');

  // Nine pages that draw nine messages a second each are as much as two slow cores bear: beyond that nothing can heal.
  for (const page of everyone) await startTalking(page, 1_000);
  await wait(4_000);
  signalGroup(doomed.server.process().pid, 'SIGKILL');
  await wait(4_000);
  signalGroup(sleeper.server.process().pid, 'SIGSTOP');
  await wait(20_000);
  // The others did not wait for it.
  await untilOneTree(pages);
  signalGroup(sleeper.server.process().pid, 'SIGCONT');
  await untilOneTree([...pages, frozen]);
  await wait(3_000);
  for (const page of [...pages, frozen]) await stopTalking(page);

  const books = await expectAllHeard(pages, ids);
  for (const book of books) {
    expect(book.gaps).toBe(0);
    expect(isRun(book.texts[killedId] ?? [], 1)).toBe(true);
  }
  // The one that slept heard everything too, or says that it did not.
  await expect
    .poll(
      async () => {
        const { texts } = await heard(frozen);
        return ids.map((id, i) => [i, Number(texts[id]?.at(-1) ?? 0)]);
      },
      { timeout: 30_000 },
    )
    .toEqual(ids.map((_, i) => [i, books[i]?.sent]));
  const slept = await heard(frozen);
  if (slept.gaps === 0) for (const id of ids) expect(isRun(slept.texts[id] ?? [])).toBe(true);
  for (const page of pages) {
    const book = await heard(page);
    expect(book.texts[frozenId]?.at(-1)).toBe(String(slept.sent));
    expect(isRun(book.texts[frozenId] ?? [], 1)).toBe(true);
  }
  const healMs = (await Promise.all(pages.map(heard)))
    .filter((book) => book.heals > 0)
    .map((book) => Math.round(book.healMs ?? 0));
  testInfo.annotations.push({ type: 'healMs', description: healMs.join(' ') });
  console.log(`healed after ${healMs.join(', ')} ms; the sleeper had ${slept.gaps} gaps`);
});

test('[H1] a page that is reloaded comes back without a ghost', async ({ rooms }) => {
  const pages = [await rooms.open('chromium', { name: 'stays' }), await rooms.open('firefox', { name: 'reloads' })];
  await untilOneTree(pages);
  await pages[1]?.page.reload();
  await untilOneTree(pages);
  await pages[1]?.say('back again');
  await expect.poll(async () => pages[0]?.texts()).toContain('back again');
  await expect
    .poll(() =>
      pages[0]?.page.evaluate(
        () => (window as never as { banyan: { room: { members: Map<string, unknown> } } }).banyan.room.members.size,
      ),
    )
    .toBe(2);
});
