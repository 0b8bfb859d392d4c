import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTheatre, type RolloutTheatre } from '../support/rollout-workflow.ts';

let theatre: RolloutTheatre;
beforeAll(async () => void (theatre = await openTheatre()));
afterAll(async () => await theatre?.close());

it('a promotion is refused while another is carried out: none is lost', async () => {
  let isWriting = false;
  const record = async ({ event }: { event: string }): Promise<void> => {
    if (event !== 'overridden') return;
    isWriting = true;
    await sleep(1500);
  };
  const hours = { windowMinutes: 600 };
  const scene = await theatre.start(
    [20, 50, 80].map((weight) => ({ weight, ...hours })),
    {},
    { record },
  );
  await scene.until(({ intendedWeightPercent }) => intendedWeightPercent === 20);
  await scene.act('promote', { full: false });
  await scene.until(() => isWriting);
  await expect(scene.act('promote', { full: true })).rejects.toThrow(
    'promote refused: a promotion by ann is being carried out',
  );
  await scene.until(({ intendedWeightPercent }) => intendedWeightPercent === 50);
  await scene.act('abort');
  expect(await scene.result()).toMatchObject({ outcome: 'aborted' });
  expect(scene.weights).toEqual([20, 50, 0]);
});

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
