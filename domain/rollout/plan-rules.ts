import { wanted, type PlanProblem } from './plan-problem.ts';
import type { PlanSettings } from './plan.ts';
import { validateSteps } from './step-rules.ts';
import { assembleWeights, isWholePoints, WANTED_POINTS } from './weights.ts';

/**
 * Everything that is wrong with plan settings, each problem with its key, value and wanted value.
 *
 * @returns problems in the order of the keys; empty when a plan can be made
 */
export function validatePlanSettings(settings: PlanSettings): PlanProblem[] {
  return [
    ...validateRamp(settings),
    ...validateTimes(settings),
    ...validateGates(settings),
    ...validateSteps(settings),
  ];
}

function validateRamp(settings: PlanSettings): PlanProblem[] {
  const { initialPercentage: initial, maxPercentage: max, rampStep } = settings;
  const problems: PlanProblem[] = [];
  if (!(initial > 0 && initial <= 100)) problems.push(wanted('initial_percentage', initial, 'above 0 and at most 100'));
  else if (!isWholePoints(initial)) problems.push(wanted('initial_percentage', initial, WANTED_POINTS));
  if (!(max > 0 && max <= 100)) problems.push(wanted('max_percentage', max, 'above 0 and at most 100'));
  else if (!isWholePoints(max)) problems.push(wanted('max_percentage', max, WANTED_POINTS));
  if (initial > max) problems.push(wanted('initial_percentage', initial, `at most max_percentage ${max}`));
  if (!(rampStep > 0)) problems.push(wanted('ramp_step', rampStep, 'at least 0.01'));
  else if (!isWholePoints(rampStep)) problems.push(wanted('ramp_step', rampStep, WANTED_POINTS));
  const shadow = settings.shadowPercentage;
  if (!(shadow >= 0 && shadow <= 100)) problems.push(wanted('shadow_percentage', shadow, '0 to 100'));
  else if (shadow > 0 && !isWholePoints(shadow)) problems.push(wanted('shadow_percentage', shadow, WANTED_POINTS));
  return problems;
}

function validateTimes(settings: PlanSettings): PlanProblem[] {
  const problems: PlanProblem[] = [];
  const windowSeconds = settings.observationWindowMinutes * 60;
  if (!(settings.tickSeconds >= 1)) problems.push(wanted('tick_seconds', settings.tickSeconds, 'at least 1'));
  if (!(windowSeconds >= settings.tickSeconds)) {
    const floor = `at least one tick (${settings.tickSeconds} s)`;
    problems.push(wanted('observation_window_minutes', settings.observationWindowMinutes, floor));
  }
  if (!(settings.warmUpSeconds >= 0)) problems.push(wanted('warm_up_seconds', settings.warmUpSeconds, '0 or more'));
  if (!(settings.bakeMinutes >= 0)) problems.push(wanted('bake_minutes', settings.bakeMinutes, '0 or more'));
  if (!(settings.maxDeploymentHours > 0)) {
    problems.push(wanted('max_deployment_hours', settings.maxDeploymentHours, 'above 0'));
  }
  if (!(Number.isInteger(settings.minimumRequests) && settings.minimumRequests >= 0)) {
    problems.push(wanted('minimum_requests', settings.minimumRequests, 'a whole number, 0 or more'));
  }
  return problems;
}

function validateGates(settings: PlanSettings): PlanProblem[] {
  const weights = plannedWeights(settings);
  return settings.manualGates
    .filter((gate) => !weights.includes(gate))
    .map((gate) => wanted('manual_gates', gate, `one of the planned weights ${weights.join(', ')}`));
}

/** Weights that steps of the plan have; a shadow step has none, as no user sees it. */
function plannedWeights({ steps, headerOnly, ...ramp }: PlanSettings): number[] {
  if (steps !== null) {
    const weights = steps.flatMap((step) => ('weight' in step ? [step.weight] : 'headerOnly' in step ? [0] : []));
    return [...new Set([...weights, 100])];
  }
  const before = headerOnly ? [0] : [];
  // A ramp that is itself wrong was reported already; its weights would only add noise.
  const { initialPercentage, maxPercentage, rampStep } = ramp;
  if (!(rampStep >= 0.01) || !(initialPercentage > 0) || !(maxPercentage <= 100)) return [...before, 100];
  return [...new Set([...before, ...assembleWeights(initialPercentage, rampStep, maxPercentage), 100])];
}
