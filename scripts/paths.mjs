// The places the scripts share, and the two ways they look at the tree of sources.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's top folder, without a trailing slash. */
export const top = fileURLToPath(new URL('..', import.meta.url)).replace(/[/\\]$/, '');

/** @param {...string} parts Path inside the repository. */
export const inTop = (...parts) => join(top, ...parts);

const ignored = new Set(['node_modules', 'dist', '.git', 'test-results', 'playwright-report', 'coverage']);

/**
 * Every file below a folder of the repository whose path passes, sorted, relative to the top with forward slashes.
 * A folder that does not exist has no files.
 *
 * @param {string} folder
 * @param {(path: string) => boolean} accept
 * @returns {string[]}
 */
export function filesIn(folder, accept = () => true) {
  if (!existsSync(inTop(folder))) return [];
  /** @type {string[]} */
  const found = [];
  for (const entry of readdirSync(inTop(folder), { withFileTypes: true })) {
    const path = folder === '.' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      if (!ignored.has(entry.name)) found.push(...filesIn(path, accept));
    } else if (accept(path)) found.push(path);
  }
  return found.sort();
}
