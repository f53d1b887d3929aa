/** Builds the pages of the measurements and serves them on the loopback interface. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sirv from 'sirv';
import { build } from 'vite';

export interface Site {
  readonly url: string;
  close(): Promise<void>;
}

const top = fileURLToPath(new URL('..', import.meta.url));

/** `readable` keeps the names of functions, for profiles. */
export async function startSite({ readable = false } = {}): Promise<Site> {
  const folder = mkdtempSync(join(tmpdir(), 'banyan-bench-'));
  await build({
    configFile: false,
    root: fileURLToPath(new URL('pages', import.meta.url)),
    base: './',
    logLevel: 'warn',
    build: {
      outDir: folder,
      emptyOutDir: true,
      target: 'es2022',
      modulePreload: { polyfill: false },
      ...(readable ? { minify: false } : {}),
    },
  });
  return serve(folder);
}

/** The page's own parts over a made-up room (web/measure.html), built as the page itself is. */
export async function startPictureSite({ readable = false } = {}): Promise<Site> {
  const folder = mkdtempSync(join(tmpdir(), 'banyan-bench-'));
  await build({
    configFile: join(top, 'vite.config.ts'),
    root: join(top, 'web'),
    logLevel: 'warn',
    build: {
      outDir: folder,
      rolldownOptions: { input: join(top, 'web', 'measure.html') },
      ...(readable ? { minify: false } : {}),
    },
  });
  return serve(folder);
}

async function serve(folder: string): Promise<Site> {
  const files = sirv(folder, {
    setHeaders(response) {
      // Cross-origin isolation makes performance.now() fine (5 us, not 100) for every contestant alike.
      response.setHeader('cross-origin-opener-policy', 'same-origin');
      response.setHeader('cross-origin-embedder-policy', 'require-corp');
    },
  });
  const server = createServer((request, response) => {
    files(request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}/`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
