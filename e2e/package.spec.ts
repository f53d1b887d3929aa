/** The package as others use it: packed, installed in a project of somebody else, imported by name. */
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import sirv from 'sirv';
import { build } from 'vite';
import type { Engine } from './browsers.ts';
import { expect, secret, test, type Rooms } from './fixtures.ts';
import { startForeignSite } from './foreign-site.ts';
import { Project } from './installed/project.ts';

async function projectFor(rooms: Rooms): Promise<Project> {
  const project = await Project.make();
  rooms.afterwards(() => project.remove());
  return project;
}

/** The project's two pages on an origin of their own: one is bundled, one is as it was written. */
async function startPages({ folder }: Project, rooms: Rooms): Promise<string> {
  const site = join(folder, 'site');
  await build({
    configFile: false,
    root: join(folder, 'page'),
    base: './',
    logLevel: 'warn',
    build: { outDir: join(site, 'bundled'), emptyOutDir: true, target: 'es2022' },
  });
  await rename(join(folder, 'plain'), join(site, 'plain'));
  const files = sirv(site);
  return startForeignSite(rooms, (request, response) => {
    files(request, response);
  });
}

test('the package holds what is built and its documents, and its types help who uses them', async ({ rooms }) => {
  const project = await projectFor(rooms);
  const sources = project.packed.filter((path) =>
    /\.(test|contract)\.|(?<!\.d)\.ts$|\.svelte$|\.map$|\/sim\//.test(path),
  );
  expect(sources).toEqual([]);
  expect(project.packed).toEqual(expect.arrayContaining(['README.md', 'LICENSE', 'SECURITY.md', 'docs/sdk.md']));
  for (const settings of ['tsconfig.nodenext.json', 'tsconfig.bundler.json']) {
    const errors = await project.typeErrors(settings);
    const places = errors.map((line) => /^([^ ]+)\((\d+),\d+\): error/.exec(line)?.slice(1).join(':') ?? line);
    expect(places.filter((place) => !place.startsWith(' '))).toEqual([
      'wrong.ts:5',
      'wrong.ts:6',
      'wrong.ts:7',
      'wrong.ts:8',
    ]);
  }
});

test('a program, a terminal, pages with and without a bundler and the served page talk by way of an installed package', async ({
  rooms,
}) => {
  const project = await projectFor(rooms);
  const origin = await startPages(project, rooms);
  const root = project.banyan('serve', '--port', '0', '--host', '127.0.0.1', '--json', '--origin', origin);
  await expect.poll(() => root.lines().length, { message: root.complaints }).toBe(1);
  const link = `${String(root.lines()[0]?.['url'])}/#${secret()}`;

  const served = await rooms.open('chromium', { name: 'Served', link });
  const program = project.run('talk.mjs', link, 'Program');
  const terminal = project.banyan('join', link, '--name', 'Terminal', '--json');
  terminal.say('hello from Terminal');
  const openPage = async (engine: Engine, path: string, name: string): Promise<Page> => {
    const page = await (await (await rooms.browser(engine)).newContext()).newPage();
    page.on('pageerror', (error) => rooms.complaints.push(`${name}: ${error.message}`));
    await page.goto(`${origin}/${path}/?name=${name}&room=${encodeURIComponent(link)}`);
    return page;
  };
  const pages = await Promise.all([
    openPage('chromium', 'bundled', 'Bundled'),
    openPage('firefox', 'bundled', 'Bundled-in-Firefox'),
    openPage('firefox', 'plain', 'Plain'),
  ]);
  await expect.poll(async () => (await served.see()).roomSize).toBe(6);
  await served.say('hello from Served');

  const names = ['Bundled', 'Bundled-in-Firefox', 'Plain', 'Program', 'Served', 'Terminal'];
  const all = names.map((name) => `hello from ${name}`);
  const textsOf = (lines: readonly Record<string, unknown>[]): unknown[] =>
    lines.filter(({ text }) => text !== undefined).map(({ text }) => text);
  const heard = async (): Promise<unknown[][]> => [
    await served.texts(),
    textsOf(program.lines()),
    textsOf(terminal.lines()),
    ...(await Promise.all(pages.map((page) => page.locator('p').allTextContents()))),
  ];
  await expect
    .poll(async () => (await heard()).map((texts) => texts.sort()), { timeout: 30_000 })
    .toEqual(names.map(() => all));
  expect([root.complaints, program.complaints]).toEqual(['', '']);
});
