import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

/** Where `npm run dev` finds a running root server. */
const rootUrl = process.env['BANYAN_DEV_ROOT'] ?? 'http://localhost:3000';

export default defineConfig({
  root: 'web',
  base: './',
  plugins: [svelte({ configFile: '../svelte.config.js' })],
  build: {
    outDir: '../dist/web',
    emptyOutDir: true,
    target: 'es2022',
    sourcemap: true,
    // The page runs under a strict Content-Security-Policy: no inline script, no data: URL in place of a file.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    rolldownOptions: {
      output: {
        // What the page loads at once is one chunk: cut up by who else uses it, it compresses 3 KiB worse.
        codeSplitting: { groups: [{ name: 'initial', tags: ['$initial'] }] },
      },
    },
  },
  server: {
    proxy: { '/banyan': { target: rootUrl, ws: true } },
  },
});
