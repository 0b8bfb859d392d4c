import { describe, expect, it } from 'vitest';
import { assembleTick, type ObservationRule } from '../../../domain/rollout/observation.ts';
import { evaluateSampleRatio } from '../../../domain/rollout/sample-ratio.ts';
import {
  LATENCY_BOUNDS_MS,
  SCORE_BINS,
  type ArmCounters,
  type TelemetrySnapshot,
} from '../../../domain/rollout/telemetry.ts';

const RULE: ObservationRule = {
  slowBoundMs: 50,
  seed: 's',
  expectedStableVersion: '1',
  expectedCanaryVersion: '2',
  source: 'users',
};

function arm(
  version: string,
  requests: number,
  errors: number,
  slow: number,
  scores: readonly number[] = [],
): ArmCounters {
  const latency = LATENCY_BOUNDS_MS.map(() => 0).concat(0);
  latency[0] = requests - slow;
  latency[LATENCY_BOUNDS_MS.indexOf(75)] = slow;
  const bins = Array.from({ length: SCORE_BINS }, () => 0);
  for (const score of scores) bins[Math.round(score * 100)]! += 1;
  return { version, requests, errors, latency, scores: bins };
}

function snapshot(
  at: number,
  stable: ArmCounters | null,
  canary: ArmCounters | null,
  more: Partial<TelemetrySnapshot> = {},
): TelemetrySnapshot {
  return {
    model: 'm',
    instanceId: 'i',
    observedAt: new Date(at).toISOString(),
    generation: 3,
    canaryBasisPoints: 5000,
    stable,
    canary,
    mirror: null,
    assigned: { stable: 0, canary: 0 },
    ...more,
  };
}

describe('a tick from two readings', () => {
  const first = snapshot(0, arm('1', 100, 1, 5), arm('2', 100, 2, 6));

  it('is their difference, counting the requests above the bound as slow', () => {
    const { tick, problems } = assembleTick(first, snapshot(1, arm('1', 160, 1, 9), arm('2', 150, 4, 7)), RULE);
    expect(problems).toEqual([]);
    expect(tick).toEqual({
      canary: { requests: 50, errors: 2, slow: 1 },
      control: { requests: 60, errors: 0, slow: 4 },
    });
  });

  it('counts from zero when the source started again', () => {
    const again = snapshot(1, arm('1', 20, 0, 0), arm('2', 10, 1, 0), { instanceId: 'j' });
    expect(assembleTick(first, again, RULE).tick).toMatchObject({
      canary: { requests: 10, errors: 1 },
      control: { requests: 20 },
    });
  });

  it('counts requests of exactly the bound as fast', () => {
    const at = (bound: number): ArmCounters => {
      const latency = LATENCY_BOUNDS_MS.map((edge) => (edge === bound ? 10 : 0)).concat(0);
      return { ...arm('2', 10, 0, 0), latency };
    };
    const slow = (bound: number) =>
      assembleTick(snapshot(0, arm('1', 0, 0, 0), arm('2', 0, 0, 0)), snapshot(1, arm('1', 0, 0, 0), at(bound)), RULE)
        .tick.canary?.slow;
    expect([slow(35), slow(50), slow(75)]).toEqual([0, 0, 10]);
  });

  it('deals scores out in another order than their bins, and another for each arm', () => {
    const scores = Array.from({ length: 40 }, (_, index) => index / 40);
    const now = snapshot(1, arm('1', 200, 1, 5, scores), arm('2', 200, 2, 6, scores));
    const { canary, control } = assembleTick(first, now, RULE).tick.scores ?? {};
    const sorted = (canary as number[]).toSorted((a, b) => a - b);
    expect(canary).not.toEqual(sorted);
    expect(control).not.toEqual(sorted);
    expect(canary).not.toEqual(control);
  });

  it('keeps every score, in an order that depends on the seed and not on the value', () => {
    const scores = [0, 0, 0.5, 1, 1, 1];
    const now = snapshot(1, arm('1', 200, 1, 5, scores), arm('2', 200, 2, 6, scores));
    const { tick } = assembleTick(first, now, RULE);
    expect(((tick.scores?.canary ?? []) as number[]).toSorted((a, b) => a - b)).toEqual(scores);
    expect(assembleTick(first, now, RULE).tick).toEqual(tick);
  });

  it.each([
    ['no reading', null, 'no reading'],
    ['a stale reading', snapshot(0, arm('1', 160, 1, 9), arm('2', 150, 4, 7)), 'stale'],
    ['another version', snapshot(1, arm('1', 160, 1, 9), arm('3', 150, 4, 7)), 'wanted 2'],
    ['counters that went back', snapshot(1, arm('1', 90, 1, 5), arm('2', 150, 4, 7)), 'backwards'],
    ['an unknown arm', snapshot(1, arm('1', 160, 1, 9), null), 'not known'],
  ])('is a problem with %s', (_name, current, problem) => {
    const { tick, problems } = assembleTick(first, current, RULE);
    expect(tick).toEqual({});
    expect(problems.join()).toContain(problem);
  });
});

describe('the sample ratio', () => {
  const reading = (stable: number, canary: number, more: Partial<TelemetrySnapshot> = {}) =>
    snapshot(1, null, null, { assigned: { stable, canary }, ...more });
  it.each([
    ['fits', 500, 500, 5000, true],
    ['is off by chance', 90, 10, 500, true],
    ['is zero although half was wanted', 1000, 0, 5000, false],
    ['is all although 5 % were wanted', 0, 1000, 500, false],
    ['is of nothing', 0, 0, 5000, true],
  ])('%s', (_name, stable, canary, share, matches) => {
    expect(evaluateSampleRatio(reading(0, 0), reading(stable, canary), share).matches).toBe(matches);
  });

  it('is that of what the rollout wrote, whatever weight the router says is live', () => {
    const live = { canaryBasisPoints: 9000 };
    expect(evaluateSampleRatio(reading(0, 0, live), reading(100, 900, live), 500).matches).toBe(false);
  });

  it('is of the requests since the reading before, or since the source started again', () => {
    const before = reading(0, 1000);
    expect(evaluateSampleRatio(before, reading(500, 1500), 5000)).toMatchObject({ matches: true });
    expect(evaluateSampleRatio(before, reading(1000, 1000), 5000)).toMatchObject({ matches: false });
    expect(evaluateSampleRatio(before, reading(500, 500, { instanceId: 'j' }), 5000)).toMatchObject({ matches: true });
  });
});
