import type { BrowserContext } from '@playwright/test';
import type { Room } from '../client/api.ts';
import { cryptoProvider } from '../client/crypto/choose.ts';
import { decodePacket } from '../protocol/wire/packet.ts';
import { startRootServer } from '../root-server/server.ts';
import type { Engine } from './browsers.ts';
import { startCapture } from './capture.ts';
import { expect, openRoom, secret, test, untilOneTree, type RoomPage } from './fixtures.ts';
import { payloads } from './payloads.ts';

interface InPage {
  readonly banyan: { readonly room: Room };
  /** Set by a payload that ran. */
  readonly hit?: unknown;
}

/** All spellings in which some bytes might be found again. */
function spellings(bytes: Uint8Array): Buffer[] {
  const raw = Buffer.from(bytes);
  const hex = raw.toString('hex');
  const percent = hex.replace(/../g, '%$&');
  const texts = [
    ...[hex, percent].flatMap((text) => [text, text.toUpperCase()]),
    ...[raw.toString('base64'), raw.toString('base64url')].flatMap((text) => [text, text.replace(/=+$/, '')]),
    encodeURIComponent(raw.toString('base64')),
    raw.toJSON().data.join(','),
  ];
  return [raw, ...texts.map((text) => Buffer.from(text))];
}

test('[W8] [S3] [S7] nothing that passes by the root, of HTTP or WebSocket, holds the secret, a key or a word', async ({
  rooms,
}) => {
  await rooms.root.close();
  const carried: Uint8Array[] = [];
  const root = await startRootServer({
    port: 0,
    host: '127.0.0.1',
    // What is masked on the wire is seen here as it is.
    onBytes: (_direction, bytes) => carried.push(Uint8Array.from(bytes)),
  });
  const capture = await startCapture(root.port);
  rooms.afterwards(() => root.close());
  rooms.afterwards(() => capture.close());
  const roomSecret = secret();
  const link = `http://127.0.0.1:${capture.port}/#${roomSecret}`;
  const pages: RoomPage[] = [];
  for (const [i, engine] of (['chromium', 'firefox', 'chromium'] as const).entries())
    pages.push(await rooms.open(engine, { name: `Persimmon${i}`, link, k: 1 }));
  const seen = await untilOneTree(pages);
  const [first, second, third] = pages as [RoomPage, RoomPage, RoomPage];

  // One of everything that people can say or do in a room.
  await first.say('quinces ripen in October');
  await third.page.evaluate(async (to) => {
    const { room } = (window as never as InPage).banyan;
    await room.send('medlars for one only', { to: to as never, channel: 'orchard' });
    await room.rename('Damson the Third');
    await room.sendFile(new File(['mulberry '.repeat(4_000)], 'bullace.txt', { type: 'text/plain' })).done;
  }, seen[0]?.id ?? '');
  for (const page of pages) await expect.poll(() => page.texts()).toContain('quinces ripen in October');
  await expect.poll(() => first.texts()).toContain('medlars for one only');
  await expect(second.page.getByText('bullace.txt').first()).toBeAttached();
  // Coming back after a reload is another session by the same link.
  await second.page.reload();
  await untilOneTree(pages);

  const packets = carried.map((bytes) => decodePacket(bytes)).filter((result) => result.ok);
  const registrations = packets.filter(
    ({ packet }) => packet.header.type === 'registration' && packet.action === 'request',
  );
  expect(registrations.length).toBeGreaterThanOrEqual(4);

  const provider = await cryptoProvider();
  const bytes = Buffer.from(roomSecret, 'base64url');
  const purposes = ['admission', 'signals'];
  for (const { packet } of registrations)
    purposes.push(`stream ${Buffer.from(packet.sender).toString('hex')} ${packet.header.session}`);
  const keys = await Promise.all(purposes.map((purpose) => provider.hkdf(bytes, `banyan-1 ${purpose}`, 32)));
  const words = ['quinces', 'October', 'medlars', 'orchard', 'Persimmon', 'Damson', 'mulberry', 'bullace'];
  const forbidden = [bytes, ...keys].flatMap(spellings).concat(words.map((word) => Buffer.from(word)));

  const wire = capture.bytes();
  const opened = Buffer.concat(carried);
  // It was all there: the page's own files, and every packet.
  expect(wire.includes('GET / HTTP/1.1') || wire.includes('GET /?')).toBe(true);
  expect(wire.includes('<!doctype html>')).toBe(true);
  expect(opened.includes(Buffer.from(seen[0]?.id ?? 'none', 'hex'))).toBe(true);
  const found = forbidden.filter((needle) => wire.includes(needle) || opened.includes(needle));
  // A page says in its address which name it wants; that is for tests, and it does go to the server.
  expect(found.map((needle) => needle.toString('latin1'))).toEqual(['Persimmon']);
  expect(opened.includes('Persimmon')).toBe(false);
});

/** What a page must not do while hostile texts are shown in it. */
async function watched(context: BrowserContext, origin: string, what: string[]): Promise<void> {
  context.on('page', (page) => {
    page.on('dialog', (dialog) => {
      what.push(`dialog ${dialog.message()}`);
      // A page that is closed while it asks takes its question with it.
      dialog.dismiss().catch(() => undefined);
    });
    page.on('popup', () => what.push('popup'));
    page.on('download', () => what.push('download'));
    page.on('framenavigated', (frame) => {
      if (frame !== page.mainFrame() || !frame.url().startsWith(`${origin}/`)) what.push(`frame ${frame.url()}`);
    });
  });
  context.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(`${origin}/`) && !url.startsWith('blob:') && !url.startsWith('data:'))
      what.push(`request ${url}`);
    if (/hit/.test(url)) what.push(`request ${url}`);
  });
  await context.exposeBinding('reportViolation', (_source, text: string) => what.push(`violation ${text}`));
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      const { reportViolation } = window as never as { reportViolation: (text: string) => void };
      reportViolation(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
    });
  });
}

/** What of the hostile texts became more than text. */
async function markup(page: RoomPage): Promise<string[]> {
  return page.page.evaluate(() => {
    const bad: string[] = [];
    if ('hit' in window) bad.push(`ran ${String((window as never as InPage).hit)}`);
    const forbidden = 'script, iframe, object, embed, link, style, meta, base, form, math, video, audio, img, template';
    for (const text of document.querySelectorAll('[data-testid="message-text"]')) {
      for (const element of text.querySelectorAll('*')) {
        if (element.matches(`${forbidden}, svg`)) bad.push(element.outerHTML);
        for (const { name, value } of element.attributes) {
          if (name.startsWith('on')) bad.push(`${name}=${value}`);
          if (!['href', 'target', 'rel', 'start', 'tabindex', 'class'].includes(name)) bad.push(`${name}=${value}`);
        }
      }
    }
    for (const link of document.querySelectorAll<HTMLAnchorElement>('[data-testid="message-text"] a[href]')) {
      if (!['http:', 'https:'].includes(link.protocol)) bad.push(link.href);
      if (link.rel !== 'noopener noreferrer nofollow' || link.target !== '_blank') bad.push(`rel ${link.rel}`);
    }
    // Names, of people and of files, are one line that reads in its own direction.
    const names = document.querySelectorAll('[data-testid="member"] .name');
    for (const name of names) {
      if (name.children.length > 0 || /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u.test(name.textContent))
        bad.push(`name ${name.innerHTML}`);
    }
    return bad;
  });
}

/** Shows the corpus as no page should, so that what watches for it, and it itself, are known to work. */
async function showUnguarded(context: BrowserContext, origin: string): Promise<void> {
  const page = await context.newPage();
  // Dozens of dialogs at once are more than browsers bear.
  await page.addInitScript(() => {
    window.alert = () => undefined;
  });
  await page.route('**/*', (route) =>
    route.request().url() === `${origin}/unguarded`
      ? route.fulfill({ contentType: 'text/html', body: '<!doctype html><body></body>' })
      : route.abort(),
  );
  await page.goto(`${origin}/unguarded`);
  await page.evaluate(
    (texts) => {
      for (const text of texts) document.body.insertAdjacentHTML('beforeend', `<div>${text}</div>`);
    },
    payloads.slice(0, 20),
  );
  await expect.poll(() => page.evaluate(() => 'hit' in window)).toBe(true);
}

for (const engine of ['chromium', 'firefox'] as const satisfies Engine[]) {
  test(`${payloads.length} payloads as messages, names and file names do nothing in ${engine}`, async ({ rooms }) => {
    expect(new Set(payloads).size).toBeGreaterThanOrEqual(200);
    const { origin } = new URL(rooms.link);
    const happened: string[] = [];
    const contexts = await Promise.all([0, 1].map(async () => (await rooms.browser(engine)).newContext()));
    const unguarded = await (await rooms.browser(engine)).newContext();
    await watched(unguarded, origin, happened);
    await showUnguarded(unguarded, origin);
    await expect.poll(() => happened.some((one) => /^request .*hit/.test(one))).toBe(true);
    await unguarded.close();
    happened.length = 0;

    const pages: RoomPage[] = [];
    for (const [i, context] of contexts.entries()) {
      await watched(context, origin, happened);
      pages.push(await openRoom(context, rooms.link, `peer ${i}`, rooms.complaints));
    }
    await untilOneTree(pages);
    const [from, to] = pages as [RoomPage, RoomPage];

    // Typed as a person types, some of them; the rest by the SDK, which does not tidy anything.
    const typed = payloads.filter((text, i) => i % 40 === 0 && !/\p{Cc}/u.test(text));
    for (const text of typed) await from.say(text);
    await from.page.evaluate(
      async (texts) => {
        const { room } = (window as never as InPage).banyan;
        await Promise.all(texts.map((text) => room.send(text)));
      },
      [...payloads],
    );
    const count = typed.length + payloads.length;
    for (const page of pages)
      await expect.poll(async () => (await page.shown()).length, { timeout: 30_000 }).toBe(count);

    // As names, one after the other, each drawn; and as names and types of files.
    await from.page.evaluate(
      async (texts) => {
        const { room } = (window as never as InPage).banyan;
        for (const text of texts) {
          await room.rename(text).catch(() => undefined);
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
        const types = ['image/svg+xml', 'text/html', 'application/xhtml+xml', 'image/png', ''];
        for (const [i, text] of texts.entries()) {
          const type = types[i % types.length] ?? '';
          room.sendFile(
            new Blob([`<svg xmlns="http://www.w3.org/2000/svg" onload="window.hit=1">${text}</svg>`], { type }),
            {
              name: text,
            },
          );
          if (i % 10 === 9) await new Promise((resolve) => setTimeout(resolve, 100));
        }
        await room.rename('the last name');
      },
      [...payloads],
    );
    await expect(to.page.getByTestId('members')).toContainText('the last name', { timeout: 30_000 });
    await from.say('that was all');
    for (const page of pages) await expect.poll(() => page.texts(), { timeout: 30_000 }).toContain('that was all');
    await expect(to.page.getByTestId('file').last()).toBeAttached();

    for (const page of pages) expect(await markup(page)).toEqual([]);
    expect(happened).toEqual([]);
    // The page still is what it was.
    await untilOneTree(pages);
    expect(await to.page.title()).not.toContain('hit');
  });
}
