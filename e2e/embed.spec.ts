/** `<banyan-room>` in pages of somebody else. */
import type { Page } from '@playwright/test';
import type { Room } from '../client/api.ts';
import { startRootServer } from '../root-server/server.ts';
import type { Engine } from './browsers.ts';
import { expect, secret, test, untilOneTree, type Rooms } from './fixtures.ts';
import { startForeignSite } from './foreign-site.ts';

interface Element extends HTMLElement {
  readonly room?: Room;
}

/** A page of another origin, as strict as can be: no inline style, no script but the root's, Trusted Types. */
async function startStrictPage(rooms: Rooms): Promise<{
  origin: string;
  show: (root: string, body: string, alsoConnect: string) => void;
}> {
  let page = '';
  let policy = '';
  const origin = await startForeignSite(rooms, (request, response) => {
    if (request.url !== '/') {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': policy });
    response.end(page);
  });
  return {
    origin,
    show: (root, body, alsoConnect) => {
      policy = [
        "default-src 'none'",
        `script-src ${root}`,
        `connect-src ${root} ${root.replace('http', 'ws')} ${alsoConnect.replace('http', 'ws')}`,
        "img-src 'self' blob:",
        "require-trusted-types-for 'script'",
        'trusted-types svelte-trusted-html dompurify banyan',
      ].join('; ');
      page = `<!doctype html><html lang="en"><title>Somebody else</title><script type="module" src="${root}/embed.js"></script><h1>A garden</h1>${body}</html>`;
    },
  };
}

const sizeIn = (page: Page, id: string): Promise<number | undefined> =>
  page.evaluate((each) => document.querySelector<Element>(`#${each}`)?.room?.tree.roomSize, id);
const messagesIn = (page: Page, id: string): Promise<string[]> =>
  page.locator(`#${id}`).getByTestId('message-text').allTextContents();

for (const engine of ['chromium', 'firefox'] satisfies Engine[]) {
  test(`a page of another origin embeds a room and talks to a member of it (${engine})`, async ({ rooms }) => {
    const site = await startStrictPage(rooms);
    const root = await startRootServer({ port: 0, host: '127.0.0.1', allowedOrigins: [site.origin] });
    rooms.afterwards(() => root.close());
    const [link, other] = [`${root.url}/#${secret()}`, `${root.url}/#${secret()}`];
    const member = await rooms.open('chromium', { name: 'member', link });
    const alone = await rooms.open('chromium', { name: 'alone', link: other });
    await Promise.all([untilOneTree([member]), untilOneTree([alone])]);
    site.show(
      root.url,
      `<banyan-room id="one" link="${link}" theme="dark"></banyan-room>
         <banyan-room id="two" link="${link}" name="Second" theme="light"></banyan-room>
         <banyan-room id="none" name="Nobody"></banyan-room>`,
      rooms.root.url,
    );
    const page = await (await (await rooms.browser(engine)).newContext({ locale: 'en-GB' })).newPage();
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (/content.security|trusted.?type/i.test(message.text())) complaints.push(message.text());
    });
    await page.goto(site.origin);
    // A root that was not told of this origin refuses it, which looks like no root at all: that takes its time, so it begins now.
    // The refusal is the root's, whatever the engine.
    const refuses = engine === 'chromium';
    if (refuses)
      await page.evaluate((refusing) => {
        const element = document.createElement('banyan-room');
        element.id = 'refused';
        element.setAttribute('link', refusing);
        element.setAttribute('name', 'Stranger');
        document.body.append(element);
      }, rooms.link);

    // Whoever is given a name is in at once; the other is asked, and one tap is enough.
    await expect.poll(() => sizeIn(page, 'two')).toBe(2);
    const one = page.locator('#one');
    await one.getByTestId('name').fill('First');
    await one.getByTestId('join').click();
    await expect.poll(() => sizeIn(page, 'one')).toBe(3);
    await expect(page.locator('#none').getByTestId('failure')).toHaveAttribute('data-kind', 'bad-link');

    const composer = one.getByTestId('composer');
    await composer.fill('hello from *outside*');
    await composer.press('Enter');
    await expect.poll(() => member.texts()).toContain('hello from outside');
    await member.say('hello from inside');
    for (const id of ['one', 'two'])
      await expect.poll(() => messagesIn(page, id)).toEqual(['hello from outside', 'hello from inside']);

    // Each has its own light, and takes nothing from the page around it.
    const ground = (id: string) =>
      page.locator(`#${id}`).evaluate((element) => getComputedStyle(element).getPropertyValue('--ground').trim());
    expect(await ground('one')).toBe('#0d1511');
    expect(await ground('two')).toBe('#eef4ea');
    await page.locator('#two').evaluate((element) => element.setAttribute('theme', 'dark'));
    expect(await ground('two')).toBe('#0d1511');
    expect(await page.title()).toBe('Somebody else');
    expect(new URL(page.url()).hash).toBe('');

    // Another name is a new name; another link is another room.
    await page.locator('#two').evaluate((element) => element.setAttribute('name', 'Renamed'));
    await expect(member.page.getByTestId('members')).toContainText('Renamed');
    await page.locator('#two').evaluate((element, next) => element.setAttribute('link', next), other);
    await expect.poll(() => sizeIn(page, 'two')).toBe(2);
    await expect.poll(async () => (await alone.see()).roomSize).toBe(2);
    await expect.poll(async () => (await member.see()).roomSize).toBe(2);

    // Moved within the page it stays; taken out of it, it leaves.
    await page.evaluate(() => {
      const element = document.getElementById('one');
      if (element !== null) document.body.prepend(element);
    });
    expect(await sizeIn(page, 'one')).toBe(2);
    await page.evaluate(() => document.getElementById('one')?.remove());
    await expect.poll(async () => (await member.see()).roomSize).toBe(1);
    expect((await alone.see()).roomSize).toBe(2);
    const refused = page.locator('#refused').getByTestId('failure');
    if (refuses) await expect(refused).toHaveAttribute('data-kind', 'root-unreachable', { timeout: 30_000 });
    expect(rooms.root.rooms()).toEqual([]);
    expect(complaints).toEqual([]);
    await page.close();
  });
}
