import { mean, quantileSorted } from 'simple-statistics';
import { describe, expect, it } from 'vitest';
import { bootstrapMean } from '../../../domain/statistics/bootstrap-interval.ts';
import { measureRanking, type RankingQuality } from '../../../domain/statistics/ranking-quality.ts';
import { createRandom, shuffle } from '../../../domain/statistics/seeded-random.ts';
import { expectClose, loadOracle } from '../../support/oracle.ts';

const { bootstrap, coverage } = loadOracle('intervals') as {
  readonly bootstrap: readonly {
    readonly name: string;
    readonly values: readonly number[];
    readonly coverage: number;
    readonly low: number;
    readonly high: number;
    readonly standardError: number;
  }[];
  readonly coverage: readonly { readonly size: number; readonly p: number; readonly coverage: number }[];
};
const rankings = loadOracle('ranking') as readonly (RankingQuality & {
  rankedIds: readonly string[];
  relevantId: string;
})[];
const { samples } = loadOracle('quantiles') as {
  readonly samples: readonly { readonly values: readonly number[]; readonly q: number; readonly linear: number }[];
};

describe('the bootstrap interval against scipy.stats.bootstrap', () => {
  /** Both sides resample: with 20,000 resamples a 0.5 % point is known to about 0.035 standard errors. */
  const SIMULATION = 0.14;

  it.each(bootstrap)('$coverage of $name values', ({ values, coverage: share, low, high, standardError }) => {
    const interval = bootstrapMean(values, { seed: 'oracle', resamples: 20_000, coverage: share });
    expectClose(interval?.mean ?? Number.NaN, mean([...values]), 1e-14);
    expect(Math.abs((interval?.low ?? Number.NaN) - low)).toBeLessThan(SIMULATION * standardError);
    expect(Math.abs((interval?.high ?? Number.NaN) - high)).toBeLessThan(SIMULATION * standardError);
  });

  it.each(coverage)(
    'holds the true share $p of $size flips as often as the exact one',
    ({ size, p, coverage: exact }) => {
      const random = createRandom(`flips/${size}/${p}`);
      const trials = 800;
      let held = 0;
      for (let trial = 0; trial < trials; trial += 1) {
        const values = Array.from({ length: size }, () => (random() < p ? 1 : 0));
        const interval = bootstrapMean(values, { seed: String(trial), resamples: 300 });
        if (interval !== null && interval.low <= p && p <= interval.high) held += 1;
      }
      // Four standard errors, and what 300 resamples blur.
      expect(Math.abs(held / trials - exact)).toBeLessThan(4 * Math.sqrt((exact * (1 - exact)) / trials) + 0.01);
    },
  );
});

describe('ranking quality against sklearn.metrics.ndcg_score and its definitions', () => {
  it.each(rankings)('with the relevant document at $relevantId', ({ rankedIds, relevantId, ...wanted }) => {
    const measured = measureRanking(rankedIds, relevantId);
    for (const [name, value] of Object.entries(wanted))
      expectClose(measured[name as keyof RankingQuality], value, 1e-13, name);
  });
});

describe('quantiles of latencies against numpy.quantile', () => {
  it.each(samples.map(({ values, q, linear }) => [q, values.length, values, linear] as const))(
    'the %f quantile of %i numbers is interpolated in the same way',
    (q, _count, values, linear) => {
      const sorted = values.toSorted((a, b) => a - b);
      expectClose(quantileSorted(sorted, q), linear, 1e-13);
    },
  );
});

describe('a shuffle', () => {
  it('gives each of the 24 orders of four things equally often', () => {
    const random = createRandom('orders');
    const counts = new Map<string, number>();
    const draws = 24_000;
    for (let i = 0; i < draws; i += 1) {
      const order = shuffle(['a', 'b', 'c', 'd'], random).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    const chiSquare = counts.values().reduce((sum, count) => sum + (count - draws / 24) ** 2 / (draws / 24), 0);
    expect(counts.size).toBe(24);
    // scipy.stats.chi2.ppf(0.9999, 23)
    expect(chiSquare).toBeLessThan(58.6);
  });
});
