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

describe('the first look of a second attempt', () => {
  it('begins with the evidence that the attempt before left, before anything is judged and after', async () => {
    const readings = [0, 1, 2].map((n) => reading(n, 950 * n, 50 * n, 500));
    const [first, second] = await look(readings, 3);
    expect(first?.wealth).toBe(3);
    const [, fresh] = await look(readings, 1);
    expect(second?.wealth).toBeCloseTo(3 * (fresh?.wealth ?? 0), 9);
  });
});
