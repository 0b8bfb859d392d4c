import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';

/** What numpy, scipy, scikit-learn and rank_bm25 say (written by test/oracle/generate.py). */
export function loadOracle(name: string): unknown {
  return JSON.parse(readFileSync(join(import.meta.dirname, '../fixtures/statistics', `${name}.json`), 'utf8'));
}

/** Equal up to `tolerance`: relative for numbers above 1, absolute below (logs of evidence cross zero). */
export function expectClose(actual: number, wanted: number, tolerance = 1e-10, what = ''): void {
  const off = Math.abs(actual - wanted) / Math.max(1, Math.abs(wanted));
  expect(off, `${what} gives ${actual}, the oracle ${wanted}`).toBeLessThanOrEqual(tolerance);
}
