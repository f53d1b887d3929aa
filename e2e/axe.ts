/** What axe finds in a page, in a few words. */
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';

export interface Findings {
  readonly faults: readonly string[];
  /** Rules that held: none when axe looked at nothing. */
  readonly passes: number;
}

/** `configure` picks rules; without it there are all. */
export async function lookWithAxe(
  page: Page,
  configure: (builder: AxeBuilder) => AxeBuilder = (builder) => builder,
): Promise<Findings> {
  // Its types are of another copy of Playwright. Legacy mode looks at this page alone and opens no other: there are no frames.
  const builder = configure(new AxeBuilder({ page: page as never }).setLegacyMode(true));
  const { violations, passes } = await builder.analyze();
  const faults = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
  return { faults, passes: passes.length };
}
