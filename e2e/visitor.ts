/** A person at a browser, who comes by way of the page and not of `?join=1`. */
import { expect, type Browser, type BrowserContextOptions, type Page, type TestInfo } from '@playwright/test';

export interface Visitor {
  readonly page: Page;
  /** Every address the page asked, by its host. */
  readonly hosts: ReadonlySet<string>;
  /** Uncaught errors, and what the Content-Security-Policy stopped. */
  readonly complaints: readonly string[];
}

/** Opens an address in a context of its own. The words are English unless told. */
export async function visit(
  browser: Browser,
  url: string,
  { before, ...options }: BrowserContextOptions & { before?: () => void } = {},
): Promise<Visitor> {
  const context = await browser.newContext({ locale: 'en-GB', ...options });
  if (before !== undefined) await context.addInitScript(before);
  const page = await context.newPage();
  const hosts = new Set<string>();
  const complaints: string[] = [];
  const note = (address: string): void => {
    const { protocol, host } = new URL(address);
    if (protocol !== 'blob:' && protocol !== 'data:') hosts.add(host);
  };
  page.on('request', (request) => {
    note(request.url());
  });
  page.on('websocket', (socket) => {
    note(socket.url());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (/content.security|trusted.?type/i.test(message.text())) complaints.push(message.text());
  });
  await page.goto(url);
  return { page, hosts, complaints };
}

/** The link with `?ice=off`, since tests ask no server elsewhere, and perhaps more. */
export function withQuery(link: string, query = ''): string {
  const url = new URL(link);
  url.search = `?ice=off${query}`;
  return url.href;
}

/** Waits until the page is in a room of this size. */
export async function expectInRoom(page: Page, size: number): Promise<void> {
  const state = page.getByTestId('state');
  await expect(state).toHaveAttribute('data-state', 'attached', { timeout: 30_000 });
  await expect(state).toHaveAttribute('data-room-size', `${size}`, { timeout: 30_000 });
}

/** Keeps a picture of a state beside the test's results, to be looked at. */
export async function keep(page: Page, testInfo: TestInfo, name: string): Promise<void> {
  const path = testInfo.outputPath(`${name.replace(/\W+/g, '-')}.png`);
  await page.screenshot({ path });
  await testInfo.attach(name, { path, contentType: 'image/png' });
}

/** Waits for a failure of this kind, told in these words. */
export async function expectFailure(
  page: Page,
  kind: string,
  words: readonly RegExp[],
  timeout = 15_000,
): Promise<void> {
  const failure = page.getByTestId('failure');
  await expect(failure).toHaveAttribute('data-kind', kind, { timeout });
  for (const each of words) await expect(failure).toContainText(each);
}
