/** For everybody: no violation of axe in any state, light and dark. */
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, test } from './fixtures.ts';
import { expectFailure, expectInRoom, visit, withQuery } from './visitor.ts';

/** Animations end before axe looks: colours on their way are nobody's. */
const still = { reducedMotion: 'reduce' } as const;

/** What axe says of a page, in light and in dark: the rules that differ between them are those of colours. */
async function expectNoViolations(page: Page, state: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, ...still });
    // Its types are of another copy of Playwright. Legacy mode looks at this page alone and opens no other: there are no frames.
    const builder = new AxeBuilder({ page: page as never }).setLegacyMode(true);
    if (colorScheme === 'dark') builder.withRules(['color-contrast', 'link-in-text-block']);
    const { violations, passes } = await builder.analyze();
    const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
    expect(found, `${state}, ${colorScheme}`).toEqual([]);
    expect(passes.length, `${state}, ${colorScheme}: axe looked at nothing`).toBeGreaterThan(0);
  }
}

for (const engine of ['chromium', 'firefox'] as const) {
  test(`axe finds nothing on the way in and out (${engine})`, async ({ rooms }) => {
    const browser = await rooms.browser(engine);
    const start = await visit(browser, withQuery(rooms.link.replace(/#.*/, '')), still);
    await expect(start.page.getByTestId('start')).toBeVisible();
    await expectNoViolations(start.page, 'start');
    await start.page.close();

    const { page } = await visit(browser, withQuery(rooms.link.slice(0, -4)), still);
    await expectNoViolations(page, 'invited');
    await page.getByTestId('join').click();
    await expectFailure(page, 'bad-link', []);
    await page.getByTestId('self-test-run').click();
    await expect(page.locator('[data-test="loopback"]')).toHaveAttribute('data-passed', 'true');
    await expectNoViolations(page, 'failed');
    await page.goto(withQuery(rooms.link));
    await page.getByTestId('join').click();
    await expectInRoom(page, 1);
    await page.getByTestId('leave').click();
    await expect(page.getByTestId('again')).toBeVisible();
    await expectNoViolations(page, 'left');
    await rooms.root.close();
    await page.getByTestId('again').click();
    await expect(page.getByTestId('cancel')).toBeVisible();
    await expectNoViolations(page, 'joining');
    await page.close();
  });

  test(`axe finds nothing in a room (${engine})`, async ({ rooms }) => {
    const member = await rooms.open('chromium', { name: 'Member' });
    const { page } = await visit(await rooms.browser(engine), withQuery(rooms.link, '&name=Visitor'), still);
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
    await expectNoViolations(page, 'room, with the packets shown');
    await page.getByTestId('figures-open').click();
    await page.getByRole('button', { name: 'Search messages' }).click();
    await expect(page.getByTestId('search')).toBeVisible();
    await page.getByRole('button', { name: 'Show as a list' }).click();
    await expect(page.getByTestId('outline')).toBeVisible();
    await expectNoViolations(page, 'outline, figures and search');
    await page.getByTestId('invite').click();
    await expect(page.getByTestId('invite-dialog').getByTestId('qr')).toBeVisible();
    await expectNoViolations(page, 'invitation');
    await page.getByTestId('projector-open').click();
    await expect(page.getByTestId('projector').getByTestId('qr')).toBeVisible();
    await expectNoViolations(page, 'projector');
    await page.keyboard.press('Escape');

    await page.setViewportSize({ width: 390, height: 780 });
    for (const tab of ['talk', 'tree', 'people']) {
      await page.getByTestId(`tab-${tab}`).click();
      await expectNoViolations(page, `narrow, ${tab}`);
    }
    await rooms.root.close();
    await expect(page.getByTestId('banner-root-away')).toBeVisible({ timeout: 30_000 });
    await expectNoViolations(page, 'root away');
    await page.close();
  });
}
