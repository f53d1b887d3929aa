import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin } from 'vite';
import { websocketOnly } from './vite.config.ts';

/** What web/src/embed/main.ts calls its style sheet. */
const cssName = 'banyanEmbedCss';

/**
 * Puts the one style sheet of the bundle into its entry, as a string: a link in the document would not reach into a shadow root,
 * and a style element needs a Content-Security-Policy that allows it.
 */
function styleInEntry(): Plugin {
  return {
    name: 'style-in-entry',
    enforce: 'post',
    generateBundle(_options, bundle) {
      let css = '';
      for (const [name, file] of Object.entries(bundle)) {
        if (file.type !== 'asset' || !name.endsWith('.css')) continue;
        css += typeof file.source === 'string' ? file.source : new TextDecoder().decode(file.source);
        Reflect.deleteProperty(bundle, name);
      }
      const entry = Object.values(bundle).find((file) => file.type === 'chunk' && file.code.includes(cssName));
      if (entry?.type !== 'chunk' || css === '') {
        throw new Error('the embedded room has no style sheet, or no place for it');
      }
      entry.code = entry.code.replaceAll(cssName, () => JSON.stringify(css));
    },
  };
}

/**
 * What other people's pages load from a root, beside its own page (vite.config.ts): the embedded room, `<banyan-room>`, as /embed.js, and
 * the SDK as /banyan.js. They share their parts.
 */
export default defineConfig({
  root: 'web',
  base: './',
  publicDir: false,
  plugins: [svelte({ configFile: '../svelte.config.js' }), styleInEntry()],
  resolve: { alias: [websocketOnly.alias] },
  build: {
    outDir: '../dist/web',
    emptyOutDir: false,
    target: 'es2022',
    modulePreload: false,
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    rolldownOptions: {
      treeshake: websocketOnly.treeshake,
      input: { embed: 'web/src/embed/main.ts', banyan: 'client/index.ts' },
      preserveEntrySignatures: 'strict',
      output: {
        entryFileNames: '[name].js',
        chunkFileNames: 'embed/[name]-[hash].js',
        assetFileNames: 'embed/[name]-[hash][extname]',
      },
    },
  },
});
