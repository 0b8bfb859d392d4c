import { describe, expect, it } from 'vitest';
import { fitNoise, type FittedNumber } from '../../../../domain/rollout/calibration/fit-noise.ts';
import { assembleSeries } from '../../../../domain/rollout/calibration/history.ts';
import { historyOf } from '../../../support/histories.ts';

const fitOf = (...history: Parameters<typeof historyOf>) => fitNoise(assembleSeries(historyOf(...history), 'errors'));

/** The interval widened by as much again: four standard errors, so that a test of several numbers is not a lottery. */
function expectNear({ value, low, high }: FittedNumber, truth: number): void {
  expect(low, `${value} has an interval`).not.toBeNull();
  expect(truth).toBeGreaterThan(value - 2 * (value - Number(low)));
  expect(truth).toBeLessThan(value + 2 * (Number(high) - value));
}

describe('fitNoise()', () => {
  it('finds the bursts and the fast noise that a history was simulated with', () => {
    const { fastCv, bursts } = fitOf({ fastCv: 0.3, bursts: { factor: 3, meanTicks: 5, share: 0.13 } });
    expectNear(fastCv, 0.3);
    expectNear(bursts!.factor, 3);
    expectNear(bursts!.meanTicks, 5);
    expectNear(bursts!.share, 0.13);
  });

  it('tells tall bursts from long ones', () => {
    const tall = fitOf({ fastCv: 0.3, bursts: { factor: 6, meanTicks: 5, share: 0.1 } });
    expectNear(tall.bursts!.factor, 6);
    const long = fitOf({ bursts: { factor: 2.5, meanTicks: 25, share: 0.15 } });
    expect(long.bursts!.meanTicks.value).toBeGreaterThan(2 * tall.bursts!.meanTicks.value);
  });

  it('finds no bursts in a quiet history, and a fast noise of next to nothing', () => {
    const { fastCv, bursts, rate } = fitOf({});
    expect(bursts).toBeNull();
    expect(fastCv.low).toBe(0);
    expect(Number(fastCv.high)).toBeLessThan(0.2);
    expect(rate).toBeCloseTo(0.005, 3);
  });

  it('finds fast noise without bursts', () => {
    const { fastCv, bursts } = fitOf({ fastCv: 0.4 });
    expect(bursts).toBeNull();
    expectNear(fastCv, 0.4);
  });

  it('takes a daily rise and fall for drift, which both arms share, and not for bursts', () => {
    const daily = (tick: number) => 0.005 * (1 + 0.5 * Math.sin((2 * Math.PI * tick) / 1440));
    const { bursts, drift } = fitOf({ base: daily });
    expect(bursts).toBeNull();
    expect(drift).toBeGreaterThan(2);
  });
});
