import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/{unit,integration,workflow,replay,chaos,architecture}/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    // One file at a time: tests on the real stack share two cores with the servers they start.
    fileParallelism: false,
    // Rollouts of one stack that may run side by side (`describe.concurrent`).
    maxConcurrency: 3,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
