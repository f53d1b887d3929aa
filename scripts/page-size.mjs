// How much script the page loads before anything is seen.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { inTop } from './paths.mjs';

/** Most of it, gzipped, in bytes: about a second on a slow phone connection. */
export const initialScriptBytesMax = 150 * 1024;

/**
 * Bytes of the scripts that a built page names, each gzipped as a server would. What is loaded later, on demand, is not among them.
 *
 * @param {string} html
 * @param {(src: string) => Uint8Array} read Gives a script by the address the page has for it.
 */
export function initialScriptBytes(html, read) {
  const sources = [...html.matchAll(/<(?:script|link rel="modulepreload")[^>]*?(?:src|href)="([^"]+)"/g)];
  return sources.reduce((sum, [, src = '']) => sum + gzipSync(read(src)).length, 0);
}

/** The same for the page in dist/web. */
export function builtScriptBytes() {
  const html = readFileSync(inTop('dist', 'web', 'index.html'), 'utf8');
  return initialScriptBytes(html, (src) => readFileSync(inTop('dist', 'web', src)));
}
