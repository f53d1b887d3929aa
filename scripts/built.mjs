// Builds what is made from the sources, when it is missing or made from others: the page, and the library of the package.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { filesIn, inTop } from './paths.mjs';
import { run } from './process.mjs';

/**
 * @typedef {object} Build
 * @property {string} title
 * @property {string} folder Where it goes, in dist/. A file beside it holds the digest of the sources it was built from.
 * @property {string} entry A file that is in there once it is built.
 * @property {readonly string[]} folders
 * @property {readonly string[]} files
 * @property {string} program In node_modules.
 * @property {readonly (readonly string[])[]} calls Arguments of the program, once each, in this order.
 */

/** @type {Build} */
const page = {
  title: 'page',
  folder: 'web',
  entry: 'index.html',
  folders: ['web', 'client', 'protocol'],
  files: ['vite.config.ts', 'vite.embed.config.ts', 'svelte.config.js'],
  program: 'vite/bin/vite.js',
  // The second adds to what the first made.
  calls: ['vite.config.ts', 'vite.embed.config.ts'].map((config) => [
    ...['build', '--config', config],
    ...['--logLevel', 'warn'],
  ]),
};

/** @type {Build} */
const library = {
  title: 'library',
  folder: 'lib',
  entry: 'client/index.js',
  folders: ['client', 'protocol', 'root-server'],
  files: ['tsconfig.base.json', 'tsconfig.package.json'],
  program: 'typescript/bin/tsc',
  calls: [['-p', 'tsconfig.package.json']],
};

/** A digest of every file it is made from. @param {Build} build */
function sourcesDigest({ folders, files }) {
  const hash = createHash('sha256');
  const sources = folders.flatMap((folder) =>
    filesIn(folder, (path) => !/\.test\.ts$|\.tsbuildinfo$/.test(path) && !path.startsWith('protocol/sim/')),
  );
  for (const path of [...sources, ...files, 'package-lock.json']) {
    hash
      .update(`${path}\0`)
      .update(readFileSync(inTop(path)))
      .update('\0');
  }
  return hash.digest('hex');
}

/**
 * @typedef {{ force?: boolean }} Options `force`: builds though nothing changed.
 * @typedef {'built' | 'fresh' | 'no sources'} Outcome
 */

/** @param {Build} build @param {Options} options @returns {Promise<Outcome>} */
async function ensure(build, options) {
  const { title, folder, program, calls } = build;
  const stamp = inTop('dist', `${folder}.stamp`);
  const digest = sourcesDigest(build);
  const isThere = existsSync(inTop('dist', folder, build.entry)) && existsSync(stamp);
  const fresh = isThere && readFileSync(stamp, 'utf8') === digest;
  if (fresh && options.force !== true) return 'fresh';
  process.stderr.write(`Building the ${title} ...\n`);
  rmSync(stamp, { force: true });
  // Of modules that are gone nothing may stay.
  rmSync(inTop('dist', folder), { recursive: true, force: true });
  for (const args of calls) {
    const code = await run(process.execPath, [inTop('node_modules', program), ...args], { stdoutToStderr: true });
    if (code !== 0) throw new Error(`building the ${title} failed with code ${code} (${program} ${args.join(' ')})`);
  }
  mkdirSync(inTop('dist'), { recursive: true });
  writeFileSync(stamp, digest);
  return 'built';
}

/** Makes dist/web the build of the present sources. Rejects when vite fails. @param {Options} [options] */
export async function ensurePage(options = {}) {
  return existsSync(inTop('web', 'index.html')) ? ensure(page, options) : 'no sources';
}

/** Makes dist/lib the present sources in JavaScript, with types. Rejects when tsc fails. @param {Options} [options] */
export async function ensureLibrary(options = {}) {
  return ensure(library, options);
}
