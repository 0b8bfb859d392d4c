import type { PlanSettings, StepSettings } from './plan.ts';
import { assembleWeights } from './weights.ts';

/**
 * Everything that is wrong with plan settings, each problem with its key, value and wanted value.
 *
 * @returns problems in the order of the keys; empty when a plan can be made
 */
export function validatePlanSettings(settings: PlanSettings): string[] {
  return [
    ...validateRamp(settings),
    ...validateTimes(settings),
    ...validateGates(settings),
    ...validateSteps(settings),
  ];
}

function validateRamp(settings: PlanSettings): string[] {
  const { initialPercentage: initial, maxPercentage: max, rampStep } = settings;
  const problems: string[] = [];
  if (!(initial > 0 && initial <= 100)) problems.push(wanted('initial_percentage', initial, 'above 0 and at most 100'));
  if (!(max > 0 && max <= 100)) problems.push(wanted('max_percentage', max, 'above 0 and at most 100'));
  if (initial > max) problems.push(wanted('initial_percentage', initial, `at most max_percentage ${max}`));
  if (!(rampStep >= 0.01)) problems.push(wanted('ramp_step', rampStep, 'at least 0.01'));
  const shadow = settings.shadowPercentage;
  if (!(shadow >= 0 && shadow <= 100)) problems.push(wanted('shadow_percentage', shadow, '0 to 100'));
  return problems;
}

function validateTimes(settings: PlanSettings): string[] {
  const problems: string[] = [];
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

function validateGates(settings: PlanSettings): string[] {
  const weights = plannedWeights(settings);
  return settings.manualGates
    .filter((gate) => !weights.includes(gate))
    .map((gate) => wanted('manual_gates', gate, `one of the planned weights ${weights.join(', ')}`));
}

function plannedWeights(settings: PlanSettings): number[] {
  const weights = settings.headerOnly ? [0] : [];
  if (settings.steps !== null) {
    for (const step of settings.steps) if ('weight' in step) weights.push(step.weight);
    return [...weights, 100];
  }
  const { initialPercentage, maxPercentage, rampStep } = settings;
  // A ramp that is itself wrong was reported already; its weights would only add noise.
  if (!(rampStep >= 0.01) || !(initialPercentage > 0) || !(maxPercentage <= 100)) return [...weights, 100];
  return [...weights, ...assembleWeights(initialPercentage, rampStep, maxPercentage), 100];
}

function validateSteps(settings: PlanSettings): string[] {
  if (settings.steps === null) return [];
  if (settings.steps.length === 0) return [wanted('steps', '[]', 'at least one step')];
  const problems: string[] = [];
  let before = 0;
  settings.steps.forEach((step, index) => {
    problems.push(...validateStep(step, `steps[${index}]`, index, settings.steps?.length ?? 0));
    if ('weight' in step) {
      if (step.weight < before)
        problems.push(wanted(`steps[${index}].weight`, step.weight, `at least ${before}, the weight before it`));
      before = step.weight;
    }
  });
  if (!settings.steps.some((step) => 'weight' in step))
    problems.push(wanted('steps', 'no weight step', 'at least one'));
  return problems;
}

function validateStep(step: StepSettings, path: string, index: number, count: number): string[] {
  const problems: string[] = [];
  if ('weight' in step && !(step.weight > 0 && step.weight < 100)) {
    problems.push(wanted(`${path}.weight`, step.weight, 'above 0 and below 100 (100 is the bake step)'));
  }
  if ('shadow' in step && !(step.shadow > 0 && step.shadow <= 100)) {
    problems.push(wanted(`${path}.shadow`, step.shadow, 'above 0 and at most 100'));
  }
  if ('pause' in step && step.pause !== 'manual' && !(step.pause > 0)) {
    problems.push(wanted(`${path}.pause`, step.pause, 'minutes above 0, or manual'));
  }
  if ('bake' in step && !(step.bake >= 0)) problems.push(wanted(`${path}.bake`, step.bake, 'minutes, 0 or more'));
  if ('bake' in step && index !== count - 1) problems.push(wanted(path, 'bake', 'the last step'));
  if ('windowMinutes' in step && step.windowMinutes !== undefined && !(step.windowMinutes >= 0)) {
    problems.push(wanted(`${path}.window_minutes`, step.windowMinutes, '0 or more'));
  }
  return problems;
}

function wanted(key: string, value: unknown, want: string): string {
  return `${key} is ${String(value)}, wanted ${want}`;
}
