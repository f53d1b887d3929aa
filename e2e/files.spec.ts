import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Room } from '../client/api.ts';
import { startRootServer } from '../root-server/server.ts';
import { expect, secret, test, untilOneTree, type RoomPage } from './fixtures.ts';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** A red dot of 2 x 2 pixels. */
const dot = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAEElEQVR4nGP4z8AARAwQCgAf7gP9i18U1AAAAABJRU5ErkJggg==',
  'base64',
);

async function attach(page: RoomPage, name: string, mimeType: string, buffer: Buffer): Promise<void> {
  await page.page.getByTestId('file-input').setInputFiles({ name, mimeType, buffer });
  await expect(page.page.getByTestId('file-tray')).toContainText(name);
  await page.page.getByTestId('send').click();
}

interface Hearing {
  readonly banyan: { readonly room: Room };
  /** SHA-256 of each file that came, by the file's name. */
  hashes?: Record<string, string>;
}

/** Has a page hash what comes, as a program would: not every browser of these tests tells of its downloads. */
async function hashWhatComes(page: RoomPage): Promise<void> {
  await page.page.evaluate(() => {
    const hearing = window as never as Hearing;
    const hashes: Record<string, string> = (hearing.hashes = {});
    hearing.banyan.room.on('file', (file) => {
      void file.done.then(async (blob) => {
        const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', await blob.arrayBuffer()));
        hashes[file.name] = Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
      });
    });
  });
}

function hashOf(page: RoomPage, name: string): Promise<string | undefined> {
  return page.page.evaluate((wanted) => (window as never as Hearing).hashes?.[wanted], name);
}

function uploadedBytes(page: RoomPage): Promise<number> {
  return page.page.evaluate(() => (window as never as Hearing).banyan.room.stats().bytesOut);
}

test('[F2] [F3] [F4] [F5] a file of 8 MiB from a leaf reaches five pages of two engines, each whole, while talk goes on', async ({
  rooms,
}) => {
  const k = 2;
  const pages: RoomPage[] = [];
  for (let i = 0; i < 6; i++) pages.push(await rooms.open(i === 2 ? 'firefox' : 'chromium', { name: `peer ${i}`, k }));
  const seen = await untilOneTree(pages);
  const leaf = seen.findLastIndex((view) => view.clients.length === 0);
  const sender = pages[leaf];
  const [talker, ...rest] = pages.filter((page) => page !== sender);
  if (sender === undefined || talker === undefined) throw new Error('a tree without leaves');
  const others = [talker, ...rest];
  await Promise.all(others.map(hashWhatComes));
  // As soon as the file is announced: all of it is still to come.
  await talker.page.evaluate(() => {
    const { room } = (window as never as Hearing).banyan;
    room.on('file', () => void room.send('said meanwhile'));
  });

  const bytes = randomBytes(8 * 1024 * 1024);
  const before = await uploadedBytes(sender);
  await attach(sender, 'harvest.bin', 'application/octet-stream', bytes);
  for (const page of pages) await expect.poll(() => page.texts()).toContain('said meanwhile');

  for (const page of others)
    await expect.poll(() => hashOf(page, 'harvest.bin'), { timeout: 40_000 }).toBe(sha256(bytes));
  await expect(sender.page.getByTestId('file-outcome')).toHaveText('All 5 have it');
  const uploaded = (await uploadedBytes(sender)) - before;
  expect(uploaded).toBeGreaterThan(bytes.length);
  expect(uploaded).toBeLessThanOrEqual((k + 0.1) * bytes.length);

  const [download] = await Promise.all([
    talker.page.waitForEvent('download'),
    talker.page.getByTestId('file-save').click(),
  ]);
  expect(download.suggestedFilename()).toBe('harvest.bin');
  expect(sha256(await readFile(await download.path()))).toBe(sha256(bytes));
});

test('[F1] [F6] a picture that is dropped on the page is shown to the others, until its sender takes back what follows', async ({
  rooms,
}) => {
  const [ana, ben] = [
    await rooms.open('chromium', { name: 'ana' }),
    await rooms.open('chromium', { name: 'ben' }),
  ] as const;
  await untilOneTree([ana, ben]);
  const data = await ana.page.evaluateHandle((base64) => {
    const transfer = new DataTransfer();
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    transfer.items.add(new File([bytes], 'dot.png', { type: 'image/png' }));
    return transfer;
  }, dot.toString('base64'));
  await ana.page.getByTestId('messages').dispatchEvent('drop', { dataTransfer: data });
  await ana.page.getByTestId('send').click();
  for (const page of [ana, ben]) {
    const picture = page.page.getByTestId('file-picture');
    await expect(picture).toBeVisible();
    await expect.poll(() => picture.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(2);
  }

  // Made in the page: handed over, so much would stop a slow page for seconds, and the other one would take it for dead.
  const long = await ana.page.evaluateHandle(() => {
    const transfer = new DataTransfer();
    const block = crypto.getRandomValues(new Uint8Array(60_000));
    transfer.items.add(new File(new Array<Uint8Array<ArrayBuffer>>(400).fill(block), 'long.bin'));
    return transfer;
  });
  await ana.page.getByTestId('messages').dispatchEvent('drop', { dataTransfer: long });
  await ana.page.getByTestId('send').click();
  const last = ben.page.getByTestId('file').last();
  await expect(last).toContainText('long.bin');
  await ana.page.getByTestId('file-cancel').last().click();
  await expect(last).toHaveAttribute('data-state', 'cancelled');
  await expect(last.getByTestId('file-outcome')).toHaveText('Taken back by its sender');
});

test('[F5] [F6] a file that is sent before anybody is there waits for who comes, and can be taken back after that', async ({
  rooms,
}) => {
  const ana = await rooms.open('chromium', { name: 'ana' });
  await expect(ana.page.getByTestId('file-input')).toBeAttached();
  await attach(ana, 'early.txt', 'text/plain', Buffer.from('who comes first'));
  const own = ana.page.getByTestId('file');
  await expect(own.getByTestId('file-outcome')).toHaveText('Nobody else is here. Whoever comes gets it.');
  await expect(own).toHaveAttribute('data-state', 'running');

  const ben = await rooms.open('chromium', { name: 'ben' });
  const got = ben.page.getByTestId('file');
  await expect(got).toHaveAttribute('data-state', 'complete');
  await expect(own.getByTestId('file-outcome')).toHaveText('The other person has it');
  await expect(own).toHaveAttribute('data-state', 'complete');

  await own.getByTestId('file-cancel').click();
  await expect(own.getByTestId('file-outcome')).toHaveText('You took it back');
  await expect(got.getByTestId('file-outcome')).toHaveText('Taken back by its sender');
});

test('a page has all its parts before it needs them: with the root away files, markdown and invitations are shown as ever', async ({
  rooms,
}) => {
  const root = await startRootServer({ port: 0, host: '127.0.0.1' });
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= root.close());
  rooms.afterwards(close);
  const link = `${root.url}/#${secret()}`;
  const [a, b] = [await rooms.open('chromium', { name: 'A', link }), await rooms.open('firefox', { name: 'B', link })];
  await untilOneTree([a, b]);
  for (const { page } of [a, b])
    await page.waitForFunction(() =>
      performance.getEntriesByType('resource').some(({ name }) => /Hood.*js$/.test(name)),
    );
  await close();
  for (const { page } of [a, b]) await expect(page.getByTestId('banner-root-away')).toBeVisible({ timeout: 30_000 });

  await attach(a, 'dot.png', 'image/png', dot);
  await expect(b.page.getByTestId('file-save')).toBeVisible();
  await a.say('**strong**');
  await expect(b.page.getByTestId('message-text').locator('strong')).toHaveText('strong');
  await b.page.getByTestId('invite').click();
  await expect(b.page.getByTestId('invite-dialog').getByTestId('qr')).toBeVisible();
});
