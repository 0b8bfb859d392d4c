import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTheatre, someTicks, type RolloutTheatre } from '../support/rollout-workflow.ts';

let theatre: RolloutTheatre;
beforeAll(async () => void (theatre = await openTheatre(120)));
afterAll(async () => await theatre?.close());

it('a rollout that continues as new is in the phase it was in', { timeout: 180_000 }, async () => {
  const scene = await theatre.start([{ weight: 50, windowMinutes: 600 }]);
  const first = await scene.until(({ phase }) => phase === 'canary');
  await scene.until(({ runId }) => runId !== first.runId, 120_000);
  expect(await scene.status()).toMatchObject({ phase: 'canary', intendedWeightPercent: 50 });
  await someTicks();
  expect([(await scene.status()).phase, await scene.phaseAttribute()]).toEqual(['canary', 'canary']);

  await scene.act('pause');
  await someTicks();
  expect([(await scene.status()).phase, await scene.phaseAttribute()]).toEqual(['paused', 'paused']);
  const { runId } = await scene.status();
  await scene.until((status) => status.runId !== runId, 120_000);
  expect(await scene.status()).toMatchObject({ phase: 'paused', waitingFor: { kind: 'resume' } });

  await scene.act('resume');
  expect((await scene.status()).phase).toBe('canary');
  await scene.act('abort');
  await scene.until(({ outcome }) => outcome === 'aborted');
});
