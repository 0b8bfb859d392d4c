import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createBets, logWealthOf } from '../../../../domain/rollout/judge/bets.ts';
import { betAgainstCeiling, CEILING_BETS } from '../../../../domain/rollout/judge/binomial-bets.ts';
import { createCountFilter, evaluateCounts, stepCountFilter } from '../../../../domain/rollout/judge/count-filter.ts';
import { loadCountKernel } from '../../../../domain/rollout/judge/count-kernel.ts';
import { NOISE_ASSUMPTIONS, type NoiseAssumption } from '../../../../domain/rollout/judge/noise.ts';
import { evaluateSampleRatio } from '../../../../domain/rollout/sample-ratio.ts';
import type { TelemetrySnapshot } from '../../../../domain/rollout/telemetry.ts';

interface Fixture {
  readonly countFilter: readonly {
    readonly name: string;
    readonly noise: NoiseAssumption;
    readonly shiftWeights: readonly number[];
    readonly marginLog: number;
    readonly tickSeconds: number;
    readonly ticks: readonly (readonly [number, number, number, number])[];
    readonly evidence: readonly (readonly [harm: number, safe: number])[];
  }[];
  readonly ceiling: readonly {
    readonly requests: number;
    readonly events: number;
    readonly ceiling: number;
    readonly logWealth: number;
  }[];
  readonly sampleRatio: readonly {
    readonly total: number;
    readonly canary: number;
    readonly intended: number;
    /** Log of the chance of a share at least as far off, to the side it is off to. */
    readonly logTail: number;
  }[];
}

const FIXTURE = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../fixtures/statistics/judge.json'), 'utf8'),
) as Fixture;
const NOTHING: TelemetrySnapshot = {
  model: 'm',
  instanceId: 'i',
  observedAt: '2026-01-01T00:00:00Z',
  generation: 1,
  canaryBasisPoints: 0,
  stable: null,
  canary: null,
  mirror: null,
  assigned: { stable: 0, canary: 0 },
};
/** Relative to numbers of size 1 and more: sums are taken in another order here than there. */
const DIGITS = 9;

describe('the judge agrees with numpy and scipy (test/oracle/judge.py)', () => {
  it.each(FIXTURE.countFilter)('count filter: $name', (example) => {
    const kernel = loadCountKernel(example.noise, example.marginLog, example.tickSeconds, example.shiftWeights);
    const filter = createCountFilter(kernel);
    for (const [index, [n1, x1, n0, x0]] of example.ticks.entries()) {
      stepCountFilter(kernel, filter, n1, x1, n0, x0);
      const { logHarm, logSafe } = evaluateCounts(filter);
      const [harm, safe] = example.evidence[index] ?? [Number.NaN, Number.NaN];
      expect(logHarm, `harm after tick ${index}`).toBeCloseTo(harm, DIGITS);
      expect(logSafe, `safety after tick ${index}`).toBeCloseTo(safe, DIGITS);
    }
  });

  it('shipped assumptions are those that the oracle was asked about', () => {
    for (const name of ['default', 'quiet', 'tall-bursts']) {
      const asked = FIXTURE.countFilter.find((example) => example.name === `even, ${name}, 60 s`);
      expect(asked?.noise).toEqual(NOISE_ASSUMPTIONS[name]);
      if (asked === undefined) continue;
      // The kernel's own prior of shifts, when none is given.
      expect(loadCountKernel(asked.noise, asked.marginLog, 60).jumpPrior).toEqual(
        loadCountKernel(asked.noise, asked.marginLog, 60, asked.shiftWeights).jumpPrior,
      );
    }
  });

  it.each(FIXTURE.ceiling)('ceiling: $events of $requests against $ceiling', (example) => {
    const bets = createBets(CEILING_BETS, true);
    betAgainstCeiling(bets, example.events, example.requests, example.ceiling, 0.02);
    expect(logWealthOf(bets)).toBeCloseTo(example.logWealth, DIGITS);
  });

  it.each(FIXTURE.sampleRatio)('sample ratio: $canary of $total against $intended', (example) => {
    const { total, canary, intended, logTail } = example;
    const { matches } = evaluateSampleRatio(null, {
      ...NOTHING,
      canaryBasisPoints: 10_000 * intended,
      assigned: { canary, stable: total - canary },
    });
    const odds = (canary / (total - canary)) * ((1 - intended) / intended);
    const isFarOff = odds > 3 || odds < 1 / 3;
    // The bound is never below the tail it bounds: what is called is at least that unlikely.
    if (!matches) expect(logTail).toBeLessThan(Math.log(1e-7));
    expect(matches).toBe(!(isFarOff && logTail < Math.log(1e-7)));
  });
});
