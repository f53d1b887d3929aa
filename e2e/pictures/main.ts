/**
 * Takes the pictures of docs/pictures: `npm run pictures`, or some of them (`npm run pictures -- files`); with `icons` it draws the
 * page's icons instead. A real room of 50, three pages and 47 headless peers in this process, and a smaller one for the file. It
 * takes about two minutes on an idle machine.
 */
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { devices, type Browser, type Page } from '@playwright/test';
import type { Room } from '../../client/api.ts';
import { joinRoom } from '../../client/node.ts';
import { startRootServer } from '../../root-server/server.ts';
import { launch } from '../browsers.ts';
import { secret } from '../fixtures.ts';
import { expectInRoom, visit, withQuery } from '../visitor.ts';
import { drawIcons } from './icons.ts';
import { names, talk } from './people.ts';

/** Who looks at the room by a page: on a desktop, on a dark one, on a phone. */
const pageNames = ['Nadia', 'Bruno', 'Mei'];
const headless = 50 - pageNames.length;
/** The room that is sent a file. */
const fileRoomHeadless = 11;
/** Headless peers that join at once: signing and encrypting for all of them is one process's work. */
const joinAtOnce = 4;
const fileBytes = 5_000_000;
const desktop = { viewport: { width: 1440, height: 900 }, colorScheme: 'light' } as const;

const wait = async (ms: number): Promise<void> => {
  await new Promise((resolve) => setTimeout(resolve, ms));
};
const say = (line: string): void => void process.stderr.write(`${line}\n`);

async function shoot(page: Page, name: string): Promise<void> {
  // The mouse points at nothing.
  await page.mouse.move(1, 1);
  await page.screenshot({ path: fileURLToPath(new URL(`../../docs/pictures/${name}.png`, import.meta.url)) });
  say(`docs/pictures/${name}.png`);
}

/** Lets more headless peers in, until there are `count`. */
async function joinHeadless(link: string, rooms: Room[], count: number): Promise<void> {
  while (rooms.length < count) {
    const batch = Array.from({ length: Math.min(joinAtOnce, count - rooms.length) }, (_, i) =>
      joinRoom(link, { name: names[rooms.length + i] ?? `Guest ${rooms.length + i}`, iceServers: [] }),
    );
    rooms.push(...(await Promise.all(batch)));
  }
}

async function leaveAll(rooms: Room[]): Promise<void> {
  await Promise.all(rooms.splice(0).map((room) => room.leave()));
}

interface Studio {
  readonly root: Awaited<ReturnType<typeof startRootServer>>;
  readonly browser: Browser;
  /** Headless peers of the room at hand. */
  readonly rooms: Room[];
}

async function enter(
  { browser }: Studio,
  link: string,
  name: string,
  options: Parameters<typeof visit>[2],
): Promise<Page> {
  const { page } = await visit(browser, withQuery(link, `&name=${name}&join=1`), options);
  return page;
}

async function takeLobby({ root, browser }: Studio): Promise<void> {
  const lobby = await visit(browser, withQuery(`${root.url}/`), desktop);
  await lobby.page.waitForTimeout(9_000);
  await shoot(lobby.page, 'lobby');
  await lobby.page.close();
}

async function takeRoom(studio: Studio): Promise<void> {
  const { root, rooms } = studio;
  const link = `${root.url}/#${secret()}`;
  await joinHeadless(link, rooms, 5);
  const [owner, dark, phone] = [
    await enter(studio, link, pageNames[0] ?? '', desktop),
    await enter(studio, link, pageNames[1] ?? '', { ...desktop, colorScheme: 'dark' }),
    await enter(studio, link, pageNames[2] ?? '', { ...devices['Pixel 7'], colorScheme: 'light' }),
  ];
  await joinHeadless(link, rooms, headless);
  for (const page of [owner, dark, phone]) await expectInRoom(page, 50);
  say('a room of 50');

  for (const { who, text } of talk) {
    if (who === 'owner') {
      await owner.getByTestId('composer').fill(text);
      await owner.getByTestId('composer').press('Enter');
    } else await rooms[who]?.send(text);
    await wait(600);
  }
  for (const page of [owner, dark])
    await page
      .getByTestId('message')
      .nth(talk.length - 1)
      .waitFor();
  await wait(4_000);
  await shoot(phone, 'phone');
  await rooms[9]?.send('And the light goes along the branches as it does.');
  // While the message is on its way through the picture.
  await wait(450);
  await shoot(owner, 'room');
  await shoot(dark, 'room-dark');

  const tree = owner.getByTestId('tree');
  await owner.setViewportSize({ width: 1600, height: 1000 });
  await wait(1_500);
  await tree.screenshot({ path: fileURLToPath(new URL('../../docs/pictures/tree-50.png', import.meta.url)) });
  say('docs/pictures/tree-50.png');
  for (const page of [owner, dark, phone]) await page.close();
}

async function takeFile(studio: Studio): Promise<void> {
  const { root, rooms } = studio;
  const link = `${root.url}/#${secret()}`;
  await joinHeadless(link, rooms, fileRoomHeadless);
  const sender = await enter(studio, link, pageNames[0] ?? '', desktop);
  await expectInRoom(sender, fileRoomHeadless + 1);
  for (const { who, text } of talk.slice(0, 3)) if (who !== 'owner') await rooms[who]?.send(text);
  await wait(2_000);
  await sender.getByTestId('file-input').setInputFiles({
    name: 'field-notes.pdf',
    mimeType: 'application/pdf',
    buffer: randomBytes(fileBytes),
  });
  await sender.getByTestId('send').click();
  // When some have it, and others do not yet.
  const card = sender.getByTestId('file').last();
  for (let has = 0; has < 3;) {
    await wait(20);
    const text = (await card.textContent()) ?? '';
    if (text.includes(`All ${fileRoomHeadless}`))
      throw new Error('everybody had the file before a picture could be taken');
    const [, having, of] = /· (\d+) of (\d+)/.exec(text) ?? [];
    // While the tree heals, sides are counted twice for a moment.
    if (Number(of) === fileRoomHeadless) has = Number(having);
  }
  await shoot(sender, 'files');
  await sender.close();
}

const scenes: Readonly<Record<string, (studio: Studio) => Promise<void>>> = {
  lobby: takeLobby,
  room: takeRoom,
  files: takeFile,
};

async function take(wanted: readonly string[]): Promise<void> {
  const root = await startRootServer({ port: 0, host: '127.0.0.1', socketsPerAddressMax: 1_000 });
  const browser = await launch('chromium');
  try {
    for (const name of wanted) {
      const studio: Studio = { root, browser, rooms: [] };
      try {
        await scenes[name]?.(studio);
      } finally {
        await leaveAll(studio.rooms);
      }
    }
  } finally {
    await browser.close();
    await root.close();
  }
}

const asked = process.argv.slice(2);
if (asked.includes('icons')) await drawIcons();
else await take(asked.length > 0 ? asked : Object.keys(scenes));
// WebRTC in Node leaves threads behind, so the end is said and not waited for.
process.exit(0);
