// Installs the packages when what is installed is not what the lockfile says.
import { existsSync, readFileSync } from 'node:fs';
import { inTop } from './paths.mjs';
import { run } from './process.mjs';

/**
 * @typedef {{ version?: string, optional?: boolean, devOptional?: boolean, peer?: boolean }} LockedPackage
 * @typedef {{ packages?: Record<string, LockedPackage> }} Lock
 */

/**
 * Whether npm's record of the installed packages agrees with the lockfile. Contents are compared and not dates: a
 * checkout or an `npm install` of one package changes dates without making anything stale.
 *
 * @param {Lock} wanted package-lock.json
 * @param {Lock} installed node_modules/.package-lock.json
 */
export function isInstalled(wanted, installed) {
  const have = installed.packages ?? {};
  for (const [path, { version, optional, devOptional }] of Object.entries(wanted.packages ?? {})) {
    if (path === '') continue;
    const found = have[path];
    // Packages for other platforms are optional and rightly absent.
    if (found === undefined ? !(optional ?? devOptional ?? false) : found.version !== version) return false;
  }
  return true;
}

/** @param {string} path @returns {Lock | undefined} */
function readLock(path) {
  if (!existsSync(path)) return undefined;
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * Makes node_modules what the lockfile says, by `npm ci` if it is not so already.
 *
 * @returns {Promise<void>} Rejects when npm fails.
 */
export async function ensureDependencies() {
  const wanted = readLock(inTop('package-lock.json'));
  const installed = readLock(inTop('node_modules', '.package-lock.json'));
  if (wanted !== undefined && installed !== undefined && isInstalled(wanted, installed)) return;
  process.stderr.write('Installing packages (npm ci) ...\n');
  const code = await run('npm', ['ci', '--include=dev', '--no-fund', '--no-audit'], { stdoutToStderr: true });
  if (code !== 0) throw new Error(`npm ci failed with code ${code}`);
}
