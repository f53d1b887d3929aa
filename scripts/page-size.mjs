// How much script the page loads before one is in a room: what is seen first, and the SDK, which comes right behind it.
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { inTop } from './paths.mjs';

/** Most of it, gzipped, in bytes: all of it takes about a second on a slow phone connection. */
export const scriptBytesMax = { first: 70 * 1024, all: 150 * 1024 };

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

/** The same for the page in dist/web: what is seen first, and all until one is in a room. */
export function builtScriptBytes() {
  const html = readFileSync(inTop('dist', 'web', 'index.html'), 'utf8');
  const first = initialScriptBytes(html, (src) => readFileSync(inTop('dist', 'web', src)));
  const sdk = readdirSync(inTop('dist', 'web', 'assets')).filter((name) => /^client-.*\.js$/.test(name));
  if (sdk.length === 0) throw new Error('the page has no SDK');
  const sizes = sdk.map((name) => gzipSync(readFileSync(inTop('dist', 'web', 'assets', name))).length);
  return { first, all: sizes.reduce((sum, bytes) => sum + bytes, first) };
}
