/** All of it by keyboard alone. */
import { expect, test } from './fixtures.ts';
import { expectInRoom, visit, withQuery } from './visitor.ts';

for (const engine of ['chromium', 'firefox'] as const) {
  test(`by keyboard alone: a room is made, spoken in, looked at and invited to (${engine})`, async ({ rooms }) => {
    const { page } = await visit(await rooms.browser(engine), withQuery(rooms.link.replace(/#.*/, '')), {
      reducedMotion: 'reduce',
    });
    /** Presses Tab until the focus is there, as somebody would who looks where it goes. */
    const tabTo = async (testid: string, key = 'Tab'): Promise<void> => {
      for (let presses = 0; presses < 40; presses++) {
        const at = await page.evaluate(() => document.activeElement?.getAttribute('data-testid'));
        if (at === testid) return;
        await page.keyboard.press(key);
      }
      throw new Error(`${key} does not lead to ${testid}`);
    };
    await tabTo('name');
    await page.keyboard.type('Keys');
    await page.keyboard.press('Enter');
    await expectInRoom(page, 1);
    const link = await page.getByTestId('room-link').getAttribute('data-link');
    const member = await rooms.open('chromium', { name: 'Member', link: link ?? '' });
    await expectInRoom(page, 2);

    await tabTo('composer');
    await page.keyboard.type('typed, not clicked');
    await page.keyboard.press('Enter');
    await expect.poll(() => member.texts()).toContain('typed, not clicked');

    // The tree is one stop; arrows go from peer to peer, and a card tells of each.
    await tabTo('tree-node', 'Shift+Tab');
    const tree = page.getByTestId('tree');
    await expect(tree.locator(':focus')).toHaveAttribute('aria-label', /Keys, depth 1, 1 client \(you\)/);
    await page.keyboard.press('ArrowDown');
    await expect(tree.locator(':focus')).toHaveAttribute('aria-label', /Member, depth 2/);
    const card = page.getByTestId('peer-card');
    await expect(card).toContainText('Member');
    await expect(card).toContainText('Depth');
    await page.keyboard.press('Escape');
    await expect(card).toBeHidden();

    await tabTo('invite', 'Shift+Tab');
    await page.keyboard.press('Enter');
    await expect(page.getByTestId('invite-dialog')).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(page.getByTestId('invite-dialog')).toBeHidden();
    await expect(page.getByTestId('invite')).toBeFocused();
    await tabTo('leave');
    await page.keyboard.press('Enter');
    await tabTo('again');
    await expect(page.getByTestId('again')).toBeFocused();
    await page.close();
  });
}
