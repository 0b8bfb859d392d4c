import { describe, expect, it } from 'vitest';
import { quantileOf, renderShare } from '../../../bench/support/report.ts';
import { waldFloorErrors } from '../../../bench/support/wald-floor.ts';
import { wilsonInterval } from '../../../domain/statistics/wilson-interval.ts';
import { expectClose, loadOracle } from '../../support/oracle.ts';

const { wilson } = loadOracle('intervals') as {
  readonly wilson: readonly (readonly [hits: number, total: number, low: number, high: number])[];
};
const { samples, waldFloor } = loadOracle('quantiles') as {
  readonly samples: readonly { readonly values: readonly number[]; readonly q: number; readonly upper: number }[];
  readonly waldFloor: readonly (readonly [ratio: number, errors: number])[];
};

describe('the Wilson interval against scipy.stats.binomtest', () => {
  it.each(wilson)('of %i in %i', (hits, total, low, high) => {
    const interval = wilsonInterval(hits, total);
    expectClose(interval.low, low, 1e-12, 'low');
    expectClose(interval.high, high, 1e-12, 'high');
  });

  it('is printed in per cent', () => {
    expect(renderShare(46, 800)).toBe('5.8 % (4.3-7.6)');
  });
});

describe("Wald's floor against scipy.stats.entropy", () => {
  it.each(waldFloor)('at a ratio of %f', (ratio, errors) => {
    expectClose(waldFloorErrors(ratio), errors, 1e-12);
  });
});

describe('quantiles of figures against numpy', () => {
  it.each(samples.map(({ values, q, upper }) => [q, values.length, values, upper] as const))(
    'the %f quantile of %i numbers',
    (q, _count, values, upper) => {
      expect(quantileOf(values, q)).toBe(upper);
    },
  );

  it('are "never" where most never ended', () => {
    expect(quantileOf([Infinity, 3, Infinity], 0.5)).toBe(Infinity);
    expect(quantileOf([], 0.5)).toBeNaN();
  });
});
