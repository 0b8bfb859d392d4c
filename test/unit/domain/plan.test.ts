import { describe, expect, it } from 'vitest';
import { assemblePlan, minimumPlanSeconds, type PlanSettings } from '../../../domain/rollout/plan.ts';
import { PLAN_SETTINGS } from '../../support/plan-settings.ts';

const weights = (settings: Partial<PlanSettings>): number[] =>
  assemblePlan({ ...PLAN_SETTINGS, ...settings }, 'default').steps.map(
    ({ weightBasisPoints }) => weightBasisPoints / 100,
  );

describe('a plan', () => {
  it('ramps 5, 15, 25, 35, 45, 50 and bakes at 100 with the settings of the brief', () => {
    expect(weights({})).toEqual([5, 15, 25, 35, 45, 50, 100]);
  });

  it.each([
    [{ initialPercentage: 1, rampStep: 1, maxPercentage: 3 }, [1, 2, 3, 100]],
    [{ initialPercentage: 0.1, rampStep: 0.1, maxPercentage: 0.3 }, [0.1, 0.2, 0.3, 100]],
    [{ initialPercentage: 50, maxPercentage: 50 }, [50, 100]],
    [{ initialPercentage: 100, maxPercentage: 100 }, [100]],
  ])('of %j has the weights %j', (settings, expected) => {
    expect(weights(settings)).toEqual(expected);
  });

  it('begins with shadow and header-only steps when asked for', () => {
    const { steps } = assemblePlan({ ...PLAN_SETTINGS, shadowPercentage: 10, headerOnly: true }, 'default');
    expect(steps.slice(0, 2).map(({ kind }) => kind)).toEqual(['shadow', 'header-only']);
    expect(steps[0]).toMatchObject({ mirrorBasisPoints: 1000, weightBasisPoints: 0 });
  });

  it('takes explicit steps with their own window, minimum and gate, and bakes at the end', () => {
    const { steps } = assemblePlan(
      {
        ...PLAN_SETTINGS,
        steps: [{ weight: 10, windowMinutes: 1, minimumRequests: 7, gate: true }, { pause: 'manual' }, { weight: 30 }],
      },
      'default',
    );
    expect(steps.map(({ kind }) => kind)).toEqual(['weight', 'pause', 'weight', 'bake']);
    expect(steps[0]).toMatchObject({ windowSeconds: 60, minimumRequests: 7, gate: true });
    expect(steps[1]).toMatchObject({ windowSeconds: null, weightBasisPoints: 1000 });
  });

  it('asks for an approval before the weights that are named, 0 and 100 among them', () => {
    const gated = (manualGates: readonly number[]): number[] =>
      assemblePlan({ ...PLAN_SETTINGS, headerOnly: true, manualGates }, 'default').steps.flatMap(({ gate }, index) =>
        gate ? [index] : [],
      );
    expect(gated([])).toEqual([]);
    expect(gated([0])).toEqual([0]);
    expect(gated([15, 100])).toEqual([2, 7]);
    expect(() => gated([16])).toThrow(/manual_gates/);
  });

  it.each<[Partial<PlanSettings>, RegExp]>([
    [{ observationWindowMinutes: 0.5 }, /observation_window_minutes is 0.5/],
    [{ steps: [{ weight: 10 }, { bake: 1 }, { weight: 20 }] }, /steps\[1\] is bake, wanted the last step/],
    [{ steps: [{ weight: 20 }, { weight: 10 }] }, /steps\[1\].weight is 10/],
  ])('is refused with %j', (settings, problem) => {
    expect(() => assemblePlan({ ...PLAN_SETTINGS, ...settings }, 'default')).toThrow(problem);
  });

  it('names every problem at once', () => {
    expect(() =>
      assemblePlan({ ...PLAN_SETTINGS, initialPercentage: 60, rampStep: 0, tickSeconds: 0 }, 'default'),
    ).toThrow(/initial_percentage.*ramp_step|ramp_step.*initial_percentage/s);
  });

  it('knows the least time it takes', () => {
    expect(minimumPlanSeconds(assemblePlan(PLAN_SETTINGS, 'default'))).toBe(7 * (15 * 60 + 60));
  });
});
