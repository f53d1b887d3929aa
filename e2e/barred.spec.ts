/** What the lobby says when the root or the network lets nobody in: why, and what to do. These take their time to be sure. */
import { startRootServer } from '../root-server/server.ts';
import { launch } from './browsers.ts';
import { expect, secret, test } from './fixtures.ts';
import { expectFailure, expectInRoom, keep, visit, withQuery } from './visitor.ts';

test('a full root and a root that went away are named, and one may try again', async ({ rooms }, testInfo) => {
  const browser = await rooms.browser('chromium');
  const small = await startRootServer({ port: 0, host: '127.0.0.1', socketsMax: 1 });
  const link = withQuery(`${small.url}/#${secret()}`);
  const first = await visit(browser, link);
  await first.page.getByTestId('join').click();
  await expectInRoom(first.page, 1);
  const second = await visit(browser, link);
  await second.page.getByTestId('join').click();
  await expectFailure(second.page, 'full', [/as many people as it may/, /Try again in a little while/]);
  await keep(second.page, testInfo, 'full');
  await first.page.getByTestId('leave').click();
  await expect(first.page.getByTestId('again')).toBeVisible();
  await second.page.getByTestId('again').click();
  await expectInRoom(second.page, 1);
  await second.page.getByTestId('leave').click();
  await keep(second.page, testInfo, 'left');
  await second.page.close();

  await small.close();
  await first.page.getByTestId('again').click();
  await expect(first.page.getByTestId('slow')).toBeVisible({ timeout: 12_000 });
  await keep(first.page, testInfo, 'joining takes long');
  await expectFailure(first.page, 'root-unreachable', [/cannot be reached/, /online/], 30_000);
  await first.page.getByTestId('self-test-run').click();
  await expect(first.page.locator('[data-test="root"]')).toHaveAttribute('data-passed', 'false');
  await expect(first.page.locator('[data-test="loopback"]')).toHaveAttribute('data-passed', 'true');
  await keep(first.page, testInfo, 'root unreachable');
  await first.page.close();
});

test('where UDP is blocked the way in says so while it goes on trying, and the test of the connection shows it', async ({
  rooms,
}, testInfo) => {
  const inside = await visit(await rooms.browser('chromium'), withQuery(rooms.link));
  await inside.page.getByTestId('join').click();
  await expectInRoom(inside.page, 1);
  // Such a browser uses UDP by way of a proxy only, and there is none.
  const walled = await launch('chromium', ['--webrtc-ip-handling-policy=disable_non_proxied_udp']);
  try {
    const outside = await visit(walled, withQuery(rooms.link));
    await outside.page.getByTestId('join').click();
    await expect(outside.page.getByTestId('slow')).toContainText(/firewall may block UDP/, { timeout: 30_000 });
    await outside.page.getByTestId('self-test-run').click();
    await expect(outside.page.locator('[data-test="address"]')).toHaveAttribute('data-passed', 'false');
    await expect(outside.page.locator('[data-test="root"]')).toHaveAttribute('data-passed', 'true');
    await keep(outside.page, testInfo, 'UDP blocked');
    await outside.page.getByTestId('cancel').click();
    await expect(outside.page.getByTestId('join')).toBeVisible();
  } finally {
    await walled.close();
  }
  await inside.page.close();
});
