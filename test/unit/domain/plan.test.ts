import { describe, expect, it } from 'vitest';
import { assemblePlan, minimumPlanSeconds, type PlanSettings } from '../../../domain/rollout/plan.ts';
import { withGates } from '../../../domain/rollout/plan-gates.ts';
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

  it('gates a weight that was asked for, whatever its step says', () => {
    const steps = [{ weight: 10, gate: false }, { weight: 20 }];
    const gated = (gates: number[]) =>
      assemblePlan(withGates({ ...PLAN_SETTINGS, steps }, gates), 'default').steps.map(({ gate }) => gate);
    expect(gated([])).toEqual([false, false, false]);
    expect(gated([10])).toEqual([true, false, false]);
    expect(gated([20, 100])).toEqual([false, true, true]);
    expect(() => gated([30])).toThrow('manual_gates is 30, wanted one of the planned weights 10, 20, 100');
  });

  it.each([
    [{ initialPercentage: 0.001 }, 'initial_percentage is 0.001, wanted a multiple of 0.01'],
    [{ maxPercentage: 33.333 }, 'max_percentage is 33.333, wanted a multiple of 0.01'],
    [{ rampStep: 0.015 }, 'ramp_step is 0.015, wanted a multiple of 0.01'],
    [{ shadowPercentage: 0.004 }, 'shadow_percentage is 0.004, wanted a multiple of 0.01'],
    [{ steps: [{ weight: 0.001 }] }, 'steps.0.weight is 0.001, wanted a multiple of 0.01'],
    [{ steps: [{ shadow: 0.001 }, { weight: 5 }] }, 'steps.0.shadow is 0.001, wanted a multiple of 0.01'],
    [{ steps: [{ weight: 10 }, { shadow: 5 }] }, 'steps.1 is shadow after weight 10, wanted it before every weight'],
    [{ steps: [{ weight: 10 }, { headerOnly: true }] }, 'steps.1 is header_only after weight 10'],
    [{ steps: [{ weight: 10 }, { weight: 5 }] }, 'steps.1.weight is 5, wanted at least 10, the weight before it'],
    [{ steps: [{ weight: 10 }], shadowPercentage: 5 }, 'shadow_percentage is 5, wanted 0 beside explicit steps'],
    [{ steps: [{ weight: 10 }], headerOnly: true }, 'header_only is true, wanted false beside explicit steps'],
    [{ steps: [{ weight: 10 }], headerOnly: true, manualGates: [0] }, 'manual_gates is 0, wanted one of the planned'],
    [{ shadowPercentage: 10, manualGates: [0] }, 'manual_gates is 0, wanted one of the planned weights 5,'],
    [{ steps: [{ shadow: 10 }, { weight: 10 }], manualGates: [0] }, 'manual_gates is 0, wanted one of the planned'],
    [{ steps: [{ weight: 10, gate: false }], manualGates: [10] }, 'steps.0.gate is false, wanted true, or no 10 in'],
  ] satisfies [Partial<PlanSettings>, string][])('is refused for %j', (settings, problem) => {
    expect(() => assemblePlan({ ...PLAN_SETTINGS, ...settings }, 'default')).toThrow(problem);
  });

  it('takes every whole number of basis points as a weight', () => {
    for (let points = 1; points < 10_000; points += 1)
      expect(weights({ steps: [{ weight: points / 100 }] })).toEqual([points / 100, 100]);
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
    [{ steps: [{ weight: 10 }, { bake: 1 }, { weight: 20 }] }, /steps.1 is bake, wanted the last step/],
    [{ steps: [{ weight: 20 }, { weight: 10 }] }, /steps.1.weight is 10/],
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
