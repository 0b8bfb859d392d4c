import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, it } from 'vitest';
import type { MetricsSource, RolloutStore } from '../../../activities/ports.ts';
import { createTelemetryActivities, type LookResult, type ObserveInput } from '../../../activities/telemetry.ts';
import type { TickRecord } from '../../../domain/rollout/records.ts';
import { LATENCY_BOUNDS_MS, SCORE_BINS, type TelemetrySnapshot } from '../../../domain/rollout/telemetry.ts';
import { POLICY } from '../../support/judge.ts';

const INPUT: ObserveInput = {
  rolloutKey: 'second',
  model: 'm',
  environment: 'dev',
  tick: 0,
  at: '2026-01-01T00:00:00.000Z',
  step: 0,
  kind: 'users',
  judged: true,
  stableVersion: '1',
  canaryVersion: '2',
  generation: 5,
  canaryBasisPoints: 500,
  slowBoundMs: 50,
  policy: POLICY,
  waived: [],
  minimumSuccessRate: 0.95,
};

/** A reading in which each arm has had that many requests, none of them bad. */
function reading(number: number, stable: number, canary: number, canaryBasisPoints: number): TelemetrySnapshot {
  const arm = (version: string, requests: number) => ({
    version,
    requests,
    errors: 0,
    latency: [requests, ...LATENCY_BOUNDS_MS.map(() => 0)],
    scores: Array.from({ length: SCORE_BINS }, () => 0),
  });
  return {
    model: 'm',
    instanceId: 'i',
    observedAt: new Date(1000 * number).toISOString(),
    generation: 5,
    canaryBasisPoints,
    stable: arm('1', stable),
    canary: arm('2', canary),
    mirror: null,
    assigned: { stable, canary },
  };
}

/** Takes a look per reading. */
async function look(readings: readonly TelemetrySnapshot[], carriedWealth = 1, input: Partial<ObserveInput> = {}) {
  const saved: TickRecord[] = [];
  const left = [...readings];
  const rollouts = {
    tick: async () => await Promise.resolve(null),
    lastTickBefore: async () => await Promise.resolve(saved.at(-1) ?? null),
    carriedWealth: async () => await Promise.resolve(carriedWealth),
    saveTick: async (record: TickRecord) => {
      // As the database keeps it.
      saved.push(JSON.parse(JSON.stringify(record)) as TickRecord);
      return await Promise.resolve(record);
    },
  } as unknown as RolloutStore;
  const metrics: MetricsSource = {
    snapshot: async () => await Promise.resolve(left.shift() as TelemetrySnapshot),
  };
  const engine = { program: 'p', node: 'n', v8: 'v' };
  const activities = createTelemetryActivities({ metrics, rollouts, engine });
  const results: LookResult[] = [];
  for (const tick of readings.keys())
    results.push(
      await new MockActivityEnvironment().run(
        async () => await activities.observeAndJudge({ ...INPUT, ...input, tick }),
      ),
    );
  return results;
}

describe('a look at a split that is not the intended one', () => {
  const intended = [0, 1, 2].map((n) => reading(n, 950 * n, 50 * n, 500));

  it('is inconclusive when the generation is ours and the weight is not, from the first reading on', async () => {
    const live = [0, 1, 2].map((n) => reading(n, 100 * n, 900 * n, 9000));
    const results = await look(live);
    for (const { problems } of results)
      expect(problems[0]).toBe('live split: 90 % to the canary, intended 5 % (generation 5)');
    expect(results.at(-1)).toMatchObject({ verdict: 'inconclusive', telemetry: 'missing', overruledBy: null });
    expect(results.at(-1)?.canaryRequests).toBe(0);
  });

  it('is inconclusive when requests do not go where the rollout and the router say', async () => {
    const [, last] = await look([reading(0, 0, 0, 500), reading(1, 100, 900, 500)]);
    expect(last?.problems.join()).toContain('900 of 1000 requests went to the canary (90.00 %), intended 5 %');
    expect(last).toMatchObject({ verdict: 'inconclusive', telemetry: 'missing' });
  });

  it('is judged as ever when all three agree', async () => {
    const last = (await look(intended)).at(-1);
    expect(last).toMatchObject({ problems: [], telemetry: 'complete', canaryRequests: 50 });
  });

  it('is overruled, and nothing else is said of it, when the generation is another', async () => {
    const foreign = intended.map((one) => ({ ...one, generation: 6, canaryBasisPoints: 9000 }));
    const last = (await look(foreign)).at(-1);
    expect(last).toMatchObject({ overruledBy: { kind: 'foreign', generation: 6 } });
    expect(last?.problems.join()).not.toContain('live split');
  });
});

describe('the first look of a second attempt', () => {
  it('begins with the evidence that the attempt before left, before anything is judged and after', async () => {
    const readings = [0, 1, 2].map((n) => reading(n, 950 * n, 50 * n, 500));
    const [first, second] = await look(readings, 3);
    expect(first?.wealth).toBe(3);
    const [, fresh] = await look(readings, 1);
    expect(second?.wealth).toBeCloseTo(3 * (fresh?.wealth ?? 0), 9);
  });
});
