/** Signatures about which verifiers are known to disagree, judged by both engines and by what stands in for them (rule S1). */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { expect, test } from './fixtures.ts';
import type { Taken } from './signatures-page.ts';

/** The module as a script that gives its page `signatures.judge`. */
async function script(): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: 'warn',
    build: {
      write: false,
      target: 'es2022',
      lib: {
        entry: fileURLToPath(new URL('signatures-page.ts', import.meta.url)),
        formats: ['iife'],
        name: 'signatures',
      },
    },
  });
  const code = [built].flat().flatMap((result) => ('output' in result ? result.output : []))[0];
  if (code?.type !== 'chunk') throw new Error('nothing was built');
  return code.code;
}

test('[S1] Web Crypto of both engines and the fallback take the signatures of RFC 8032 and none that is wrong', async ({
  rooms,
}) => {
  const code = await script();
  // Web Crypto is there on an address of this machine only, and the root's page admits no script of others.
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><title>signatures</title>');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  rooms.afterwards(() => server.close());
  const right = [1, 2, 3].map((n) => `RFC 8032, ${n}`);
  for (const engine of ['chromium', 'firefox'] as const) {
    const page = await (await (await rooms.browser(engine)).newContext()).newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await page.addScriptTag({ content: code });
    const judged = await page.evaluate(() =>
      (window as never as { signatures: { judge(): Promise<Taken> } }).signatures.judge(),
    );
    expect(judged, engine).toEqual({ 'web-crypto': right, noble: right });
  }
});
