import { describe, expect, it } from 'vitest';
import { negativeBinomialBound } from '../../../domain/statistics/negative-binomial-bound.ts';
import { loadOracle } from '../../support/oracle.ts';

const cases = loadOracle('negative-binomial') as readonly (readonly [number, number, number, number])[];

describe('the bound of a negative binomial count against scipy.stats.nbinom', () => {
  it.each(cases)('with mean %d and dispersion %d at %d is %i', (mean, dispersion, alpha, count) => {
    expect(negativeBinomialBound(mean, dispersion, alpha)).toBe(count);
  });

  it('is 1 where nothing is expected', () => {
    expect(negativeBinomialBound(0, 1, 0.01)).toBe(1);
  });

  it('gives what its example says', () => {
    expect(negativeBinomialBound(5, 1, 0.001)).toBe(38);
  });
});
