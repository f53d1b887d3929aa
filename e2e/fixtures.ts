/** What the end-to-end tests share: a root server, a room's link, pages in real browsers, and questions to ask them. */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { test as base, expect, type Browser, type BrowserContext, type Page, type TestInfo } from '@playwright/test';
import { startRootServer } from '../root-server/server.ts';
import type { Room } from '../client/api.ts';
import { launch, still, type Engine } from './browsers.ts';

type RootServer = Awaited<ReturnType<typeof startRootServer>>;

/** What a page knows of the tree. */
export interface Seen {
  readonly id: string;
  readonly state: string;
  readonly parent: string | undefined;
  readonly head: boolean;
  readonly clients: string[];
  readonly path: string[];
  readonly roomSize: number;
  readonly rootReachable: boolean;
}

export interface Shown {
  readonly from: string;
  readonly text: string;
  readonly hops: number;
}

/** One browser page in a room. */
export class RoomPage {
  readonly page: Page;
  readonly name: string;

  constructor(page: Page, name: string) {
    this.page = page;
    this.name = name;
  }

  async see(): Promise<Seen> {
    return this.page.evaluate(() => {
      const room = (window as never as { banyan?: { room?: Room } }).banyan?.room;
      if (!room)
        return {
          id: '',
          state: 'none',
          parent: undefined,
          head: false,
          clients: [],
          path: [],
          roomSize: 0,
          rootReachable: false,
        };
      const { tree } = room;
      return {
        id: room.self.id,
        state: room.state,
        parent: tree.parent,
        head: tree.head,
        clients: [...tree.clients],
        path: [...tree.path],
        roomSize: tree.roomSize,
        rootReachable: room.rootReachable,
      };
    });
  }

  async say(text: string): Promise<void> {
    const composer = this.page.getByTestId('composer');
    await composer.fill(text);
    await composer.press('Enter');
  }

  /** The messages that the page shows, in its order. */
  async shown(): Promise<Shown[]> {
    return this.page.getByTestId('message').evaluateAll((items) =>
      items.map((item) => ({
        from: item.getAttribute('data-from') ?? '',
        hops: Number(item.getAttribute('data-hops')),
        text: (item.querySelector('[data-testid="message-text"]')?.textContent ?? '').trim(),
      })),
    );
  }

  async texts(): Promise<string[]> {
    return (await this.shown()).map((message) => message.text);
  }
}

export interface Rooms {
  /** Opens a page in the room and joins. */
  open(
    engine: Engine,
    options?: { name?: string; k?: number; link?: string; browser?: Browser; query?: string },
  ): Promise<RoomPage>;
  readonly root: RootServer;
  /** The link of the test's room. */
  readonly link: string;
  newLink(): string;
  /** A browser that draws all motion. It stays for the tests that follow; what was opened in it does not. */
  browser(engine: Engine): Promise<Browser>;
  /** Does something at the end of the test, when all its pages are closed and, if it failed, their journals kept; last named first. */
  afterwards(step: () => unknown): void;
  /** Every `securitypolicyviolation` and uncaught error of any page. */
  readonly complaints: string[];
}

export function secret(): string {
  return randomBytes(16).toString('base64url');
}

/** Opens a page at a link and joins with one call, as `?join=1` allows. `ice`: no ICE servers, or those that the root hands out. */
export async function openRoom(
  context: BrowserContext,
  link: string,
  name: string,
  complaints: string[],
  { k = 2, query = '', ice = 'off' }: { k?: number; query?: string; ice?: 'off' | 'root' } = {},
): Promise<RoomPage> {
  const page = await context.newPage();
  page.on('pageerror', (error) => {
    // Firefox reports as errors of the page what the page was told already: a socket that finds no server, a neighbour that is
    // gone before it was reached. Tests that kill roots and peers mean both.
    if (!/establish a connection to the server|interrupted while the page|^ICE failed/.test(error.message))
      complaints.push(`${name}: ${error.message}`);
  });
  page.on('console', (message) => {
    if (/content.security|trusted.?type/i.test(message.text())) complaints.push(`${name}: ${message.text()}`);
  });
  await page.exposeBinding('complainOfPolicy', (_source, text: string) => complaints.push(`${name}: ${text}`));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
      const { complainOfPolicy } = window as never as { complainOfPolicy: (text: string) => void };
      complainOfPolicy(`${violatedDirective} ${blockedURI}`);
    });
  });
  const url = new URL(link);
  url.search = `?k=${k}&ice=${ice}&join=1&name=${encodeURIComponent(name)}${query}`;
  await page.goto(url.href);
  return new RoomPage(page, name);
}

/** What a page's core was given, as `Room.journal` tells it. */
export async function journalOf(page: Page): Promise<string> {
  const journal = await page.evaluate(() => (window as never as { banyan?: { room?: Room } }).banyan?.room?.journal());
  if (journal === undefined) throw new Error('the page is in no room');
  return journal;
}

/** Keeps what each page's core was given, so that the failure can be played again without a browser. */
async function saveJournals(pages: readonly RoomPage[], testInfo: TestInfo): Promise<void> {
  for (const [number, { page, name }] of pages.entries()) {
    // A page that was killed or stopped on purpose does not answer.
    const journal = await Promise.race([
      journalOf(page).catch(() => undefined),
      new Promise<undefined>((resolve) => setTimeout(resolve, 5_000)),
    ]);
    if (journal === undefined) continue;
    const path = testInfo.outputPath(`journal-${number}-${name.replace(/\W+/g, '-')}.json`);
    await writeFile(path, journal);
    console.log(`play ${name} again: npm run sim -- --replay ${relative(process.cwd(), path)}`);
  }
}

/** Browsers that one test after another uses: to start Firefox takes as long as many a test. */
class Browsers {
  readonly #started = new Map<string, Promise<Browser>>();

  get(engine: Engine, isStill: boolean): Promise<Browser> {
    // Firefox is told at its start whether people want motion, Chromium for each context.
    const kind = engine === 'firefox' && isStill ? 'still firefox' : engine;
    const start = (): Promise<Browser> => launch(engine, [], kind === 'still firefox' ? still : {});
    const known = this.#started.get(kind);
    // Kept before it is there: two that ask at once get the same one, and none is left open.
    const browser = known === undefined ? start() : known.then((one) => (one.isConnected() ? one : start()));
    this.#started.set(kind, browser);
    return browser;
  }

  async closeContexts(): Promise<void> {
    for (const started of this.#started.values())
      await Promise.all((await started).contexts().map((context) => context.close()));
  }

  async end(): Promise<void> {
    for (const started of this.#started.values()) await (await started).close();
  }
}

export const test = base.extend<{ rooms: Rooms }, { browsers: Browsers }>({
  browsers: [
    // eslint-disable-next-line no-empty-pattern -- Playwright wants the pattern
    async ({}, use) => {
      const browsers = new Browsers();
      await use(browsers);
      await browsers.end();
    },
    { scope: 'worker' },
  ],
  rooms: async ({ browsers }, use, testInfo) => {
    const root = await startRootServer({ port: 0, host: '127.0.0.1', maxClients: 8 });
    const complaints: string[] = [];
    const opened: RoomPage[] = [];
    const endings: (() => unknown)[] = [];
    const newLink = (): string => `${root.url}/#${secret()}`;
    const rooms: Rooms = {
      root,
      link: newLink(),
      newLink,
      browser: (engine) => browsers.get(engine, false),
      afterwards: (step) => endings.unshift(step),
      complaints,
      async open(engine, { name = 'someone', k = 2, link = rooms.link, browser: own, query = '' } = {}) {
        // One machine draws for everybody here, without a graphics card: motion would take half of it.
        const browser = own ?? (await browsers.get(engine, true));
        const context = await browser.newContext(engine === 'chromium' ? { reducedMotion: 'reduce' } : {});
        const room = await openRoom(context, link, name, complaints, { k, query });
        opened.push(room);
        return room;
      },
    };
    await use(rooms);
    if (testInfo.status !== testInfo.expectedStatus) await saveJournals(opened, testInfo);
    await browsers.closeContexts();
    for (const end of endings) await end();
    await root.close();
    expect(complaints).toEqual([]);
  },
});

export { expect };

/** Polls until all pages are attached in one tree of their own number; gives what each sees. */
export async function untilOneTree(pages: readonly RoomPage[], timeoutMs = 60_000): Promise<Seen[]> {
  let seen: Seen[] = [];
  await expect
    .poll(
      async () => {
        seen = await Promise.all(pages.map((page) => page.see()));
        return problemsOf(seen);
      },
      { timeout: timeoutMs, intervals: [200] },
    )
    .toEqual([]);
  return seen;
}

/** What keeps some views from being one valid tree. */
export function problemsOf(seen: readonly Seen[]): string[] {
  const problems: string[] = [];
  const byId = new Map(seen.map((view) => [view.id, view]));
  if (seen.filter((view) => view.head).length !== 1) problems.push('not one head');
  for (const view of seen) {
    const short = view.id.slice(0, 6);
    if (view.state !== 'attached') problems.push(`${short} is ${view.state}`);
    if (view.roomSize !== seen.length) problems.push(`${short} counts ${view.roomSize}`);
    if (view.path.at(-1) !== view.id) problems.push(`${short} has no path`);
    if (view.head) continue;
    if (!byId.get(view.parent ?? '')?.clients.includes(view.id)) problems.push(`${short} is no client of its parent`);
    if (pathOf(view.id, byId).join() !== view.path.join())
      problems.push(`${short} has another path than its parents say`);
  }
  return problems;
}

/** From the head to a node, by following parents. */
function pathOf(id: string, byId: ReadonlyMap<string, Seen>): string[] {
  const path: string[] = [];
  for (let at: string | undefined = id; at !== undefined && path.length <= byId.size;) {
    path.unshift(at);
    const view = byId.get(at);
    at = view === undefined || view.head ? undefined : view.parent;
  }
  return path;
}

/** Edges between two nodes of a tree. */
export function treeDistance(seen: readonly Seen[], one: string, other: string): number {
  const byId = new Map(seen.map((view) => [view.id, view]));
  const [a, b] = [pathOf(one, byId), pathOf(other, byId)];
  let common = 0;
  while (common < a.length && a[common] === b[common]) common++;
  return a.length + b.length - 2 * common;
}
