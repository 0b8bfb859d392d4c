import { homedir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.ts';

// As bin/mlops says it, for the programs that tests start by themselves.
const CACHE = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');

export default defineConfig({
  test: {
    include: ['test/{unit,integration,workflow,replay,chaos,architecture}/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    env: { NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? join(CACHE, 'durable-mlops/compile') },
    // Tests on the real stack wait three quarters of their time: three at once keep two cores busy, four would starve the
    // servers they start.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    // Rollouts of one stack that may run side by side (`describe.concurrent`).
    maxConcurrency: 3,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
