/** A phone: three taps to the first message, and back in the room after it was locked. */
import type { Page } from '@playwright/test';
import type { Room } from '../client/api.ts';
import { launchServer } from './browsers.ts';
import { expect, test, untilOneTree, type RoomPage } from './fixtures.ts';
import { expectInRoom, keep, visit, withQuery } from './visitor.ts';

const phone = { viewport: { width: 390, height: 780 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };

/** Counts the fingers that touched the screen. */
function countTaps(): void {
  Object.assign(window, { taps: 0 });
  window.addEventListener(
    'pointerdown',
    (event) => {
      if (event.isTrusted && event.pointerType === 'touch') (window as never as { taps: number }).taps += 1;
    },
    { capture: true },
  );
}

test('on a phone three taps lead from the link to the first message sent', async ({ rooms }, testInfo) => {
  const member = await rooms.open('chromium', { name: 'member' });
  const visitor = await visit(await rooms.browser('chromium'), withQuery(rooms.link), { ...phone, before: countTaps });
  const { page } = visitor;
  await keep(page, testInfo, 'invited');
  await page.getByTestId('join').tap();
  await expectInRoom(page, 2);
  await page.getByTestId('composer').tap();
  await page.keyboard.type('hello from the train');
  await keep(page, testInfo, 'about to send');
  await page.getByTestId('send').tap();
  await expect.poll(() => member.texts()).toContain('hello from the train');
  const taps = await page.evaluate(() => (window as never as { taps: number }).taps);
  expect(taps).toBeGreaterThan(0);
  expect(taps).toBeLessThanOrEqual(3);
  await page.getByTestId('tab-tree').tap();
  await expect(page.getByTestId('tree-node')).toHaveCount(2);
  await keep(page, testInfo, 'tree');
  expect(visitor.complaints).toEqual([]);
  await page.close();
});

/** Names of those whom a page holds to be in the room. */
function namesIn(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...(window as never as { banyan: { room: Room } }).banyan.room.members.values()].map(({ name }) => name).sort(),
  );
}

test('[H1] a phone that is locked and unlocked twice is back in the room by itself, each time as one person', async ({
  rooms,
}) => {
  // A locked phone stops everything: here the whole browser, which runs in a process group of its own.
  const { server, browser } = await launchServer();
  const { pid } = server.process();
  if (pid === undefined) throw new Error('the browser has no process id');
  try {
    const names = ['ana', 'ben', 'chidi', 'dana'];
    const members: RoomPage[] = [];
    for (const name of names) members.push(await rooms.open(name === 'ben' ? 'firefox' : 'chromium', { name }));
    await untilOneTree(members);
    const { page } = await visit(browser, withQuery(rooms.link, '&name=phone'), phone);
    await page.getByTestId('join').tap();
    await expectInRoom(page, 5);
    for (const turn of ['first', 'second']) {
      process.kill(-pid, 'SIGSTOP');
      // The others notice, and go on without it.
      await untilOneTree(members, 30_000);
      await members[0]?.say(`said during the ${turn} lock`);
      process.kill(-pid, 'SIGCONT');
      await expectInRoom(page, 5);
      await expect(page.getByTestId('message-text').last()).toHaveText(`said during the ${turn} lock`);
      for (const member of members)
        await expect.poll(() => namesIn(member.page), { timeout: 20_000 }).toEqual([...names, 'phone']);
      await page.getByTestId('composer').fill(`back after the ${turn}`);
      await page.getByTestId('send').tap();
      for (const member of members) await expect.poll(() => member.texts()).toContain(`back after the ${turn}`);
    }
    await expect(page.getByTestId('message')).toHaveCount(4);
  } finally {
    process.kill(-pid, 'SIGCONT');
    await server.close();
  }
});
