import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTheatre, type RolloutTheatre } from '../support/rollout-workflow.ts';

const GOVERNED = { isGoverned: true, approvalId: 'apr-1', production: '1' };
const QUICK = [{ weight: 50, windowMinutes: 0.02 }];
const refuse = (code: string) => async (): Promise<never> =>
  await Promise.reject(ApplicationFailure.nonRetryable('it was not approved', code));

let theatre: RolloutTheatre;
beforeAll(async () => void (theatre = await openTheatre()));
afterAll(async () => await theatre?.close());

it('a start that brings a memory of its own is refused: it would pass by every check before', async () => {
  const memory = { stage: 'enter', stepIndex: 0, isVerified: true, generation: 1, nowMs: 0, announced: [], waived: [] };
  const carried = { run: memory, timeline: [], lastVerdict: null };
  const scene = await theatre.start(QUICK, {}, {}, { carried });
  await expect(scene.result()).rejects.toThrow();
  expect([scene.weights, scene.events]).toEqual([[], []]);
});

it('versions that the registry refuses get no users', async () => {
  const scene = await theatre.start(QUICK, {}, { versions: refuse('PREFLIGHT_VERSION') });
  const { outcome, reason, detail } = await scene.result();
  expect({ outcome, reason, detail }).toEqual({
    outcome: 'failed',
    reason: 'PREFLIGHT_VERSION',
    detail: 'it was not approved',
  });
  expect(scene.weights).toEqual([]);
});

it('while nobody can say what the registry holds, the start waits', async () => {
  let isAway = true;
  const versions = async () =>
    isAway
      ? await Promise.reject(ApplicationFailure.retryable('the database is away', 'DATABASE_UNREACHABLE'))
      : await Promise.resolve(GOVERNED);
  const scene = await theatre.start(QUICK, {}, { versions });
  await scene.until(({ timeline }) => timeline.some(({ event }) => event === 'delayed'), 60_000);
  isAway = false;
  expect(await scene.result()).toMatchObject({ outcome: 'promoted' });
});

it('versions that have left since the registry let them in get no users', async () => {
  const asked: unknown[] = [];
  const prepare = async (isGoverned?: boolean): Promise<void> => {
    asked.push(isGoverned);
    return await refuse('PREFLIGHT_VERSION')();
  };
  const scene = await theatre.start(QUICK, {}, { versions: async () => await Promise.resolve(GOVERNED), prepare });
  expect(await scene.result()).toMatchObject({ outcome: 'failed', reason: 'PREFLIGHT_VERSION' });
  expect([asked, scene.weights]).toEqual([[true], []]);
});

it('the stage follows the users, and goes ahead of what is final only', async () => {
  const stagesAtWrite: string[][] = [];
  const scene = await theatre.start(
    QUICK,
    {},
    {
      versions: async () => await Promise.resolve(GOVERNED),
      apply: async () => void stagesAtWrite.push([...scene.stages]),
    },
  );
  expect(await scene.result()).toMatchObject({ outcome: 'promoted' });
  expect(scene.stages).toEqual(['2 in']);
  expect(scene.weights).toEqual([50, 100, 0]);
  expect(stagesAtWrite).toEqual([[], [], ['2 in']]);
  expect(scene.events.map(({ event }) => event)).toContain('stage-moved');
});

it('of a model that the registry does not know no stage is moved', async () => {
  const scene = await theatre.start(QUICK);
  expect(await scene.result()).toMatchObject({ outcome: 'promoted' });
  expect(scene.stages).toEqual([]);
});

it('a stage that is refused at the end takes the users back', async () => {
  const scene = await theatre.start(
    QUICK,
    {},
    {
      versions: async () => await Promise.resolve(GOVERNED),
      moveStage: refuse('APPROVAL_NOT_GRANTED'),
    },
  );
  expect(await scene.result()).toMatchObject({
    outcome: 'rolled-back',
    reason: 'registry',
    detail: 'it was not approved',
  });
  expect(scene.stages).toEqual([]);
  expect(scene.weights).toEqual([50, 100, 0]);
});

it('a stage that has moved goes back when the rollout does not end there', async () => {
  let isRefused = false;
  const scene = await theatre.start(
    QUICK,
    {},
    {
      versions: async () => await Promise.resolve(GOVERNED),
      moveStage: async () => void (isRefused = await Promise.resolve(true)),
      apply: async ({ idempotencyKey }) => {
        if (isRefused && idempotencyKey.endsWith('/finish')) await refuse('TRAFFIC_GENERATION_CONFLICT')();
      },
    },
  );
  expect(await scene.result()).toMatchObject({ outcome: 'failed' });
  expect(scene.stages).toEqual(['2 in', '2 out']);
  expect(scene.weights.at(-1)).toBe(0);
});

it('where stable is down after the stage has moved, it goes back, and people are told where the users are', async () => {
  let hasMoved = false;
  const scene = await theatre.start(
    QUICK,
    {},
    {
      versions: async () => await Promise.resolve(GOVERNED),
      stageMoved: async () => void (hasMoved = await Promise.resolve(true)),
      stableIsHealthy: () => !hasMoved,
      apply: async ({ idempotencyKey }) => {
        if (!idempotencyKey.endsWith('/finish')) return;
        throw await Promise.resolve(
          ApplicationFailure.create({ message: 'router is away', type: 'ROUTER_UNREACHABLE', nextRetryDelay: '50ms' }),
        );
      },
    },
  );
  expect(await scene.result()).toMatchObject({ outcome: 'failed', reason: 'stable-down', finalWeightPercent: 100 });
  expect(scene.weights, 'nobody is moved onto a dead arm').toEqual([50, 100]);
  expect(scene.stages, 'the guard brings the users back to it').toEqual(['2 in', '2 out']);
  const told = scene.events.find(({ event }) => event === 'stage-restored');
  expect(told?.details).toMatchObject({ detail: 'out; users stay on 2 until 1 is healthy' });
}, 60_000);
