import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import svelteParser from 'svelte-eslint-parser';
import tseslint from 'typescript-eslint';
import svelteConfig from './svelte.config.js';

const top = fileURLToPath(new URL('.', import.meta.url));

const tests = ['**/*.test.ts', '**/*.contract.ts'];

/**
 * Which folders a folder may import from. Arrows only point inwards: web -> client -> protocol; root-server -> protocol.
 * `packages` says whether npm and Node modules are allowed. Tests have wider arrows, so that a client can be tried
 * against a real server. The first entry whose `from` matches a file counts.
 *
 * @type {readonly { from: RegExp, to: readonly string[], packages: RegExp | 'any' }[]}
 */
const arrows = [
  { from: /^protocol\/.*\.test\.ts$/, to: ['protocol'], packages: /^(vitest|fast-check|node:.+|@noble\/.+)$/ },
  { from: /^protocol\/sim\/(cli|pool|pool-child)\.ts$/, to: ['protocol'], packages: /^node:/ },
  { from: /^protocol\/sim\//, to: ['protocol'], packages: /^$/ },
  { from: /^protocol\/.*\.contract\.ts$/, to: ['protocol'], packages: /^(vitest|fast-check)$/ },
  { from: /^protocol\//, to: ['protocol', '!protocol/sim'], packages: /^$/ },
  { from: /^client\/.*\.(test|contract)\.ts$/, to: ['client', 'protocol', 'root-server'], packages: 'any' },
  { from: /^client\//, to: ['client', 'protocol', '!protocol/sim'], packages: 'any' },
  { from: /^root-server\/.*\.(test|contract)\.ts$/, to: ['root-server', 'protocol', 'client'], packages: 'any' },
  { from: /^root-server\//, to: ['root-server', 'protocol', '!protocol/sim'], packages: 'any' },
  { from: /^web\//, to: ['web', 'client'], packages: 'any' },
];

/** @param {string} path @param {string} folder */
const isIn = (path, folder) => path === folder || path.startsWith(`${folder}/`);

/** @type {import('eslint').Rule.RuleModule} */
const importDirection = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      folder: "'{{from}}' must not import '{{to}}': arrows point inwards only (see `arrows` in eslint.config.js).",
      package: "'{{from}}' must not import the package '{{to}}'.",
    },
  },
  create(context) {
    const from = relative(top, context.filename).split(sep).join('/');
    const arrow = arrows.find((each) => each.from.test(from));
    if (arrow === undefined) return {};
    /** @param {import('estree').Node | null | undefined} source */
    const verify = (source) => {
      if (source?.type !== 'Literal' || typeof source.value !== 'string') return;
      const name = source.value;
      if (!name.startsWith('.') && !isAbsolute(name)) {
        if (arrow.packages !== 'any' && !arrow.packages.test(name)) {
          context.report({ node: source, messageId: 'package', data: { from, to: name } });
        }
        return;
      }
      const to = relative(top, resolve(dirname(context.filename), name))
        .split(sep)
        .join('/');
      const allowed =
        arrow.to.some((folder) => isIn(to, folder)) &&
        !arrow.to.some((folder) => folder.startsWith('!') && isIn(to, folder.slice(1)));
      if (!allowed) context.report({ node: source, messageId: 'folder', data: { from, to } });
    };
    return {
      ImportDeclaration: (node) => {
        verify(node.source);
      },
      ImportExpression: (node) => {
        verify(node.source);
      },
      ExportNamedDeclaration: (node) => {
        verify(node.source);
      },
      ExportAllDeclaration: (node) => {
        verify(node.source);
      },
      /** `import('../x.ts').Type` @param {any} node */
      TSImportType: (node) => {
        verify(node.source ?? node.argument?.literal);
      },
    };
  },
};

/** What a pure state machine must not touch: it is given the time and its random numbers. */
const impure = ['Date', 'performance', 'crypto', 'console', 'process', 'globalThis', 'window', 'self', 'navigator'];
const timers = ['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'queueMicrotask', 'requestAnimationFrame'];

export default tseslint.config(
  {
    ignores: [
      'dist/',
      'coverage/',
      'test-results/',
      'playwright-report/',
      '**/.svelte-kit/',
      // Somebody else's project.
      'e2e/installed/project/',
    ],
  },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  svelte.configs.recommended,
  {
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: top, extraFileExtensions: ['.svelte'] },
    },
    plugins: { banyan: { rules: { 'import-direction': importDirection } } },
    rules: {
      'banyan/import-direction': 'error',
      eqeqeq: 'error',
      'no-restricted-syntax': [
        'error',
        { selector: 'TSEnumDeclaration', message: 'Use a union of string literals.' },
        { selector: 'ExportDefaultDeclaration', message: 'Use a named export.' },
      ],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: false },
      ],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrorsIgnorePattern: '^_' },
      ],
      // Noise that finds no faults.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      '@typescript-eslint/no-invalid-void-type': 'off',
      '@typescript-eslint/no-extraneous-class': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/unified-signatures': 'off',
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      '@typescript-eslint/related-getter-setter-pairs': 'off',
    },
  },
  {
    files: ['protocol/**/*.ts'],
    ignores: [...tests, 'protocol/sim/cli.ts', 'protocol/sim/pool.ts', 'protocol/sim/pool-child.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...[...impure, ...timers].map((name) => ({
          name,
          message: 'The core owns no clock, timer, log or random source.',
        })),
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'Take random numbers from the Rng that is passed in.' },
      ],
    },
  },
  {
    files: ['client/**/*.ts', 'web/**/*.{ts,svelte}', 'e2e/**/*.ts', 'bench/**/*.ts'],
    languageOptions: { globals: { ...globals.browser } },
  },
  {
    // The type checker knows every global of every folder; the plain rule knows none.
    files: ['**/*.ts', '**/*.svelte'],
    rules: { 'no-undef': 'off' },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: {
      parser: svelteParser,
      parserOptions: {
        parser: tseslint.parser,
        projectService: true,
        tsconfigRootDir: top,
        extraFileExtensions: ['.svelte'],
        svelteConfig,
      },
    },
    rules: {
      // Whoever disables this in a line says what sanitised the text.
      'svelte/no-at-html-tags': 'error',
      // Props are declared with `let` as a group.
      'prefer-const': 'off',
      'svelte/prefer-const': ['error', { destructuring: 'all' }],
    },
  },
  {
    files: tests,
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
  {
    // Tools demand a default export of their configurations.
    files: ['*.config.{js,ts}', 'e2e/playwright.config.ts', 'web/**/*.d.ts', 'client/**/*.d.ts'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  {
    files: ['**/*.{js,mjs}'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { globals: { ...globals.node } },
  },
);
