import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTheatre, type RolloutTheatre } from '../support/rollout-workflow.ts';

let theatre: RolloutTheatre;
beforeAll(async () => void (theatre = await openTheatre()));
afterAll(async () => await theatre?.close());

it('updates of another shape are refused, and change nothing', async () => {
  const scene = await theatre.start([{ weight: 50, windowMinutes: 600 }]);
  await scene.until(({ intendedWeightPercent }) => intendedWeightPercent === 50);
  for (const [verb, input, words] of [
    ['pause', { actor: '' }, 'nobody is named as actor'],
    ['pause', { reason: 5 }, 'its reason is a number, wanted text'],
    ['abort', { reason: null }, 'its reason is null, wanted text'],
    ['promote', { full: 'no' }, 'its full is a string, wanted true or false'],
    ['promote', {}, 'its full is missing, wanted true or false'],
  ] as const)
    await expect(scene.act(verb, input), `${verb} ${JSON.stringify(input)}`).rejects.toThrow(
      `${verb} refused: ${words}`,
    );
  expect(await scene.status()).toMatchObject({ phase: 'canary', intendedWeightPercent: 50, outcome: null });
  await scene.act('abort', { reason: '' });
  expect(await scene.result()).toMatchObject({ outcome: 'aborted' });
});
