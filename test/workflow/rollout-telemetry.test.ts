import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ObserveInput } from '../../activities/telemetry.ts';
import { BLIND, openTheatre, someTicks, type RolloutTheatre, type Scene } from '../support/rollout-workflow.ts';

const STEPS = [{ weight: 50, windowMinutes: 0.03 }];
/** 20 seconds, of which people's time does not count. */
const SHORT = { maxDeploymentHours: 20 / 3600 };

/** Looks that are blind while `isBlind` says so. */
function seeing(isBlind: (input: ObserveInput) => boolean) {
  return { look: async (input: ObserveInput) => await Promise.resolve(isBlind(input) ? BLIND : {}) };
}

const overrides = (scene: Scene): string[] =>
  scene.events.filter(({ event }) => event === 'overridden').map(({ details }) => String(details['detail']));

/** How late the timers of a server may be, almost. */
const LATE_MS = 950;

describe.concurrent('missing telemetry never promotes', () => {
  let theatre: RolloutTheatre;
  beforeAll(async () => void (theatre = await openTheatre()));
  afterAll(async () => await theatre?.close());

  const atGate = async (settings = {}): Promise<{ scene: Scene; sight: { isLost: boolean } }> => {
    const sight = { isLost: false };
    const world = seeing(() => sight.isLost);
    const scene = await theatre.start(STEPS, { manualGates: [100], ...settings }, world);
    await scene.until(({ waitingFor }) => waitingFor?.kind === 'gate');
    sight.isLost = true;
    const { tick } = await scene.until(({ missing }) => missing.join(' ').includes('metrics source answered 500'));
    // One look more: on a busy machine what a query has seen may still be on its way into the history, behind what is sent next.
    await scene.until((found) => found.tick > tick, 60_000);
    return { scene, sight };
  };

  // The longest first: a few run at once.
  it('after a pause that held the promotion up', async () => {
    const sight = { isLost: false };
    const scene = await theatre.start(
      STEPS,
      {},
      {
        ...seeing(() => sight.isLost),
        // The router is away when the promotion is to be written, so that the rollout stays there.
        apply: async ({ split }) => {
          if (split.stable.version === '2' && !sight.isLost) await Promise.reject(new Error('router is away'));
        },
      },
    );
    await scene.until(({ timeline }) => timeline.some(({ event }) => event === 'router-away'), 100_000);
    await scene.act('pause');
    sight.isLost = true;
    await scene.until(({ lastVerdict }) => lastVerdict?.verdict === 'inconclusive', 60_000);
    await scene.act('resume');
    await someTicks();
    expect(await scene.status()).toMatchObject({ outcome: null });
    sight.isLost = false;
    await scene.act('abort');
    await scene.result();
  }, 150_000);

  it('in the bake: it goes on until the deadline, then traffic goes back and nothing is concluded', async () => {
    const world = seeing(({ canaryBasisPoints }) => canaryBasisPoints === 10_000);
    const scene = await theatre.start(STEPS, SHORT, world);
    const { missing } = await scene.until(({ step, missing: m }) => step.kind === 'bake' && m.length === 1);
    expect(missing[0]).toContain('usable telemetry at 100 % (');
    const { outcome, reason, detail } = await scene.result();
    expect([outcome, reason]).toEqual(['rolled-back', 'inconclusive']);
    expect(detail).toContain('metrics source answered 500');
    expect(scene.weights).toEqual([50, 100, 0]);
    expect(scene.closed.map(({ proven }) => proven)).toEqual([null]);
  });

  it('in the bake: it is promoted when telemetry is back', async () => {
    let isBack = false;
    const world = seeing(({ canaryBasisPoints }) => canaryBasisPoints === 10_000 && !isBack);
    const scene = await theatre.start(STEPS, {}, world);
    await scene.until(({ step }) => step.kind === 'bake');
    await someTicks();
    expect(await scene.status()).toMatchObject({ outcome: null, intendedWeightPercent: 100 });
    isBack = true;
    expect(await scene.result()).toMatchObject({ outcome: 'promoted' });
    expect(overrides(scene)).toEqual([]);
  });

  it('in the bake: no request of the canary is no evidence', async () => {
    const look = async ({ canaryBasisPoints }: ObserveInput) =>
      await Promise.resolve(canaryBasisPoints === 10_000 ? { canaryRequests: 0 } : {});
    const scene = await theatre.start(STEPS, SHORT, { look });
    expect(await scene.result()).toMatchObject({ outcome: 'rolled-back', reason: 'inconclusive' });
  });

  it('at a gate: an approval waits for it', async () => {
    const { scene, sight } = await atGate();
    const answer = await scene.act('approve');
    expect(answer).toMatchObject({ what: expect.stringContaining('which waits for: metrics source answered 500') });
    await someTicks();
    expect(await scene.status()).toMatchObject({ intendedWeightPercent: 50, phase: 'canary', waitingFor: null });
    sight.isLost = false;
    expect(await scene.result()).toMatchObject({ outcome: 'promoted' });
    expect(overrides(scene)).toEqual([]);
  });

  it('at a gate: approved and still blind at the deadline, it is rolled back', async () => {
    const { scene } = await atGate(SHORT);
    await scene.act('approve');
    expect(await scene.result()).toMatchObject({ outcome: 'rolled-back', reason: 'inconclusive' });
    expect(scene.weights).toEqual([50, 0]);
  });

  it('unless a person promotes, which is recorded with what was missing', async () => {
    const { scene } = await atGate();
    await scene.act('approve');
    await someTicks();
    await scene.act('promote', { full: false });
    await scene.until(({ step, intendedWeightPercent }) => step.kind === 'bake' && intendedWeightPercent === 100);
    await someTicks();
    expect(await scene.status(), 'the bake needs it again').toMatchObject({ outcome: null });
    await scene.act('promote', { full: false });
    expect(await scene.result()).toMatchObject({ outcome: 'promoted' });
    const [entered, closed, ...more] = overrides(scene);
    expect(entered).toContain('although missing: metrics source answered 500; positive evidence (');
    expect(closed).toContain('although missing: usable telemetry at 100 % (metrics source answered 500)');
    expect(more).toEqual([]);
  });

  it('at a gate that a person promotes past, it is said to be missing beside the approval', async () => {
    const { scene } = await atGate();
    await scene.act('promote', { full: true });
    await scene.until(({ intendedWeightPercent }) => intendedWeightPercent === 100);
    expect(overrides(scene)[0]).toContain('although missing: the approval of 100 %; metrics source answered 500');
    await scene.act('abort');
    await scene.result();
  });

  it('looks that come late keep half a tick from the next: none sees the requests of a moment only', async () => {
    const look = async ({ at }: ObserveInput) => await Promise.resolve({ nowMs: Date.parse(at) + LATE_MS });
    const scene = await theatre.start([{ weight: 50, windowMinutes: 0.15 }], {}, { look });
    expect(await scene.result()).toMatchObject({ outcome: 'promoted' });
    const taken = scene.looks.map(({ at }) => Date.parse(at));
    const gaps = taken.slice(1).map((at, i) => at - (taken[i] ?? 0) - LATE_MS);
    expect(gaps.length).toBeGreaterThan(3);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(500);
  });
});
