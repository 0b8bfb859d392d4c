import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../support/stack.ts';
import { openTheatre, someTicks, type RolloutTheatre } from '../support/rollout-workflow.ts';

const STEPS = [{ weight: 50, windowMinutes: 0.03 }];

describe.concurrent('a database that is away', () => {
  let theatre: RolloutTheatre;
  beforeAll(async () => void (theatre = await openTheatre()));
  afterAll(async () => await theatre?.close());

  /** A database that refuses events of the named kinds, while it is away. */
  const database = (...kinds: string[]) => {
    const state = { isAway: true };
    const record = async ({ event }: { event: string }): Promise<void> => {
      if (state.isAway && (kinds.length === 0 || kinds.includes(event)))
        await Promise.reject(new Error('database is away'));
    };
    return { state, record };
  };

  // The longest first: a few run at once.
  it('nor a router that is away hides a canary that is down', async () => {
    let isHealthy = true;
    const scene = await theatre.start(
      [{ weight: 20, windowMinutes: 0.03 }, { weight: 50 }],
      {},
      {
        canaryIsHealthy: () => isHealthy,
        apply: async ({ split }) => {
          if (split.canaryBasisPoints === 5000) await Promise.reject(new Error('router is away'));
        },
      },
    );
    await scene.until(({ timeline }) => timeline.some(({ event }) => event === 'router-away'), 60_000);
    isHealthy = false;
    await someTicks();
    expect(await scene.result()).toMatchObject({ outcome: 'rolled-back', reason: 'health' });
  }, 200_000);

  it('at a gate only pauses: the rollout waits, goes on, and every event is written once', async () => {
    const { state, record } = database('gate', 'approve', 'approved', 'weight-set');
    state.isAway = false;
    const scene = await theatre.start(STEPS, { manualGates: [100] }, { record });
    const written = async () => await Promise.resolve(scene.events.map(({ event }) => event));
    await until(written, (events) => events.includes('weight-set'), 60_000);
    state.isAway = true;
    await scene.until(
      ({ missing, waitingFor }) =>
        waitingFor?.kind === 'gate' && missing.some((what) => what.startsWith('the database')),
      60_000,
    );
    await scene.act('approve');
    // Longer than an activity is tried.
    await sleep(45_000);
    expect(await scene.status()).toMatchObject({ outcome: null, intendedWeightPercent: 50 });
    state.isAway = false;
    expect(await scene.result()).toMatchObject({ outcome: 'promoted' });
    expect(scene.weights).toEqual([50, 100, 0]);
    const events = scene.events.map(({ event }) => event);
    expect(events.toSorted()).toEqual(
      ['started', 'weight-set', 'gate', 'approve', 'approved', 'weight-set', 'weight-set', 'promoted'].toSorted(),
    );
  }, 180_000);

  it('in pre-flight only delays: the rollout begins when it is back', async () => {
    let attempts = 0;
    const prepare = async (): Promise<void> => {
      attempts += 1;
      // More often than an activity is tried.
      if (attempts <= 13) throw ApplicationFailure.retryable('database is away', 'DATABASE_UNREACHABLE');
      await Promise.resolve();
    };
    const scene = await theatre.start(STEPS, {}, { prepare });
    await scene.until(({ timeline }) => timeline.some(({ event }) => event === 'delayed'), 90_000);
    expect(await scene.status()).toMatchObject({ phase: 'validating', outcome: null });
    expect(await scene.result()).toMatchObject({ outcome: 'promoted' });
    expect(scene.weights).toEqual([50, 100, 0]);
  }, 180_000);

  it('in pre-flight lets itself be aborted, and neither a bug nor a refusal of the database is an outage', async () => {
    const prepare = async (): Promise<void> =>
      await Promise.reject(ApplicationFailure.retryable('router is away', 'ROUTER_UNREACHABLE'));
    const scene = await theatre.start(STEPS, {}, { prepare });
    const broken = await theatre.start(STEPS, {}, { prepare: async () => await Promise.reject(new TypeError('bug')) });
    const prepareRefused = async (): Promise<void> =>
      await Promise.reject(ApplicationFailure.retryable('events do not go on', 'LEDGER_REFUSED'));
    const refused = await theatre.start(STEPS, {}, { prepare: prepareRefused });
    await scene.until(({ timeline }) => timeline.some(({ event }) => event === 'delayed'), 90_000);
    await scene.act('abort');
    expect(await scene.result()).toMatchObject({ outcome: 'aborted' });
    expect(await broken.result()).toMatchObject({ outcome: 'failed', detail: 'bug' });
    expect(await refused.result()).toMatchObject({ outcome: 'failed', reason: 'LEDGER_REFUSED' });
    expect([...scene.weights, ...broken.weights, ...refused.weights]).toEqual([]);
  }, 180_000);

  it('does not hold an abort up', async () => {
    const { state, record } = database('gate');
    const scene = await theatre.start(STEPS, { manualGates: [50] }, { record });
    await scene.until(({ missing }) => missing.some((what) => what.startsWith('the database')), 60_000);
    await scene.act('abort');
    await scene.until(({ phase }) => phase === 'rolling-back', 5000);
    state.isAway = false;
    expect(await scene.result()).toMatchObject({ outcome: 'aborted' });
    expect(scene.weights).toEqual([0]);
    expect(scene.events.map(({ event }) => event)).toContain('gate');
  });

  it('does not hide a canary that is down', async () => {
    const { state, record } = database('gate');
    let isHealthy = true;
    const scene = await theatre.start(STEPS, { manualGates: [100] }, { record, canaryIsHealthy: () => isHealthy });
    await scene.until(({ missing }) => missing.some((what) => what.startsWith('the database')), 60_000);
    isHealthy = false;
    await scene.until(({ phase }) => phase === 'rolling-back', 30_000);
    state.isAway = false;
    expect(await scene.result()).toMatchObject({ outcome: 'rolled-back', reason: 'health' });
  });

  it('gives traffic back at the deadline, when it is still away', async () => {
    const { state, record } = database('weight-set');
    const scene = await theatre.start(STEPS, { maxDeploymentHours: 12 / 3600 }, { record });
    await scene.until(({ phase }) => phase === 'rolling-back', 60_000);
    await until(
      async () => await Promise.resolve(scene.weights.at(-1)),
      (weight) => weight === 0,
      10_000,
    );
    state.isAway = false;
    expect(await scene.result()).toMatchObject({ outcome: 'rolled-back' });
  });
});
