import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

/** Where `npm run dev` finds a running root server. */
const rootUrl = process.env['BANYAN_DEV_ROOT'] ?? 'http://localhost:3000';

/** Leaves those of engine.io-client's transports out that a root does not speak. */
export const websocketOnly = {
  alias: {
    find: /^\.\/transports\/index\.js$/,
    replacement: fileURLToPath(new URL('client/websocket-only.ts', import.meta.url)),
  },
  treeshake: {
    moduleSideEffects: [{ test: /engine\.io-client[\\/]build[\\/]esm[\\/]transports[\\/]/, sideEffects: false }],
  },
};

export default defineConfig({
  root: 'web',
  base: './',
  plugins: [svelte({ configFile: '../svelte.config.js' })],
  resolve: { alias: [websocketOnly.alias] },
  build: {
    outDir: '../dist/web',
    emptyOutDir: true,
    target: 'es2022',
    sourcemap: true,
    // The page runs under a strict Content-Security-Policy: no inline script, no data: URL in place of a file.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    rolldownOptions: {
      treeshake: websocketOnly.treeshake,
      output: {
        // What is seen first is one chunk, and the SDK another (scripts/page-size.mjs): cut up by who else uses it, it compresses worse.
        codeSplitting: {
          groups: [
            { name: 'initial', tags: ['$initial'], priority: 1 },
            { name: 'client', test: /[\\/](?:client|protocol)[\\/](?!past\.ts|crypto[\\/](?:hpke|noble)\.ts)/ },
          ],
        },
      },
    },
  },
  server: {
    proxy: { '/banyan': { target: rootUrl, ws: true } },
  },
});
