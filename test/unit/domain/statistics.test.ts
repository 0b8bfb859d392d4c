import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bootstrapMean } from '../../../domain/statistics/bootstrap-interval.ts';
import { measureRanking } from '../../../domain/statistics/ranking-quality.ts';
import { createRandom } from '../../../domain/statistics/seeded-random.ts';

describe('ranking quality', () => {
  it.each([
    [['a', 'b'], { recallAt1: 1, recallAt5: 1, recallAt10: 1, reciprocalRank: 1, ndcgAt10: 1 }],
    [['b', 'a'], { recallAt1: 0, recallAt5: 1, recallAt10: 1, reciprocalRank: 0.5, ndcgAt10: 1 / Math.log2(3) }],
    [['b', 'c'], { recallAt1: 0, recallAt5: 0, recallAt10: 0, reciprocalRank: 0, ndcgAt10: 0 }],
    [[], { recallAt1: 0, recallAt5: 0, recallAt10: 0, reciprocalRank: 0, ndcgAt10: 0 }],
    [['b', 'a', 'a'], { recallAt1: 0, recallAt5: 1, recallAt10: 1, reciprocalRank: 0.5, ndcgAt10: 1 / Math.log2(3) }],
  ])('of %j for a is %j', (ids, wanted) => {
    expect(measureRanking(ids, 'a')).toEqual(wanted);
  });

  it('never falls when the relevant document moves up', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), (rank) => {
        const at = (place: number) =>
          measureRanking([...Array.from({ length: place - 1 }, (_, i) => `x${i}`), 'a'], 'a');
        const [lower, higher] = [at(rank + 1), at(rank)];
        for (const name of Object.keys(lower) as (keyof typeof lower)[])
          expect(higher[name]).toBeGreaterThanOrEqual(lower[name]);
      }),
    );
  });
});

describe('the bootstrap interval of a mean', () => {
  it('is nothing for no values, and the value itself when all are equal', () => {
    expect(bootstrapMean([], { seed: 'a' })).toBeNull();
    expect(bootstrapMean([0.5, 0.5, 0.5], { seed: 'a' })).toEqual({ mean: 0.5, low: 0.5, high: 0.5 });
  });

  it('is the same for the same seed', () => {
    expect(bootstrapMean([0, 1, 1, 0, 1], { seed: 'a' })).toEqual(bootstrapMean([0, 1, 1, 0, 1], { seed: 'a' }));
  });

  it('holds the true mean about as often as it says', () => {
    const random = createRandom('coverage');
    let held = 0;
    for (let trial = 0; trial < 300; trial += 1) {
      const values = Array.from({ length: 100 }, () => (random() < 0.6 ? 1 : 0));
      const interval = bootstrapMean(values, { seed: String(trial), resamples: 300 });
      if (interval !== null && interval.low <= 0.6 && interval.high >= 0.6) held += 1;
    }
    // 95 % of 300 is 285; 270 is four standard errors below.
    expect(held).toBeGreaterThan(270);
  });
});
