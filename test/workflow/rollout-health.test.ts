import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTheatre, type RolloutTheatre } from '../support/rollout-workflow.ts';

let theatre: RolloutTheatre;
beforeAll(async () => void (theatre = await openTheatre()));
afterAll(async () => await theatre?.close());

it('what was accepted of a canary that is not well ends with its recovery', { timeout: 90_000 }, async () => {
  const scene = await theatre.start([{ weight: 50, windowMinutes: 600 }], { autoRollback: false });
  const untilHeld = async (): Promise<void> =>
    void (await scene.until(({ waitingFor }) => waitingFor?.kind === 'review'));
  await scene.until(({ intendedWeightPercent }) => intendedWeightPercent === 50);
  scene.world.canaryIsHealthy = () => false;
  await untilHeld();
  await scene.act('approve');
  const { health } = await scene.status();
  await scene.until((now) => now.health.canary !== health.canary || now.tick > 8);
  expect((await scene.status()).waitingFor, 'it is accepted').toBeNull();
  scene.world.canaryIsHealthy = () => true;
  await scene.until(({ timeline }) => timeline.some(({ event }) => event === 'recovered'));
  scene.world.canaryIsHealthy = () => false;
  await untilHeld();
  await scene.act('deny');
  expect(await scene.result()).toMatchObject({ outcome: 'rolled-back', reason: 'denied' });
  const held = scene.events.filter(({ event }) => event === 'held');
  expect(held).toHaveLength(2);
});
