import { describe, expect, it } from 'vitest';
import { assembleTick } from '../../../domain/rollout/observation.ts';
import type { TelemetrySnapshot } from '../../../domain/rollout/telemetry.ts';
import { addOverlap, evaluateOverlap, overlapInterval, type OverlapCounts } from '../../../domain/rollout/overlap.ts';
import { createRandom } from '../../../domain/statistics/seeded-random.ts';
import { createJudgeState, judgeTick, type JudgeTick } from '../../../domain/rollout/judge.ts';
import { assembleTickVerdict } from '../../../domain/rollout/tick-verdict.ts';
import type { TickVerdict } from '../../../domain/rollout/records.ts';
import { expectClose, loadOracle } from '../../support/oracle.ts';
import { POLICY, tick } from '../../support/judge.ts';

const CASES = loadOracle('overlap') as readonly {
  readonly name: string;
  readonly counts: OverlapCounts;
  readonly low: number;
  readonly high: number;
}[];
const RULE = { errorBudget: 0.05, waived: false };

describe('limits of the mean overlap against numpy and scipy', () => {
  it.each(CASES)('$name', ({ counts, low, high }) => {
    const interval = overlapInterval(counts, 0.05);
    expectClose(interval.low, low, 1e-9, 'low');
    expectClose(interval.high, high, 1e-9, 'high');
  });
});

describe('evaluateOverlap()', () => {
  it('fails on evidence that it is below the minimum, passes on evidence that it is not, and else cannot know', () => {
    const counts: OverlapCounts = [
      [0, 100],
      [100, 100],
    ];
    expect(evaluateOverlap(counts, 0.8, RULE).verdict).toBe('fail');
    expect(evaluateOverlap(counts, 0.3, RULE).verdict).toBe('pass');
    expect(evaluateOverlap(counts, 0.5, RULE).verdict).toBe('inconclusive');
    expect(evaluateOverlap(counts, 0.8, { ...RULE, waived: true }).verdict, 'accepted by a person').toBe('pass');
    expect(evaluateOverlap(counts, null, RULE)).toMatchObject({ verdict: 'pass', mean: 0.5, answers: 200 });
  });

  it('of no answers is no pass', () => {
    expect(evaluateOverlap([], 0.5, RULE)).toMatchObject({ verdict: 'inconclusive', mean: null, low: 0, high: 1 });
  });

  it('is ever wrong about a mean of exactly the minimum in at most 5 % of the series, looked at after every answer', () => {
    let failed = 0;
    for (let run = 0; run < 160; run += 1) {
      const random = createRandom(`overlap/${run}`);
      let counts: OverlapCounts = [];
      for (let look = 0; look < 60; look += 1) {
        const bins = Array.from({ length: 5 }, () => (random() < 0.6 ? 100 : 0));
        counts = addOverlap(
          counts,
          bins.map((bin) => [bin, 1] as const).reduce<OverlapCounts>((sum, one) => addOverlap(sum, [one]), []),
        );
        if (overlapInterval(counts, 0.05).high < 0.6) {
          failed += 1;
          break;
        }
      }
    }
    expect(failed).toBeLessThanOrEqual(0.05 * 160);
  });
});

describe('a look of a shadow step', () => {
  const look = (
    overlap: OverlapCounts,
    previous: TickVerdict | null,
    waived: string[] = [],
    more: Partial<JudgeTick> = {},
  ) => {
    const input: JudgeTick = { ...tick(100, 1, 1, 100, 1, 1), overlap, ...more };
    return assembleTickVerdict({
      result: judgeTick(POLICY, createJudgeState(), input).verdict,
      previous,
      tick: input,
      carriedWealth: 1,
      overlapRule: { minimum: 0.8, errorBudget: 0.05 },
      problems: [],
      observedBasisPoints: null,
      overruledBy: null,
      waived,
    });
  };

  it('adds up what was seen, and is a breach once there is evidence of too little in common', () => {
    const first = look([[20, 3]], null);
    expect(first).toMatchObject({ decision: 'undecided', overlap: { answers: 3, verdict: 'inconclusive' } });
    const second = look([[20, 40]], first);
    expect(second).toMatchObject({ decision: 'rollback', metric: 'overlap', verdict: 'fail' });
    expect(second.reasons[0]).toContain('43 mirrored answers 0.20');
    expect(look([[20, 40]], first, ['overlap']).decision, 'accepted by a person').toBe('undecided');
  });

  it('keeps what was seen while there is nothing new', () => {
    const first = look([[90, 3]], null);
    expect(look([], first).overlap).toEqual(first.overlap);
  });

  it('names the mirrored requests whose status was another, added up over looks', () => {
    const first = look([], null, [], { statuses: { requests: 4, mismatches: 4 } });
    expect(first.overlap).toMatchObject({
      verdict: 'inconclusive',
      reason: expect.stringContaining("(4 of 4 mirrored requests had another status than stable's), wanted") as unknown,
    });
    const second = look([], first, [], { statuses: { requests: 2, mismatches: 0 } });
    expect(second.overlap).toMatchObject({ statuses: { requests: 6, mismatches: 4 } });
    const equal = look([[90, 3]], null, [], { statuses: { requests: 3, mismatches: 0 } });
    expect(equal.overlap?.reason).not.toContain('status');
  });

  it('takes the statuses of a tick from the counters of the mirror, as far as they grew', () => {
    const reading = (observedAt: string, requests: number, statusMismatches: number): TelemetrySnapshot => ({
      model: 'm',
      instanceId: 'i',
      observedAt,
      generation: 1,
      canaryBasisPoints: 0,
      stable: { version: '1', requests, errors: 0, latency: [requests], scores: [] },
      canary: null,
      mirror: { requests, errors: 0, statusMismatches, latency: [requests], overlap: [] },
      assigned: { stable: requests, canary: 0 },
    });
    const rule = {
      slowBoundMs: 500,
      seed: 's',
      expectedStableVersion: '1',
      expectedCanaryVersion: '2',
      source: 'mirror',
    } as const;
    const { tick: seen, problems } = assembleTick(reading('a', 10, 2), reading('b', 15, 5), rule);
    expect(problems).toEqual([]);
    expect(seen.statuses).toEqual({ requests: 5, mismatches: 3 });
  });
});
