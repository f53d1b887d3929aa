// Finds Chromium and Firefox for the end-to-end tests and the measurements, and installs them where there are none.
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { inTop } from './paths.mjs';
import { capture, run } from './process.mjs';

/**
 * @typedef {'chromium' | 'firefox'} BrowserName
 * @typedef {{ chromium: string | undefined, firefox: string | undefined }} Browsers Paths of executables.
 */

/** @type {Record<BrowserName, { variable: string, programs: readonly string[] }>} */
const places = {
  chromium: { variable: 'BANYAN_CHROMIUM', programs: ['chromium', 'chromium-browser', 'google-chrome'] },
  firefox: { variable: 'BANYAN_FIREFOX', programs: ['firefox-esr', 'firefox'] },
};

/** Bound on asking a browser for its version, in ms: a cold start from a slow disk takes a few seconds. */
const versionTimeoutMs = 20_000;

/** Bound on Playwright's own download, in ms: without a way to its servers it would try for many minutes. */
const downloadTimeoutMs = 60_000;

/** @param {string} program @returns {string | undefined} The program's path, if PATH has it. */
function onPath(program) {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, program);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not here.
    }
  }
  return undefined;
}

/** Whether a file is a browser that starts: a stub of a package manager or one that lacks its libraries does not. */
async function starts(/** @type {string} */ path) {
  return existsSync(path) && (await capture(path, ['--version'], { timeoutMs: versionTimeoutMs })).code === 0;
}

/** @param {BrowserName} name @returns {Promise<string | undefined>} Where Playwright keeps its own build. */
async function inPlaywrightCache(name) {
  try {
    const playwright = await import('playwright');
    return playwright[name].executablePath();
  } catch {
    return undefined;
  }
}

/**
 * Whether a path is Playwright's own build. Its Firefox is driven as it is; any other Firefox needs the channel
 * `moz-firefox`.
 *
 * @param {BrowserName} name
 * @param {string} path
 */
export async function isPlaywrightBuild(name, path) {
  return path === (await inPlaywrightCache(name));
}

/** @param {BrowserName} name @returns {Promise<string | undefined>} */
async function findBrowser(name) {
  const { variable, programs } = places[name];
  const chosen = process.env[variable];
  if (chosen !== undefined && chosen !== '') {
    if (await starts(chosen)) return chosen;
    throw new Error(`${variable} is '${chosen}', which does not start`);
  }
  for (const path of [...programs.map(onPath), await inPlaywrightCache(name)]) {
    if (path !== undefined && (await starts(path))) return path;
  }
  return undefined;
}

/**
 * The browsers of this machine: those named by BANYAN_CHROMIUM and BANYAN_FIREFOX, else those on PATH, else those in
 * Playwright's cache.
 *
 * @returns {Promise<Browsers>} Rejects when a variable names something that does not start.
 */
export async function findBrowsers() {
  const [chromium, firefox] = await Promise.all([findBrowser('chromium'), findBrowser('firefox')]);
  return { chromium, firefox };
}

/** @param {Browsers} browsers @returns {BrowserName[]} */
function missingOf({ chromium, firefox }) {
  return [...(chromium === undefined ? ['chromium'] : []), ...(firefox === undefined ? ['firefox'] : [])].map(
    (name) => /** @type {BrowserName} */ (name),
  );
}

/**
 * Finds both browsers and installs what is missing: by Playwright, else, on Debian as root, by apt-get.
 *
 * @returns {Promise<{ chromium: string, firefox: string }>} Rejects, naming what to do, when one cannot be had.
 */
export async function ensureBrowsers() {
  let browsers = await findBrowsers();
  let missing = missingOf(browsers);
  if (missing.length > 0) {
    process.stderr.write(`Installing ${missing.join(' and ')} (playwright install) ...\n`);
    const cli = inTop('node_modules', 'playwright', 'cli.js');
    await run(process.execPath, [cli, 'install', ...missing], { timeoutMs: downloadTimeoutMs, stdoutToStderr: true });
    browsers = await findBrowsers();
    missing = missingOf(browsers);
  }
  if (missing.length > 0 && existsSync('/etc/debian_version') && process.getuid?.() === 0) {
    const packages = missing.map((name) => (name === 'firefox' ? 'firefox-esr' : 'chromium'));
    process.stderr.write(`Installing ${packages.join(' and ')} (apt-get) ...\n`);
    const options = { env: { DEBIAN_FRONTEND: 'noninteractive' }, stdoutToStderr: true };
    await run('apt-get', ['update'], options);
    await run('apt-get', ['install', '-y', '--no-install-recommends', ...packages], options);
    browsers = await findBrowsers();
    missing = missingOf(browsers);
  }
  const { chromium, firefox } = browsers;
  if (chromium === undefined || firefox === undefined) {
    throw new Error(
      `no ${missing.join(' and no ')} found: install it, or name its executable in ` +
        missing.map((name) => places[name].variable).join(' and '),
    );
  }
  return { chromium, firefox };
}
