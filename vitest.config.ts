import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    environment: 'node',
    include: [
      'protocol/**/*.test.ts',
      'client/**/*.test.ts',
      'root-server/**/*.test.ts',
      'web/**/*.test.ts',
      'scripts/**/*.test.mjs',
    ],
    exclude: ['**/node_modules/**', 'dist/**'],
    // By itself it leaves one processor free, for somebody who works meanwhile: of two that is half.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
});
