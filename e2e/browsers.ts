/** Starts the browsers of this machine the way the tests need them. */
import { chromium, firefox, type Browser, type BrowserServer } from '@playwright/test';
import { findBrowsers, isPlaywrightBuild } from '../scripts/browsers.mjs';

export type Engine = 'chromium' | 'firefox';

/** Without these Chromium as root does not start, or keeps asking its maker's servers for news. */
export const chromiumArgs = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-quic',
  '--no-first-run',
  '--disable-component-update',
  '--disable-sync',
  // Peers of one machine must find each other without a resolver for local names.
  '--disable-features=WebRtcHideLocalIpsWithMdns',
  // Many pages in one process group: none is in front, and none may be slowed for it.
  '--disable-background-timer-throttling',
  '--disable-renderer-backgrounding',
  '--disable-backgrounding-occluded-windows',
];

const firefoxPreferences = {
  'media.peerconnection.ice.obfuscate_host_addresses': false,
  'media.peerconnection.ice.loopback': true,
  'dom.min_background_timeout_value': 4,
};

const found = findBrowsers();

async function pathOf(engine: Engine): Promise<string> {
  const path = (await found)[engine];
  if (path === undefined) throw new Error(`no ${engine} on this machine: run npm test, which installs one`);
  return path;
}

/** A Firefox of the system, steered over WebDriver BiDi, ignores what Playwright emulates: it must be started like this. */
export const still = { 'ui.prefersReducedMotion': 1 };
export const stillAndDark = { ...still, 'ui.systemUsesDarkTheme': 1 };

export async function launch(
  engine: Engine,
  extraArgs: readonly string[] = [],
  preferences: Readonly<Record<string, number>> = {},
): Promise<Browser> {
  const executablePath = await pathOf(engine);
  if (engine === 'chromium') return chromium.launch({ executablePath, args: [...chromiumArgs, ...extraArgs] });
  const own = await isPlaywrightBuild('firefox', executablePath);
  return firefox.launch({
    executablePath,
    firefoxUserPrefs: { ...firefoxPreferences, ...preferences },
    ...(own ? {} : { channel: 'moz-firefox' }),
  });
}

/** A Chromium in a process of its own, with the id of that process: to be killed or stopped whole. */
export async function launchServer(
  extraArgs: readonly string[] = [],
): Promise<{ server: BrowserServer; browser: Browser }> {
  const executablePath = await pathOf('chromium');
  const server = await chromium.launchServer({ executablePath, args: [...chromiumArgs, ...extraArgs] });
  return { server, browser: await chromium.connect(server.wsEndpoint()) };
}
