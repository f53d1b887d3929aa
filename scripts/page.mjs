// Builds the page when the build is missing or made from other sources.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { filesIn, inTop } from './paths.mjs';
import { run } from './process.mjs';

const built = inTop('dist', 'web', 'index.html');
const stamp = inTop('dist', 'web.stamp');

/** A digest of every file the page is made from. */
function sourcesDigest() {
  const hash = createHash('sha256');
  const sources = ['web', 'client', 'protocol'].flatMap((folder) =>
    filesIn(folder, (path) => !path.endsWith('.test.ts') && !path.startsWith('protocol/sim/')),
  );
  for (const path of [...sources, 'vite.config.ts', 'vite.embed.config.ts', 'svelte.config.js', 'package-lock.json']) {
    hash
      .update(`${path}\0`)
      .update(readFileSync(inTop(path)))
      .update('\0');
  }
  return hash.digest('hex');
}

/**
 * Makes dist/web the build of the present sources.
 *
 * @param {{ force?: boolean }} [options]
 * @returns {Promise<'built' | 'fresh' | 'no sources'>} Rejects when vite fails.
 */
export async function ensurePage(options = {}) {
  if (!existsSync(inTop('web', 'index.html'))) return 'no sources';
  const digest = sourcesDigest();
  const fresh = existsSync(built) && existsSync(stamp) && readFileSync(stamp, 'utf8') === digest;
  if (fresh && options.force !== true) return 'fresh';
  process.stderr.write('Building the page ...\n');
  rmSync(stamp, { force: true });
  const vite = inTop('node_modules', 'vite', 'bin', 'vite.js');
  // The second adds to what the first made.
  for (const config of ['vite.config.ts', 'vite.embed.config.ts']) {
    const args = [vite, 'build', '--config', config, '--logLevel', 'warn'];
    const code = await run(process.execPath, args, { stdoutToStderr: true });
    if (code !== 0) throw new Error(`vite build with ${config} failed with code ${code}`);
  }
  mkdirSync(inTop('dist'), { recursive: true });
  writeFileSync(stamp, digest);
  return 'built';
}
