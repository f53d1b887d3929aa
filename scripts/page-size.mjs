// How much script the page loads before one is in a room: what is seen first, and the SDK, which comes right behind it.
import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { gzipSync } from 'node:zlib';
import { inTop } from './paths.mjs';

/** Most of it, gzipped, in bytes: all of it takes about a second on a slow phone connection. */
export const scriptBytesMax = { first: 70 * 1024, all: 150 * 1024 };

/** Addresses of the scripts that a built page names. @param {string} html */
export function scriptsNamedIn(html) {
  const sources = html.matchAll(/<(?:script|link rel="modulepreload")[^>]*?(?:src|href)="([^"]+)"/g);
  return [...sources].map(([, src = '']) => src);
}

/**
 * Bytes of scripts and of all they cannot run without, each gzipped as a server would. What they load later, on demand, is not among them.
 *
 * @param {readonly string[]} entries
 * @param {(src: string) => Uint8Array} read Gives a script by its address.
 */
export function scriptBytes(entries, read) {
  const sources = new Set(entries);
  let bytes = 0;
  for (const src of sources) {
    const script = read(src);
    bytes += gzipSync(script).length;
    for (const [, other = ''] of new TextDecoder().decode(script).matchAll(/\b(?:from|import)\s*"(\.[^"]+\.js)"/g))
      sources.add(`./${posix.join(posix.dirname(src), other)}`);
  }
  return bytes;
}

/** What the page in dist/web loads before anything is seen, and until one is in a room. */
export function builtScriptBytes() {
  /** @param {string} src */
  const read = (src) => readFileSync(inTop('dist', 'web', src));
  const first = scriptsNamedIn(read('index.html').toString());
  const sdk = readdirSync(inTop('dist', 'web', 'assets')).filter((name) => /^client-.*\.js$/.test(name));
  if (sdk.length === 0) throw new Error('the page has no SDK');
  const all = [...first, ...sdk.map((name) => `./assets/${name}`)];
  return { first: scriptBytes(first, read), all: scriptBytes(all, read) };
}
