import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTheatre, type RolloutTheatre } from '../support/rollout-workflow.ts';

const SLOW_MS = 2000;
const GOVERNED = { isGoverned: true, approvalId: 'apr-1', production: '1' };

/** Something under way that lasts until the test lets it go, however busy the machine is. */
function hold() {
  const { promise, resolve } = Promise.withResolvers<void>();
  let isUnderWay = false;
  return {
    last: async (): Promise<void> => {
      isUnderWay = true;
      await promise;
    },
    isUnderWay: (): boolean => isUnderWay,
    letGo: resolve,
  };
}

describe.concurrent('after somebody said stop', () => {
  let theatre: RolloutTheatre;
  beforeAll(async () => void (theatre = await openTheatre()));
  afterAll(async () => await theatre?.close());

  it('in pre-flight, no user meets the canary', async () => {
    const held = hold();
    const scene = await theatre.start([{ weight: 50 }], {}, { prepare: held.last });
    await scene.until(held.isUnderWay);
    await scene.act('abort');
    held.letGo();
    expect(await scene.result()).toMatchObject({ outcome: 'aborted', finalWeightPercent: 0 });
    expect(scene.weights).toEqual([0]);
  });

  it('in the look that ends a step, the next weight is not written', async () => {
    const held = hold();
    const scene = await theatre.start(
      [{ weight: 20, windowMinutes: 0.03 }, { weight: 50 }],
      {},
      {
        look: async () => {
          // It lasts longer than the step.
          if (scene.looks.length === 1) await Promise.all([held.last(), sleep(SLOW_MS)]);
          return {};
        },
      },
    );
    await scene.until(held.isUnderWay);
    await scene.act('abort');
    held.letGo();
    expect(await scene.result()).toMatchObject({ outcome: 'aborted' });
    expect(scene.weights).toEqual([20, 0]);
  });

  it('in the last look of the bake, it is not promoted', async () => {
    const held = hold();
    const scene = await theatre.start(
      [{ weight: 50, windowMinutes: 0.03 }],
      {},
      {
        look: async ({ canaryBasisPoints }) => {
          // It lasts longer than the bake.
          if (canaryBasisPoints === 10_000) await Promise.all([held.last(), sleep(SLOW_MS)]);
          return {};
        },
      },
    );
    await scene.until(held.isUnderWay);
    await scene.act('abort');
    held.letGo();
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
    const held = hold();
    const apply = async ({ split }: { split: { stable: { version: string } } }): Promise<void> => {
      if (split.stable.version === '2') await held.last();
    };
    const scene = await theatre.start([{ weight: 50, windowMinutes: 0.03 }], {}, { apply });
    await scene.until(held.isUnderWay);
    await scene.act('abort');
    held.letGo();
    expect(await scene.result()).toMatchObject({ outcome: 'aborted' });
    expect(scene.closed.map(({ proven }) => proven)).toEqual([null]);
    expect(scene.weights).toEqual([50, 100, 0, 0]);
  });

  /** Aborted while its stage moves, which it has not done before the end is about to be recorded. */
  const abortWhileStageMoves = async (more: Parameters<typeof theatre.start>[2] = {}) => {
    const held = hold();
    const scene = await theatre.start(
      [{ weight: 50, windowMinutes: 0.03 }],
      {},
      {
        versions: async () => await Promise.resolve(GOVERNED),
        moveStage: held.last,
        // Between the look at the registry and the record of the end.
        close: async () => {
          held.letGo();
          while (scene.stages.length === 0) await sleep(50);
        },
        ...more,
      },
    );
    await scene.until(held.isUnderWay);
    await scene.act('abort');
    return scene;
  };

  it('while the stage moves, it comes back out, however late it gets there', async () => {
    const scene = await abortWhileStageMoves();
    expect(await scene.result()).toMatchObject({ outcome: 'aborted', finalWeightPercent: 0 });
    expect(scene.weights).toEqual([50, 100, 0]);
    expect(scene.stages).toEqual(['2 in', '2 out']);
    expect(scene.events.map(({ event }) => event)).toContain('stage-restored');
  });

  it('while the stage moves, people are told that it came back out, though the database was away then', async () => {
    let refused = 0;
    const scene = await abortWhileStageMoves({
      // As long as what happens is tried before it is kept.
      record: async ({ event }) => {
        if (event !== 'stage-restored' || refused === 5) return;
        refused += 1;
        await Promise.reject(new Error('database is away'));
      },
    });
    expect(await scene.result()).toMatchObject({ outcome: 'aborted' });
    expect([scene.stages, refused]).toEqual([['2 in', '2 out'], 5]);
    expect(scene.events.at(-1)).toMatchObject({ event: 'stage-restored', notification: { severity: 'warning' } });
  }, 60_000);

  it('while nobody has heard whether the stage moved, it comes back out, and people are told once', async () => {
    const scene = await theatre.start(
      [{ weight: 50, windowMinutes: 0.03 }],
      {},
      {
        versions: async () => await Promise.resolve(GOVERNED),
        stageMoved: async () => await Promise.reject(new Error('the answer is lost')),
      },
    );
    await scene.until(() => scene.stages.length > 0);
    await scene.act('abort');
    expect(await scene.result()).toMatchObject({ outcome: 'aborted' });
    expect(scene.stages).toEqual(['2 in', '2 out']);
    expect(scene.events.filter(({ event }) => event === 'stage-restored')).toHaveLength(1);
  });

  it('is refused once the record of the promotion is being written', async () => {
    const held = hold();
    const scene = await theatre.start([{ weight: 50, windowMinutes: 0.03 }], {}, { close: held.last });
    await scene.until(held.isUnderWay);
    await expect(scene.act('abort')).rejects.toThrow('abort refused: the rollout is ending: promoted');
    held.letGo();
    expect(await scene.result()).toMatchObject({ outcome: 'promoted' });
  });
});
