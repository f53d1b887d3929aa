/** Coming in, and what the lobby says when that fails: why, and what to do. */
import { expect, test } from './fixtures.ts';
import { expectFailure, expectInRoom, keep, visit, withQuery } from './visitor.ts';

test('a browser without WebRTC, a damaged link and a link cut off at the # are named, with what to do', async ({
  rooms,
}, testInfo) => {
  const browser = await rooms.browser('chromium');
  const bare = await visit(browser, withQuery(rooms.link), {
    before: () => Reflect.deleteProperty(window, 'RTCPeerConnection'),
  });
  await bare.page.getByTestId('join').click();
  await expectFailure(bare.page, 'no-webrtc', [/WebRTC.*missing/, /Try a current Firefox/]);
  await bare.page.getByTestId('self-test-run').click();
  const passed = (name: string): string => `[data-test="${name}"][data-passed="true"]`;
  const test = bare.page.getByTestId('self-test');
  await expect(test.locator('[data-test="webrtc"]')).toHaveAttribute('data-passed', 'false');
  await expect(test.locator(passed('root'))).toBeVisible();
  await expect(test.locator(passed('secure'))).toBeVisible();
  await keep(bare.page, testInfo, 'no WebRTC');

  const damaged = await visit(browser, withQuery(rooms.link.slice(0, -5)));
  await damaged.page.getByTestId('join').click();
  await expectFailure(damaged.page, 'bad-link', [/key stands after the #/, /Ask for the whole link/]);
  await keep(damaged.page, testInfo, 'damaged link');

  const cut = await visit(browser, withQuery(rooms.link.replace(/#.*/, '')));
  await expect(cut.page.getByTestId('start')).toBeVisible();
  await expect(cut.page.getByText(/the end of the link, after the #, got lost/)).toBeVisible();
  await keep(cut.page, testInfo, 'link without its secret');
  for (const { page } of [bare, damaged, cut]) await page.close();
});

test('a page whose rest does not come says so, whether one comes in or begins a room, and gets it when one tries again', async ({
  rooms,
}, testInfo) => {
  const browser = await rooms.browser('chromium');
  const comes = await visit(browser, 'about:blank');
  const rest = /assets\/client-.*\.js$/;
  for (const address of [rooms.link, rooms.link.replace(/#.*/, '')]) {
    await comes.page.route(rest, (route) => route.abort());
    await comes.page.goto(withQuery(address));
    await comes.page.getByTestId(address === rooms.link ? 'join' : 'start').click();
    await expectFailure(comes.page, 'root-unreachable', [/cannot be reached/]);
    await keep(comes.page, testInfo, 'the rest of the page does not come');
    await comes.page.unroute(rest);
    await comes.page.getByTestId('again').click();
    await expectInRoom(comes.page, 1);
    await comes.page.getByTestId('leave').click();
    await comes.page.goto('about:blank');
  }
  await comes.page.close();
});

for (const engine of ['chromium', 'firefox'] as const) {
  test(`the page can be installed, speaks its reader’s language, and asks nobody but its root (${engine})`, async ({
    rooms,
  }) => {
    const host = new URL(rooms.root.url).host;
    const { page, hosts, complaints } = await visit(await rooms.browser(engine), withQuery(rooms.link));
    await page.getByTestId('join').click();
    await expectInRoom(page, 1);
    const composer = page.getByTestId('composer');
    await composer.fill(
      '![a picture](https://elsewhere.test/a.png) [a link](https://elsewhere.test/) <img src="https://elsewhere.test/b.png">',
    );
    await composer.press('Enter');
    await expect(page.getByTestId('message')).toHaveCount(1);
    await page.getByTestId('invite').click();
    await page.getByTestId('projector-open').click();
    await expect(page.getByTestId('projector').getByTestId('qr')).toBeVisible();
    await page.keyboard.press('Escape');

    const manifest = await page.evaluate(async () => {
      const href = document.querySelector<HTMLLinkElement>('link[rel="manifest"]')?.href ?? '';
      return (await (await fetch(href)).json()) as {
        name: string;
        display: string;
        start_url: string;
        icons: { src: string; sizes: string; type: string; purpose?: string }[];
      };
    });
    expect(manifest).toMatchObject({ name: 'Banyan', display: 'standalone', start_url: './' });
    const measured = await page.evaluate(
      async (icons) =>
        Promise.all(
          icons.map(async ({ src }) => {
            const image = new Image();
            image.src = src;
            await image.decode();
            return `${image.naturalWidth}x${image.naturalHeight}`;
          }),
        ),
      manifest.icons.filter(({ type }) => type === 'image/png'),
    );
    const stated = manifest.icons.filter(({ type }) => type === 'image/png').map(({ sizes }) => sizes);
    expect(measured).toEqual(stated);
    expect(new Set(stated)).toEqual(new Set(['192x192', '512x512']));
    expect(manifest.icons.some(({ purpose }) => purpose === 'maskable')).toBe(true);
    const touch = await page.evaluate(async () => {
      const image = new Image();
      image.src = document.querySelector<HTMLLinkElement>('link[rel="apple-touch-icon"]')?.href ?? '';
      await image.decode();
      return image.naturalWidth;
    });
    expect(touch).toBe(180);
    const reader = await visit(await rooms.browser(engine), withQuery(rooms.link), { locale: 'de-AT' });
    await expect(reader.page.getByTestId('join')).toHaveText('Raum betreten');
    await expect(reader.page.locator('html')).toHaveAttribute('lang', 'de');
    await reader.page.close();
    expect([...hosts]).toEqual([host]);
    expect(complaints).toEqual([]);
    await page.close();
  });
}
