import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTheatre, type RolloutTheatre } from '../support/rollout-workflow.ts';

const SLOW_MS = 2000;

describe.concurrent('after somebody said stop', () => {
  let theatre: RolloutTheatre;
  beforeAll(async () => void (theatre = await openTheatre()));
  afterAll(async () => await theatre?.close());

  it('in pre-flight, no user meets the canary', async () => {
    const scene = await theatre.start([{ weight: 50 }], {}, { prepare: async () => await sleep(SLOW_MS) });
    await sleep(500);
    await scene.act('abort');
    expect(await scene.result()).toMatchObject({ outcome: 'aborted', finalWeightPercent: 0 });
    expect(scene.weights).toEqual([0]);
  });

  it('in the look that ends a step, the next weight is not written', async () => {
    let isLooking = false;
    const scene = await theatre.start(
      [{ weight: 20, windowMinutes: 0.03 }, { weight: 50 }],
      {},
      {
        look: async () => {
          isLooking = scene.looks.length === 2;
          if (isLooking) await sleep(SLOW_MS);
          return {};
        },
      },
    );
    await scene.until(() => isLooking);
    await scene.act('abort');
    expect(await scene.result()).toMatchObject({ outcome: 'aborted' });
    expect(scene.weights).toEqual([20, 0]);
  });

  it('in the last look of the bake, it is not promoted', async () => {
    let isLast = false;
    const scene = await theatre.start(
      [{ weight: 50, windowMinutes: 0.03 }],
      {},
      {
        look: async ({ canaryBasisPoints }) => {
          // It lasts longer than the bake.
          isLast = canaryBasisPoints === 10_000;
          if (isLast) await sleep(SLOW_MS);
          return {};
        },
      },
    );
    await scene.until(() => isLast);
    await scene.act('abort');
    expect(await scene.result()).toMatchObject({ outcome: 'aborted', finalWeightPercent: 0 });
    expect(scene.closed.map(({ outcome, proven }) => [outcome.outcome, proven])).toEqual([['aborted', null]]);
    expect(scene.weights).toEqual([50, 100, 0]);
  });

  it.each(['abort', 'cancel'])('a write that is tried again is not tried any more (%s)', async (how) => {
    let attempts = 0;
    const apply = async ({ split }: { split: { canaryBasisPoints: number } }): Promise<void> => {
      if (split.canaryBasisPoints !== 5000) return;
      attempts += 1;
      await Promise.reject(new Error('router is away'));
    };
    const scene = await theatre.start([{ weight: 20, windowMinutes: 0.03 }, { weight: 50 }], {}, { apply });
    await scene.until(() => attempts > 2);
    if (how === 'abort') await scene.act('abort');
    else await scene.cancel();
    expect(await scene.result()).toMatchObject({ outcome: 'aborted' });
    const tried = attempts;
    await sleep(SLOW_MS * 3);
    expect(attempts).toBe(tried);
    expect(scene.weights).toEqual([20, 0]);
  });

  it('while the promotion itself is written, traffic goes back to the stable version', async () => {
    let isWriting = false;
    const apply = async ({ split }: { split: { stable: { version: string } } }): Promise<void> => {
      isWriting = split.stable.version === '2';
      if (isWriting) await sleep(SLOW_MS);
    };
    const scene = await theatre.start([{ weight: 50, windowMinutes: 0.03 }], {}, { apply });
    await scene.until(() => isWriting);
    await scene.act('abort');
    expect(await scene.result()).toMatchObject({ outcome: 'aborted' });
    expect(scene.closed.map(({ proven }) => proven)).toEqual([null]);
    expect(scene.weights).toEqual([50, 100, 0, 0]);
  });

  it('is refused once the record of the promotion is being written', async () => {
    let isClosing = false;
    const close = async (): Promise<void> => {
      isClosing = true;
      await sleep(SLOW_MS);
    };
    const scene = await theatre.start([{ weight: 50, windowMinutes: 0.03 }], {}, { close });
    await scene.until(() => isClosing);
    await expect(scene.act('abort')).rejects.toThrow('abort refused: the rollout is ending: promoted');
    expect(await scene.result()).toMatchObject({ outcome: 'promoted' });
  });
});
