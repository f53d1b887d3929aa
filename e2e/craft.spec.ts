/** For everybody: no violation of axe in any state, light and dark; no words over others. */
import type { Page } from '@playwright/test';
import { lookWithAxe } from './axe.ts';
import { launch, stillAndDark } from './browsers.ts';
import { expect, test } from './fixtures.ts';
import { expectFailure, expectInRoom, visit, withQuery } from './visitor.ts';

const still = { reducedMotion: 'reduce' } as const;

type Scheme = 'light' | 'dark';

/** What axe says of a page in each scheme: the rules that differ between them are those of colours. */
async function expectNoViolations(page: Page, schemes: readonly Scheme[], state: string): Promise<void> {
  for (const [i, colorScheme] of schemes.entries()) {
    const where = `${state}, ${colorScheme}`;
    await page.emulateMedia({ colorScheme, ...still });
    expect(await page.evaluate(preferences), where).toEqual({ isDark: colorScheme === 'dark', isStill: true });
    expect(await page.evaluate(transitions), `${where}: no motion is wanted`).toEqual([]);
    const { faults, passes } = await lookWithAxe(page, (builder) =>
      i > 0 ? builder.withRules(['color-contrast', 'link-in-text-block']) : builder,
    );
    expect(faults, where).toEqual([]);
    expect(passes, `${where}: axe looked at nothing`).toBeGreaterThan(0);
  }
}

const preferences = () => ({
  isDark: matchMedia('(prefers-color-scheme: dark)').matches,
  isStill: matchMedia('(prefers-reduced-motion: reduce)').matches,
});

/** The properties on their way from one value to another: axe would see a colour that is nobody's. */
const transitions = () =>
  document
    .getAnimations()
    .filter((animation) => animation instanceof CSSTransition)
    .map((animation) => animation.transitionProperty);

const looks = {
  chromium: { schemes: ['light', 'dark'], open: () => launch('chromium') },
  firefox: { schemes: ['dark'], open: () => launch('firefox', [], stillAndDark) },
} as const;

for (const engine of ['chromium', 'firefox'] as const) {
  const { schemes, open } = looks[engine];
  test(`axe finds nothing on the way in and out (${engine})`, async ({ rooms }) => {
    const browser = await open();
    const start = await visit(browser, withQuery(rooms.link.replace(/#.*/, '')), still);
    await expect(start.page.getByTestId('start')).toBeVisible();
    await expectNoViolations(start.page, schemes, 'start');
    await start.page.close();

    const { page } = await visit(browser, withQuery(rooms.link.slice(0, -4)), still);
    await expectNoViolations(page, schemes, 'invited');
    await page.getByTestId('join').click();
    await expectFailure(page, 'bad-link', []);
    await page.getByTestId('self-test-run').click();
    await expect(page.locator('[data-test="loopback"]')).toHaveAttribute('data-passed', 'true');
    await expectNoViolations(page, schemes, 'failed');
    await page.goto(withQuery(rooms.link));
    await page.getByTestId('join').click();
    await expectInRoom(page, 1);
    await page.getByTestId('leave').click();
    await expect(page.getByTestId('again')).toBeVisible();
    await expectNoViolations(page, schemes, 'left');
    await rooms.root.close();
    await page.getByTestId('again').click();
    await expect(page.getByTestId('cancel')).toBeVisible();
    await expectNoViolations(page, schemes, 'joining');
    await browser.close();
  });

  test(`axe finds nothing in a room (${engine})`, async ({ rooms }) => {
    const member = await rooms.open('chromium', { name: 'Member' });
    const browser = await open();
    const { page } = await visit(browser, withQuery(rooms.link, '&name=Visitor'), still);
    await page.getByTestId('join').click();
    await expectInRoom(page, 2);
    await member.say('A [link](https://elsewhere.test/), `code`, **strong** words and\n\n> a quotation');
    await page
      .getByTestId('file-input')
      .setInputFiles({ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('notes') });
    await expect(page.getByTestId('file-tray')).toContainText('notes.txt');
    await page.getByTestId('send').click();
    await expect(page.getByTestId('message')).toHaveCount(1);
    await expect(page.getByTestId('file')).toHaveCount(1);
    await page.getByTestId('packet-log').locator('summary').click();
    await expectNoViolations(page, schemes, 'room, with the packets shown');
    await page.getByTestId('figures-open').click();
    await page.getByRole('button', { name: 'Search messages' }).click();
    await expect(page.getByTestId('search')).toBeVisible();
    await page.getByRole('button', { name: 'Show as a list' }).click();
    await expect(page.getByTestId('outline')).toBeVisible();
    await expectNoViolations(page, schemes, 'outline, figures and search');
    await page.getByTestId('invite').click();
    await expect(page.getByTestId('invite-dialog').getByTestId('qr')).toBeVisible();
    await expectNoViolations(page, schemes, 'invitation');
    await page.getByTestId('projector-open').click();
    await expect(page.getByTestId('projector').getByTestId('qr')).toBeVisible();
    await expectNoViolations(page, schemes, 'projector');
    await page.keyboard.press('Escape');

    await page.setViewportSize({ width: 390, height: 780 });
    for (const tab of ['talk', 'tree', 'people']) {
      await page.getByTestId(`tab-${tab}`).click();
      await expectNoViolations(page, schemes, `narrow, ${tab}`);
    }
    await rooms.root.close();
    await expect(page.getByTestId('banner-root-away')).toBeVisible({ timeout: 30_000 });
    await expectNoViolations(page, schemes, 'root away');
    await browser.close();
  });
}

test('alone in a room, what invites to ask others in stands clear of one’s own name and of the buttons', async ({
  rooms,
}) => {
  const { page } = await visit(await rooms.browser('chromium'), withQuery(rooms.link, '&name=Wilhelmina'), still);
  await page.getByTestId('join').click();
  await expectInRoom(page, 1);
  for (const [width, height] of sizes) {
    await page.setViewportSize({ width, height });
    if (width < 900) await page.getByTestId('tab-tree').click();
    await expect.poll(() => page.evaluate(covered), { message: `${width} by ${height}` }).toEqual([]);
  }
  await page.close();
});

/** Desktops, and a phone upright and on its side. */
const sizes = [
  [1280, 720],
  [1920, 1080],
  [1024, 600],
  [360, 640],
  [844, 390],
] as const;

/** What the words for whoever is alone lie over, or stick out of. */
function covered(): string[] {
  const words = document.querySelector('[data-testid="alone"]');
  if (words === null) return ['no words'];
  const mine = words.getBoundingClientRect();
  const pane = document.querySelector('[data-testid="tree"]')?.getBoundingClientRect();
  const isInside =
    pane !== undefined &&
    mine.width > 0 &&
    mine.left >= pane.left &&
    mine.right <= pane.right &&
    mine.top >= pane.top &&
    mine.bottom <= pane.bottom;
  const others = document.querySelectorAll(
    '[data-testid="tree-node"] :is(circle, text), [data-testid="probe"], .tools',
  );
  const under = [...others].filter((other) => {
    const box = other.getBoundingClientRect();
    return box.left < mine.right && mine.left < box.right && box.top < mine.bottom && mine.top < box.bottom;
  });
  return [...(isInside ? [] : ['not in the pane']), ...under.map((other) => other.outerHTML)];
}
