import { decodeJournal } from '../protocol/journal.ts';
import { replay } from '../protocol/sim/replay.ts';
import { decodePacket } from '../protocol/wire/packet.ts';
import { expect, journalOf, secret, test, treeDistance, untilOneTree, type RoomPage } from './fixtures.ts';
import { launch } from './browsers.ts';
import { startRootServer } from '../root-server/server.ts';
import { startRootProcess } from './root-process.ts';
import { walkLengths } from './walks.ts';

const rootTypes = new Set(['registration', 'advertise', 'reunion', 'signal', 'leave']);

test('[M1] [M4] [W8] seven pages of two engines form one tree; all messages arrive once, in order, with true hops, and none at the root', async ({
  rooms,
}) => {
  test.setTimeout(240_000);
  await rooms.root.close();
  const received: Uint8Array[] = [];
  const root = await startRootServer({
    port: 0,
    host: '127.0.0.1',
    onBytes: (direction, bytes) => {
      if (direction === 'in') received.push(Uint8Array.from(bytes));
    },
  });
  rooms.afterwards(() => root.close());
  const link = `${root.url}/#${secret()}`;
  const pages: RoomPage[] = [];
  for (let i = 0; i < 7; i++) {
    pages.push(await rooms.open(i % 2 === 0 ? 'chromium' : 'firefox', { name: `peer ${i}`, link }));
  }
  const seen = await untilOneTree(pages);
  expect(Math.max(...seen.map((view) => view.path.length))).toBeGreaterThanOrEqual(3);
  expect(Math.max(...seen.map((view) => view.clients.length))).toBeLessThanOrEqual(2);

  const said = (page: RoomPage): string[] => Array.from({ length: 20 }, (_, i) => `${page.name} says zebra ${i + 1}`);
  await Promise.all(
    pages.map(async (page) => {
      for (const text of said(page)) await page.say(text);
    }),
  );
  for (const page of pages) {
    await expect.poll(async () => (await page.shown()).length, { timeout: 30_000 }).toBe(7 * 20);
  }
  const walks = await walkLengths(pages);
  let alongTree = 0;
  for (const [i, page] of pages.entries()) {
    const shown = await page.shown();
    for (const [j, sender] of pages.entries()) {
      const [me, from] = [seen[i]?.id ?? '', seen[j]?.id ?? ''];
      const theirs = shown.filter((message) => message.from === from);
      expect(theirs.map((message) => message.text)).toEqual(said(sender));
      const hops = theirs.map((message) => message.hops);
      expect(hops).toEqual(walks.get(me)?.get(from));
      alongTree += hops.filter((each) => each === treeDistance(seen, me, from)).length;
    }
  }
  // On a busy machine the tree may heal meanwhile, and what is late comes over a backup: what goes by the tree is most of it.
  expect(alongTree).toBeGreaterThan((7 * 7 * 20) / 2);
  await untilOneTree(pages);

  const all = Buffer.concat(received);
  expect(all.length).toBeGreaterThan(1_000);
  expect(all.includes('zebra')).toBe(false);
  const packets = received.map((bytes) => decodePacket(bytes)).filter((result) => result.ok);
  const types = new Set(packets.map((result) => result.packet.header.type));
  expect(types).toContain('registration');
  expect([...types].filter((type) => !rootTypes.has(type))).toEqual([]);
  expect(all.includes(new URL(link).hash.slice(1))).toBe(false);
});

test('[H4] [H6] a tab in the middle is closed: its clients come back by themselves and messages reach everyone', async ({
  rooms,
}) => {
  const pages: RoomPage[] = [];
  for (let i = 0; i < 7; i++) pages.push(await rooms.open(i < 4 ? 'chromium' : 'firefox', { name: `peer ${i}` }));
  const seen = await untilOneTree(pages);
  const middle = seen.findIndex((view) => !view.head && view.clients.length > 0);
  expect(middle).toBeGreaterThan(0);
  await pages[middle]?.page.close();
  const rest = pages.filter((_, i) => i !== middle);
  await untilOneTree(rest);
  for (const page of rest) await page.say(`${page.name} is still here`);
  for (const page of rest) {
    await expect
      .poll(async () => (await page.texts()).filter((text) => text.endsWith('is still here')).sort())
      .toEqual(rest.map((other) => `${other.name} is still here`).sort());
  }
});

test('[A4] the head is closed: another becomes head and the room goes on', async ({ rooms }) => {
  const pages: RoomPage[] = [];
  for (let i = 0; i < 5; i++) pages.push(await rooms.open('chromium', { name: `peer ${i}` }));
  const seen = await untilOneTree(pages);
  const head = seen.findIndex((view) => view.head);
  await pages[head]?.page.close();
  const rest = pages.filter((_, i) => i !== head);
  await untilOneTree(rest);
  await rest[0]?.say('who leads now?');
  for (const page of rest) await expect.poll(() => page.texts()).toContain('who leads now?');
});

test('[R9] two rooms on one root never see each other', async ({ rooms }) => {
  const other = rooms.newLink();
  const mine = [await rooms.open('chromium', { name: 'a1' }), await rooms.open('firefox', { name: 'a2' })];
  const theirs = [
    await rooms.open('chromium', { name: 'zoltan', link: other }),
    await rooms.open('chromium', { name: 'b2', link: other }),
  ];
  await untilOneTree(mine);
  await untilOneTree(theirs);
  await mine[0]?.say('only for a');
  await theirs[0]?.say('only for b');
  for (const page of mine) await expect.poll(() => page.texts()).toEqual(['only for a']);
  for (const page of theirs) await expect.poll(() => page.texts()).toEqual(['only for b']);
  for (const page of mine) {
    await page.page.getByTestId('members').waitFor({ state: 'attached' });
    expect(await page.page.getByTestId('members').innerText()).not.toContain('zoltan');
  }
});

test('[U2] [R7] the root is killed and started again: pages say so, go on talking, and register again', async ({
  rooms,
}) => {
  let root = await startRootProcess();
  const link = `${root.url}/#${secret()}`;
  const pages: RoomPage[] = [];
  for (let i = 0; i < 5; i++) pages.push(await rooms.open(i < 3 ? 'chromium' : 'firefox', { name: `peer ${i}`, link }));
  const before = await untilOneTree(pages);
  await root.kill();
  for (const page of pages) await expect(page.page.getByTestId('banner-root-away')).toBeVisible({ timeout: 30_000 });
  for (const page of pages) await page.say(`${page.name} without a root`);
  for (const page of pages) {
    await expect
      .poll(async () => (await page.texts()).filter((text) => text.endsWith('without a root')).length)
      .toBe(5);
  }
  root = await startRootProcess(root.port);
  for (const page of pages) await expect(page.page.getByTestId('banner-root-away')).toBeHidden({ timeout: 30_000 });
  const after = await untilOneTree(pages);
  // Nobody was moved.
  expect(after.map((view) => view.parent)).toEqual(before.map((view) => view.parent));
  const late = await rooms.open('chromium', { name: 'late', link });
  await untilOneTree([...pages, late]);
  await late.say('I came after');
  for (const page of pages) await expect.poll(() => page.texts()).toContain('I came after');
  for (const page of [...pages, late]) await page.page.close();
  await root.kill();
});

test('[S2] a page over plain http at another address joins the same tree without crypto.subtle', async ({ rooms }) => {
  // A name that the browser resolves to this machine is no secure context over http, wherever the test runs.
  const plain = await launch('chromium', ['--host-resolver-rules=MAP banyan.test 127.0.0.1']);
  rooms.afterwards(() => plain.close());
  const safe = await rooms.open('chromium', { name: 'safe' });
  const plainLink = rooms.link.replace('127.0.0.1', 'banyan.test');
  const bare = await rooms.open('chromium', { name: 'bare', link: plainLink, browser: plain });
  await untilOneTree([safe, bare]);
  expect(await bare.page.evaluate(() => [window.isSecureContext, typeof crypto.subtle])).toEqual([false, 'undefined']);
  await expect(bare.page.getByTestId('banner-insecure')).toBeVisible();
  await expect(safe.page.getByTestId('banner-insecure')).toBeHidden();
  await safe.say('from the safe side');
  await bare.say('from the bare side');
  for (const page of [safe, bare]) {
    await expect.poll(async () => (await page.texts()).sort()).toEqual(['from the bare side', 'from the safe side']);
  }
});

test('[L4] [L6] who comes late reads what was said before', async ({ rooms }) => {
  const first = await rooms.open('chromium', { name: 'first' });
  await untilOneTree([first]);
  for (let i = 1; i <= 5; i++) await first.say(`line ${i}`);
  const late = await rooms.open('firefox', { name: 'late' });
  await untilOneTree([first, late]);
  await expect.poll(() => late.texts()).toEqual([1, 2, 3, 4, 5].map((i) => `line ${i}`));
});

test('what a browser was given brings a fresh core to the same place', async ({ rooms }) => {
  const pages = [await rooms.open('chromium', { name: 'first' }), await rooms.open('firefox', { name: 'second' })];
  const seen = await untilOneTree(pages);
  for (const page of pages) await page.say(`a word of ${page.name}`);
  for (const [i, page] of pages.entries()) {
    await expect.poll(async () => (await page.shown()).length).toBe(2);
    const journal = decodeJournal(await journalOf(page.page));
    if (journal === undefined) throw new Error('no journal');
    const steps = [...replay(journal)];
    const delivered = steps.flatMap(({ outputs }) => outputs).filter(({ kind }) => kind === 'deliver');
    expect(delivered).toHaveLength(2);
    const paths = steps.flatMap(({ outputs }) => outputs).filter(({ kind }) => kind === 'state');
    expect(paths.at(-1)).toMatchObject({ state: 'attached' });
    expect(journal.id).toBe(seen[i]?.id);
  }
});

test('[M5] who comes late sees the whole tree, every edge drawn', async ({ rooms }) => {
  const pages: RoomPage[] = [];
  for (let i = 0; i < 4; i++) pages.push(await rooms.open('chromium', { name: `peer ${i}` }));
  await untilOneTree(pages);
  // Edges start where they grow from: an edge that never moved is a point.
  const heights = (page: RoomPage): Promise<number[]> =>
    page.page
      .locator('[data-testid="tree"] path.edge')
      .evaluateAll((edges) => edges.map((edge) => (edge as SVGPathElement).getBBox().height));
  for (const page of pages) {
    await expect
      .poll(async () => {
        const drawn = await heights(page);
        return [drawn.length, drawn.filter((height) => height < 40).length];
      })
      .toEqual([4, 0]);
  }
});
