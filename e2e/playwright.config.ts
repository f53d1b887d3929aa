import { defineConfig } from '@playwright/test';

/**
 * Fixtures start their own root servers and browsers, so there is no `webServer` and no project per browser: one test
 * may hold Chromium and Firefox in one tree. One worker, because peers of two tests would compete for the processor;
 * no retries, because a test that passes the second time has found something.
 */
export default defineConfig({
  testDir: '.',
  testMatch: '**/*.spec.ts',
  outputDir: '../test-results',
  workers: 1,
  fullyParallel: false,
  retries: 0,
  timeout: 120_000,
  expect: { timeout: 15_000 },
  forbidOnly: process.env['CI'] !== undefined,
  reporter: process.env['PLAYWRIGHT_JSON_OUTPUT_FILE'] === undefined ? [['list']] : [['list'], ['json']],
});
