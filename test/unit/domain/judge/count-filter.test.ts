import { describe, expect, it } from 'vitest';
import { createCountFilter, evaluateCounts, stepCountFilter } from '../../../../domain/rollout/judge/count-filter.ts';
import { loadCountKernel } from '../../../../domain/rollout/judge/count-kernel.ts';
import { NOISE_ASSUMPTIONS, type NoiseAssumption } from '../../../../domain/rollout/judge/noise.ts';

const DEFAULT = NOISE_ASSUMPTIONS['default'] as NoiseAssumption;

/** The numbers of the recipe: all kinds of noise with the same bursts, and its prior of shifts. */
const RECIPE: NoiseAssumption = {
  kinds: [0, 0.35, 0.9].map((fastSdLog) => ({
    fastSdLog,
    burstShare: 0.45,
    burstMeanMinutes: 5,
    burstFullEventsPerTick: 1.5,
  })),
  burstRangeLog: 1.2,
  eventCapPerTick: 100,
};
const RECIPE_SHIFTS = { weights: [0.25, 0.75, 1, 1, 1, 1, 1, 0.75, 0.5, 0.25], lateStart: 0.1 };

/** The worked example of the recipe: canary requests and errors, control requests and errors, log harm, log safety. */
const EXAMPLE = [
  [300, 2, 300, 1, -0.017836726, -0.186486954],
  [310, 1, 290, 2, -0.604469361, 0.085784264],
  [290, 4, 300, 1, -0.157988031, -0.422874476],
  [305, 3, 295, 0, 0.443139922, -0.847566543],
  [300, 5, 310, 2, 0.626852911, -1.084363509],
  [0, 0, 600, 3, 0.626852911, -1.084363509],
  [300, 4, 300, 1, 0.976055032, -1.326255321],
  [300, 6, 300, 2, 1.219892368, -1.496075828],
] as const;

describe('count filter', () => {
  it('gives the figures of the worked example to nine decimals', () => {
    const kernel = loadCountKernel(RECIPE, 0.4, 60, RECIPE_SHIFTS);
    const filter = createCountFilter(kernel);
    for (const [n1, x1, n0, x0, harm, safe] of EXAMPLE) {
      stepCountFilter(kernel, filter, n1, x1, n0, x0);
      const evidence = evaluateCounts(filter);
      expect(evidence.logHarm).toBeCloseTo(harm, 8);
      expect(evidence.logSafe).toBeCloseTo(safe, 8);
    }
  });

  it('does not move on ticks without any event, nor on ticks with one arm empty', () => {
    const kernel = loadCountKernel(DEFAULT, 0.4, 60);
    const filter = createCountFilter(kernel);
    stepCountFilter(kernel, filter, 300, 3, 300, 1);
    const before = evaluateCounts(filter);
    stepCountFilter(kernel, filter, 300, 0, 300, 0);
    stepCountFilter(kernel, filter, 0, 0, 300, 9);
    expect(evaluateCounts(filter)).toEqual(before);
  });

  it('weighs a tick of any size as at most a hundred events', () => {
    const kernel = loadCountKernel(DEFAULT, 0.4, 60);
    const [small, large] = [createCountFilter(kernel), createCountFilter(kernel)];
    stepCountFilter(kernel, small, 1000, 60, 1000, 40);
    stepCountFilter(kernel, large, 100_000, 6000, 100_000, 4000);
    expect(evaluateCounts(large).logHarm).toBeCloseTo(evaluateCounts(small).logHarm, 6);
  });

  it('scales the length of bursts with the length of a tick', () => {
    const redrawOf = (tickSeconds: number) => loadCountKernel(DEFAULT, 0.4, tickSeconds).redraw;
    DEFAULT.kinds.forEach(({ burstMeanMinutes }, kind) => {
      expect(redrawOf(60)[kind]).toBeCloseTo(1 / burstMeanMinutes, 12);
      expect(redrawOf(120)[kind]).toBeCloseTo(1 - (1 - 1 / burstMeanMinutes) ** 2, 12);
    });
    expect(loadCountKernel(DEFAULT, 0.4, 1).onset).toBeCloseTo(1 - 0.98 ** (1 / 60), 12);
  });
});
