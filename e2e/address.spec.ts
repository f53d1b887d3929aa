import type { Locator } from '@playwright/test';
import { expect, test, untilOneTree } from './fixtures.ts';

for (const engine of ['chromium', 'firefox'] as const) {
  test(`another room in the address is asked about, never entered by itself, in ${engine}`, async ({ rooms }) => {
    const other = rooms.newLink();
    const waiting = await rooms.open('chromium', { name: 'waiting', link: other });
    // It joins as soon as it is loaded: this is what must not happen again.
    const { page } = await rooms.open(engine, { name: 'walker' });
    await expect(page.getByTestId('composer')).toBeVisible();
    await page.evaluate((hash) => {
      location.hash = hash;
    }, new URL(other).hash);
    // Out of the one room, and at the door of the other.
    await expect(page.getByTestId('join')).toBeVisible();
    await expect(page.getByTestId('composer')).toBeHidden();
    await expect.poll(() => rooms.root.rooms().map(({ nodes }) => nodes.size)).toEqual([1]);
    await waiting.say('nobody here but me');
    expect(await page.getByTestId('message').count()).toBe(0);
    await page.getByTestId('join').click();
    await expect(page.getByTestId('message')).toHaveCount(1);
    // Going back asks as well.
    await page.goBack();
    await expect(page.getByTestId('join')).toBeVisible();
  });

  test(`the secret goes out of the address on request, and the room goes on, in ${engine}`, async ({ rooms }) => {
    const [first, second] = [
      await rooms.open(engine, { name: 'first' }),
      await rooms.open('chromium', { name: 'second' }),
    ];
    await untilOneTree([first, second]);
    const { page } = first;
    expect(new URL(page.url()).hash).toBe(new URL(rooms.link).hash);
    await page.getByTestId('invite').click();
    await page.getByTestId('conceal').click();
    await expect(page.getByTestId('concealed')).toBeVisible();
    await expect(page.getByTestId('conceal')).toBeHidden();
    const secret = new URL(rooms.link).hash.slice(1);
    const left = await page.evaluate(() => location.href + JSON.stringify(history.state) + document.title);
    expect(left).not.toContain(secret);
    // The link can still be had, by who asks for it.
    expect(await page.getByTestId('invite-link').inputValue()).toContain(secret);
    await page.keyboard.press('Escape');
    await second.say('are you there?');
    await expect.poll(() => first.texts()).toContain('are you there?');
    await first.say('I am');
    await expect.poll(() => second.texts()).toContain('I am');
  });
}

test('two people read each other the same safety tag, and a third one has another', async ({ rooms }) => {
  const pages = [
    await rooms.open('chromium', { name: 'Ana', query: '&lang=en' }),
    await rooms.open('firefox', { name: 'Ben', query: '&lang=en' }),
    await rooms.open('chromium', { name: 'Cleo', query: '&lang=en' }),
  ];
  const ids = (await untilOneTree(pages)).map(({ id }) => id);
  const rowOf = (reader: number, member: number): Locator => {
    const page = pages[reader]?.page;
    if (page === undefined) throw new Error('no such page');
    return page.locator(`[data-testid="member"][data-id="${ids[member] ?? ''}"]`);
  };
  const read = async (reader: number, member: number): Promise<string> => {
    const row = rowOf(reader, member);
    const tag = row.getByTestId('safety-tag');
    if (!(await tag.isVisible())) await row.getByTestId('compare').click();
    await expect(tag).toHaveText(/^\d{5}( \d{5}){7}$/);
    return tag.innerText();
  };
  for (const { page } of pages) await page.getByRole('button', { name: '3 people' }).click();
  const tag = await read(0, 1);
  expect(await read(1, 0)).toBe(tag);
  expect(await read(0, 2)).not.toBe(tag);
  // Once more folds it away.
  await rowOf(0, 1).getByTestId('compare').click();
  await expect(rowOf(0, 1).getByTestId('safety-tag')).toBeHidden();
});
