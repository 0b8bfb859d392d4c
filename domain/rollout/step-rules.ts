import { wanted, type PlanProblem } from './plan-problem.ts';
import type { PlanSettings, StepSettings } from './plan.ts';
import { isWholePoints, WANTED_POINTS } from './weights.ts';

/** What is wrong with explicit steps, each by itself and as a course. */
export function validateSteps(settings: PlanSettings): PlanProblem[] {
  const { steps } = settings;
  if (steps === null) return [];
  if (steps.length === 0) return [wanted('steps', '[]', 'at least one step')];
  const none = steps.some((step) => 'weight' in step) ? [] : [wanted('steps', 'no weight step', 'at least one')];
  return [
    ...validateUnused(settings),
    ...steps.flatMap((step, index) => validateStep(step, index, steps.length)),
    ...steps.flatMap((step, index) => validateOrder(step, steps.slice(0, index), `steps.${index}`)),
    ...steps.flatMap((step, index) => validateGate(settings, step, `steps.${index}`)),
    ...none,
  ];
}

/** Settings that lay out steps before the ramp: beside explicit steps nothing would come of them. */
function validateUnused({ shadowPercentage: shadow, headerOnly }: PlanSettings): PlanProblem[] {
  return [
    ...(shadow === 0
      ? []
      : [wanted('shadow_percentage', shadow, `0 beside explicit steps: put { shadow: ${shadow} } among them`)]),
    ...(headerOnly
      ? [wanted('header_only', true, 'false beside explicit steps: put { header_only: true } among them')]
      : []),
  ];
}

function validateStep(step: StepSettings, index: number, count: number): PlanProblem[] {
  const path = `steps.${index}`;
  const problems: PlanProblem[] = [];
  if ('weight' in step) {
    if (!(step.weight > 0 && step.weight < 100))
      problems.push(wanted(`${path}.weight`, step.weight, 'above 0 and below 100 (100 is the bake step)'));
    else if (!isWholePoints(step.weight)) problems.push(wanted(`${path}.weight`, step.weight, WANTED_POINTS));
  }
  if ('shadow' in step) {
    if (!(step.shadow > 0 && step.shadow <= 100))
      problems.push(wanted(`${path}.shadow`, step.shadow, 'above 0 and at most 100'));
    else if (!isWholePoints(step.shadow)) problems.push(wanted(`${path}.shadow`, step.shadow, WANTED_POINTS));
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

/** Weights only grow: users that have the new version keep it until it is promoted or rolled back. */
function validateOrder(step: StepSettings, before: readonly StepSettings[], path: string): PlanProblem[] {
  const reached = Math.max(0, ...before.map((earlier) => ('weight' in earlier ? earlier.weight : 0)));
  if ('weight' in step)
    return step.weight < reached
      ? [wanted(`${path}.weight`, step.weight, `at least ${reached}, the weight before it`)]
      : [];
  if (reached === 0 || !('shadow' in step || 'headerOnly' in step)) return [];
  const kind = 'shadow' in step ? 'shadow' : 'header_only';
  return [wanted(path, `${kind} after weight ${reached}`, `it before every weight step: it would take users back`)];
}

/** `gate: false` beside a gate for the same weight: one of them would be dropped. */
function validateGate({ manualGates }: PlanSettings, step: StepSettings, path: string): PlanProblem[] {
  if (!('weight' in step) || step.gate !== false || !manualGates.includes(step.weight)) return [];
  return [wanted(`${path}.gate`, false, `true, or no ${step.weight} in manual_gates`)];
}
