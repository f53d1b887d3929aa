/** Talking: who types, how far words got, words for one, answers, and what is new. Two engines in one tree. */
import { type Page } from '@playwright/test';
import type { Room } from '../client/api.ts';
import { lookWithAxe } from './axe.ts';
import { expect, openRoom, test, untilOneTree, type RoomPage } from './fixtures.ts';

interface InPage {
  readonly banyan: { readonly room: Room };
}

/** What axe finds wrong by day and by night, in a few words. */
async function faults({ page }: RoomPage): Promise<string[]> {
  const found: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    found.push(...(await faultsNow(page)));
  }
  return found;
}

const tags = ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'];

async function faultsNow(page: Page): Promise<readonly string[]> {
  return (await lookWithAxe(page, (builder) => builder.setLegacyMode(false).withTags(tags))).faults;
}

/** The newest message of this text: what it says itself, not what it quotes. */
const messageOf = ({ page }: RoomPage, text: string) =>
  page
    .getByTestId('message')
    .filter({ has: page.getByTestId('message-text').filter({ hasText: text }) })
    .last();

test('[T1] [T5] [T6] [T7] [M7] people see who types, how far their words got, what is for them alone, and what answers what', async ({
  rooms,
}) => {
  const ana = await rooms.open('chromium', { name: 'Ana' });
  const ben = await rooms.open('firefox', { name: 'Ben' });
  const cara = await rooms.open('chromium', { name: 'Cara' });
  await untilOneTree([ana, ben, cara]);
  await expect(ana.page.getByRole('button', { name: '3 people' })).toBeVisible();

  // Typing comes, and goes when the field is empty again.
  const typing = ana.page.getByTestId('typing');
  // Both watch from before on: it is shown for 6 s.
  const appears = [ana, cara].map(({ page }) => expect(page.getByTestId('typing')).toHaveText('Ben is typing'));
  await ben.page.getByTestId('composer').pressSequentially('Hmm');
  await Promise.all(appears);
  await expect(ben.page.getByTestId('typing')).toHaveText('');
  await ben.page.getByTestId('composer').fill('');
  await expect(typing).toHaveText('');

  // Own words reach everybody, and say so.
  await ana.say('Who brings the tent?');
  const receipt = messageOf(ana, 'Who brings the tent?').getByTestId('receipt');
  await expect(receipt).toHaveAttribute('data-reached', '2');
  await expect(receipt).toHaveText('reached 2 of 2');

  // An answer carries what it answers, and leads back to it.
  for (let line = 1; line <= 12; line++) await cara.say(`thought ${line}`);
  await messageOf(ben, 'Who brings the tent?').hover();
  await messageOf(ben, 'Who brings the tent?').getByTestId('reply').click();
  await ben.page.getByTestId('composer').fill('I do');
  await ben.page.getByTestId('composer').press('Enter');
  const quote = messageOf(cara, 'I do').getByTestId('quote');
  await expect(quote).toHaveAccessibleName('Go to the message of Ana: Who brings the tent?');
  const question = messageOf(cara, 'Who brings the tent?');
  await expect(question).not.toBeInViewport();
  await quote.click();
  await expect(cara.page.locator('[data-testid="message"]:focus')).toContainText('Who brings the tent?');
  await expect(question.getByTestId('message-text')).toBeInViewport();

  // What is for one is seen by that one, and marked at both ends.
  await messageOf(ana, 'I do')
    .locator('xpath=ancestor::*[contains(@class, "group")]')
    .getByRole('button', { name: 'Ben' })
    .click();
  await expect(ana.page.getByTestId('private')).toContainText('Only Ben can read what you write here.');
  await ana.say('Thank you, quietly');
  const kept = messageOf(ana, 'Thank you, quietly');
  await expect(kept).toContainText('Only Ben can read this');
  await expect(kept.getByTestId('receipt')).toHaveText('Ben has it');
  await expect(messageOf(ben, 'Thank you, quietly')).toContainText('Only you and Ana can read this');
  await ana.page.getByTestId('composer').press('Escape');
  await expect(ana.page.getByTestId('private')).toBeHidden();
  await ana.say('To everyone again');
  await expect(messageOf(cara, 'To everyone again')).toBeVisible();
  expect(await cara.texts()).not.toContain('Thank you, quietly');
  expect(await cara.page.content()).not.toContain('quietly');

  // Nothing of it keeps anybody out.
  await ana.page.getByRole('button', { name: /people/ }).click();
  await ana.page.getByTestId('write').first().click();
  await messageOf(ana, 'I do').hover();
  await messageOf(ana, 'I do').getByTestId('reply').click();
  await expect(ana.page.getByTestId('aim')).toContainText('Answer to Ben');
  expect(await faults(ana)).toEqual([]);
});

test('what came while somebody looked elsewhere is counted, in the title too, and marked; namesakes are told apart', async ({
  rooms,
}) => {
  const ana = await rooms.open('chromium', { name: 'Ana' });
  const phone = await rooms.open('chromium', { name: 'Ben' });
  await phone.page.setViewportSize({ width: 390, height: 780 });
  await untilOneTree([ana, phone]);
  await ana.say('first');
  await expect(messageOf(phone, 'first')).toBeVisible();
  await phone.page.getByTestId('tab-people').click();
  await ana.say('second');
  await ana.say('third');
  await expect(phone.page).toHaveTitle('(2) Banyan');
  await expect(phone.page.getByTestId('tab-talk')).toContainText('2 new messages');

  // Somebody else comes who goes by her name, written otherwise.
  const other = await rooms.open('firefox', { name: 'An\u0430' });
  await untilOneTree([ana, phone, other]);
  await expect(phone.page.getByTestId('namesake')).toHaveCount(2);
  expect(await faults(phone)).toEqual([]);

  // His own other tab is no stranger to himself.
  const twin = await openRoom(phone.page.context(), rooms.link, 'Ben', rooms.complaints);
  await untilOneTree([ana, phone, other, twin]);
  await expect(phone.page.getByTestId('members')).toContainText('your other tab');
  await expect(twin.page.getByTestId('members')).toContainText('your other tab');
  await expect(phone.page.getByTestId('namesake')).toHaveCount(2);
  // To others they are two of one name; she herself needs no warning of herself.
  await expect(ana.page.locator('[data-testid="namesake"]')).toHaveCount(3);

  await phone.page.getByTestId('tab-talk').click();
  await expect(phone.page).toHaveTitle('Banyan');
  const rows = await phone.page
    .locator('[data-testid="news"], [data-testid="message"]')
    .evaluateAll((found) =>
      found.map((row) =>
        (row as HTMLElement).dataset['testid'] === 'news'
          ? 'new'
          : (row.querySelector('[data-testid="message-text"]')?.textContent ?? ''),
      ),
    );
  expect(rows).toEqual(['first', 'new', 'second', 'third']);
  expect(await faults(phone)).toEqual([]);
  await phone.say('read');
  await expect(phone.page.getByTestId('news')).toBeHidden();
});

test('a long conversation stays light: its beginning waits above, comes when somebody reads upwards, and nothing jumps', async ({
  rooms,
}) => {
  const ana = await rooms.open('chromium', { name: 'Ana' });
  const ben = await rooms.open('firefox', { name: 'Ben' });
  const both = [ana, ben];
  await untilOneTree(both);
  const [all, drawnMin, drawnMax] = [420, 200, 400];
  const sayMany = async ({ page, name }: RoomPage, count: number): Promise<void> =>
    page.evaluate(
      async ([who, last]) => {
        const { room } = (window as never as InPage).banyan;
        for (let i = 1; i <= last; i++) await room.send(`${who} ${i}`);
      },
      [name, count] as const,
    );
  await Promise.all(both.map(async (page) => sayMany(page, all / 2)));
  for (const { page } of both) {
    const messages = page.getByTestId('message');
    for (const name of ['Ana', 'Ben'])
      await expect(messages.filter({ hasText: `${name} ${all / 2}` })).toHaveCount(1, { timeout: 30_000 });
    await expect(messages.last()).toBeInViewport();
    const drawn = await messages.count();
    expect(drawn).toBeGreaterThanOrEqual(drawnMin);
    expect(drawn).toBeLessThan(drawnMax);
  }

  for (const reader of both) {
    const messages = reader.page.getByTestId('message');
    // What is drawn stays what it is when somebody says more.
    await messages.nth(100).evaluate((element) => element.setAttribute('data-marked', ''));
    const marked = reader.page.locator('[data-marked]');
    await reader.say(`${reader.name} once more`);
    await expect(messages.last()).toContainText('once more');
    await expect(marked).toHaveCount(1);

    const first = messages.first();
    const id = (await first.getAttribute('data-id')) ?? '';
    const wasFirst = reader.page.locator(`[data-id="${id}"]`);
    await first.evaluate((element) => element.scrollIntoView({ block: 'center' }));
    await expect.poll(async () => messages.count()).toBeGreaterThanOrEqual(all);
    await expect(wasFirst).toBeInViewport();
    await expect(messages.first()).not.toBeInViewport();

    await reader.page.getByRole('button', { name: 'Go to the newest' }).click();
    await expect(messages.last()).toBeInViewport();
    await expect.poll(async () => messages.count()).toBeLessThan(drawnMax);
  }
});
