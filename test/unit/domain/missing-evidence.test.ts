import { describe, expect, it } from 'vitest';
import { missingToClose, missingToEnter, reasonAtDeadline } from '../../../domain/rollout/missing-evidence.ts';
import { assemblePlan } from '../../../domain/rollout/plan.ts';
import { createRun, type RolloutRequest, type RolloutRun } from '../../../domain/rollout/run.ts';
import { PLAN_SETTINGS } from '../../support/plan-settings.ts';

const REQUEST = {
  plan: assemblePlan({ ...PLAN_SETTINGS, steps: [{ weight: 20 }, { weight: 50 }] }, 'default'),
} as RolloutRequest;
const [AT_20, AT_50, AT_100] = [2000, 5000, 10_000].map((canaryBasisPoints) => ({
  intended: { canaryBasisPoints, mirrorBasisPoints: 0 },
}));

function run(stepIndex: number, parts: Partial<RolloutRun> = {}): RolloutRun {
  return { ...createRun('key', 0), stage: 'enter', stepIndex, undecidedReason: 'the source is away', ...parts };
}

describe('what is missing before a step is entered', () => {
  it.each<[string, RolloutRun, string[]]>([
    ['nothing before the first: no user has met the canary', run(0), []],
    ['a clear look, with users on the canary', run(1, AT_20), ['the source is away']],
    ['nothing when the look is clear', run(1, { ...AT_20, clear: true }), []],
    [
      'positive evidence before all users',
      run(2, { ...AT_50, clear: true }),
      ['positive evidence (the source is away)'],
    ],
    ['nothing when there is', run(2, { ...AT_50, clear: true, promotable: true }), []],
    ['nothing where the weight does not grow', run(2, AT_100), []],
    [
      'a clear look, with mirrored requests',
      run(0, { intended: { canaryBasisPoints: 0, mirrorBasisPoints: 1 } }),
      ['the source is away'],
    ],
  ])('is %s', (_, state, missing) => {
    expect(missingToEnter(REQUEST, state)).toEqual(missing);
  });
});

describe('what is missing before a bake is closed', () => {
  const baking = (parts: Partial<RolloutRun>): RolloutRun => run(2, { ...AT_100, stage: 'observe', ...parts });
  it.each<[string, RolloutRun, string[]]>([
    [
      'the last look',
      baking({ usableLooks: 9, lookIsUsable: false }),
      ['usable telemetry at 100 % (the source is away)'],
    ],
    ['a look', baking({}), ['usable telemetry at 100 % (the source is away)']],
    ['requests', baking({ usableLooks: 0, lookIsUsable: true }), ['a look with canary requests at 100 %']],
    ['nothing', baking({ usableLooks: 1, lookIsUsable: true }), []],
    ['nothing in another step', run(1, { stage: 'observe' }), []],
  ])('is %s', (_, state, missing) => {
    expect(missingToClose(REQUEST, state)).toEqual(missing);
    expect(reasonAtDeadline(REQUEST, state)).toBe(
      missing.length > 0 || state.stepIndex === 1 ? 'inconclusive' : 'deadline',
    );
  });
});
