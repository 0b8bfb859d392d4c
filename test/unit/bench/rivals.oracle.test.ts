import { describe, expect, it } from 'vitest';
import { createKayenta, estimateShift } from '../../../bench/support/rivals.ts';
import { expectClose, loadOracle } from '../../support/oracle.ts';

const { shifts, streams } = loadOracle('rivals') as {
  readonly shifts: readonly {
    readonly name: string;
    readonly canary: readonly number[];
    readonly control: readonly number[];
    readonly estimate: readonly [from: number, to: number];
    readonly lower: number;
  }[];
  readonly streams: readonly {
    readonly ratio: number;
    readonly requests: readonly [canary: number, control: number];
    readonly errors: readonly (readonly [canary: number, control: number])[];
    /** At every fifth tick; null where the oracle does not say. */
    readonly high: readonly (boolean | null)[];
  }[];
};

/** The root finder's, as in the original. */
const TOLERANCE = 1e-4;

describe("Kayenta's shift against every difference of a pair, by scipy.stats.mannwhitneyu", () => {
  it.each(shifts.map((one) => [one.name, one] as const))('%s', (_name, { canary, control, estimate, lower }) => {
    const shift = estimateShift(canary, control);
    expectClose(shift?.lower ?? Number.NaN, lower, TOLERANCE, 'lower limit');
    expect(shift?.estimate).toBeGreaterThanOrEqual(estimate[0] - TOLERANCE);
    expect(shift?.estimate).toBeLessThanOrEqual(estimate[1] + TOLERANCE);
  });

  it('is not known where nothing varies', () => {
    expect(estimateShift([1, 1], [0, 0, 0])).toBeNull();
  });
});

describe("Kayenta's answers over a release", () => {
  it.each(streams.map((one) => [one.ratio, one.requests, one] as const))(
    'at %f times the errors, requests %j',
    (_ratio, _requests, { requests, errors, high }) => {
      const isHigh = createKayenta();
      const answers = errors.map(([x1, x0]) =>
        isHigh({ canary: { requests: requests[0], errors: x1 }, control: { requests: requests[1], errors: x0 } }),
      );
      const looks = answers.filter((_answer, i) => i % 5 === 4);
      expect(looks).toEqual(high.map((one, i) => one ?? looks[i]));
      expect(answers.filter((answer, i) => answer && i % 5 !== 4)).toEqual([]);
    },
  );
});
