import { describe, expect, it } from 'vitest';
import { evaluateSlowBound } from '../../../domain/rollout/slow-bound.ts';
import type { TelemetrySnapshot } from '../../../domain/rollout/telemetry.ts';
import { loadOracle } from '../../support/oracle.ts';

const { slowBounds } = loadOracle('quantiles') as {
  readonly slowBounds: readonly { readonly counts: readonly number[]; readonly bound: number }[];
};

describe('the latency above which a response is slow', () => {
  it.each(slowBounds)('is the edge above p95 of numpy plus a fifth: $bound ms', ({ counts, bound }) => {
    const snapshot = { stable: { latency: counts } } as unknown as TelemetrySnapshot;
    expect(evaluateSlowBound(snapshot, { degradationPercent: 20, floorMs: 5, ceilingMs: 100 })).toBe(bound);
  });

  it.each([
    ['the ceiling', 25, 100],
    ['the floor, where that is higher', 1000, 1000],
  ])('is without a history %s', (_, floorMs, bound) => {
    for (const stable of [null, { latency: [0, 0] }]) {
      const snapshot = { stable } as unknown as TelemetrySnapshot;
      expect(evaluateSlowBound(snapshot, { degradationPercent: 20, floorMs, ceilingMs: 100 })).toBe(bound);
    }
  });
});
