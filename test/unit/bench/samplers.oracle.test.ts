import { describe, expect, it } from 'vitest';
import { createSampler, type Sampler } from '../../../domain/statistics/sampler.ts';
import { createRandom } from '../../../domain/statistics/seeded-random.ts';
import { loadOracle } from '../../support/oracle.ts';

interface Case {
  readonly sampler: keyof Sampler;
  readonly arguments: readonly number[];
  /** Cells end at these values, included; the last cell has no end. */
  readonly upperEdges: readonly number[];
  readonly chances: readonly number[];
  /** Chi-square goes above this once in 10,000 times. */
  readonly limit: number;
}

const { draws, cases } = loadOracle('samplers') as { readonly draws: number; readonly cases: readonly Case[] };

/** Of a normal approximation, in its distribution function (simulate.ts says where it is used). */
const APPROXIMATION_ERROR = 0.0125;
/** Kolmogorov's distance of the draws of an exact sampler is above this once in 10,000 times. */
const SAMPLING_ERROR = 2.23 / Math.sqrt(draws);

describe('samplers of simulated traffic against the distributions of scipy.stats', () => {
  it.each(cases)('$sampler of $arguments: 20,000 draws fall where they should', (one) => {
    const counts = drawCounts(one);
    if (isExact(one)) expect(chiSquareOf(counts, one.chances)).toBeLessThan(one.limit);
    expect(distanceOf(counts, one.chances)).toBeLessThan(SAMPLING_ERROR + (isExact(one) ? 0 : APPROXIMATION_ERROR));
  });
});

function isExact({ sampler, arguments: [a = 0, b = 0] }: Case): boolean {
  if (sampler === 'poisson') return a <= 30;
  return sampler !== 'binomial' || a * Math.min(b, 1 - b) <= 60;
}

function drawCounts(one: Case): number[] {
  const sampler = createSampler(createRandom(`${one.sampler}/${one.arguments.join('/')}`));
  const draw = sampler[one.sampler];
  const [first = 0, second = 0] = one.arguments;
  const counts = one.chances.map(() => 0);
  for (let i = 0; i < draws; i += 1) {
    const value = draw(first, second);
    const cell = one.upperEdges.findIndex((edge) => value <= edge);
    counts[cell === -1 ? counts.length - 1 : cell]! += 1;
  }
  return counts;
}

function chiSquareOf(counts: readonly number[], chances: readonly number[]): number {
  const wanted = chances.map((chance) => draws * chance);
  return counts.reduce((sum, count, i) => sum + (count - wanted[i]!) ** 2 / wanted[i]!, 0);
}

/** Largest difference of the two distribution functions at the edges. */
function distanceOf(counts: readonly number[], chances: readonly number[]): number {
  let [seen, wanted, largest] = [0, 0, 0];
  for (const [i, count] of counts.entries()) {
    seen += count / draws;
    wanted += chances[i]!;
    largest = Math.max(largest, Math.abs(seen - wanted));
  }
  return largest;
}
