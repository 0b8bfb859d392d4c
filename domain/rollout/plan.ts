import { MlopsError } from '../errors.ts';
import { describePlanProblem } from './plan-problem.ts';
import { validatePlanSettings } from './plan-rules.ts';
import { assembleWeights, toPoints } from './weights.ts';

/** One step as a person writes it in deployment.yaml, weights in percent. */
export type StepSettings =
  | {
      readonly shadow: number;
      readonly windowMinutes?: number | undefined;
      readonly minimumRequests?: number | undefined;
    }
  | { readonly headerOnly: true; readonly windowMinutes?: number | undefined }
  | {
      readonly weight: number;
      readonly windowMinutes?: number | undefined;
      readonly minimumRequests?: number | undefined;
      readonly gate?: boolean | undefined;
    }
  | { readonly pause: number | 'manual' }
  | { readonly bake: number };

/** What a plan is made from: the `canary` section of deployment.yaml after its profile was applied. */
export interface PlanSettings {
  readonly initialPercentage: number;
  readonly maxPercentage: number;
  readonly rampStep: number;
  readonly observationWindowMinutes: number;
  readonly autoRollback: boolean;
  readonly maxDeploymentHours: number;
  readonly tickSeconds: number;
  readonly warmUpSeconds: number;
  readonly minimumRequests: number;
  readonly bakeMinutes: number;
  readonly shadowPercentage: number;
  readonly headerOnly: boolean;
  /** Weights in percent that wait for an approval before they are entered. */
  readonly manualGates: readonly number[];
  readonly onInFlight: 'refuse' | 'supersede';
  readonly steps: readonly StepSettings[] | null;
}

export type StepKind = 'shadow' | 'header-only' | 'weight' | 'pause' | 'bake';

/** One step of a plan, complete. */
export interface PlanStep {
  readonly kind: StepKind;
  /** Share of users on the canary while the step lasts, 0-10,000. */
  readonly weightBasisPoints: number;
  /** Share of stable's requests copied to the canary, 0-10,000. */
  readonly mirrorBasisPoints: number;
  /** How long the step is observed after its warm-up; null waits for a human. */
  readonly windowSeconds: number | null;
  /** Canary requests (mirrored ones in a shadow step) that must have been seen before the next step. */
  readonly minimumRequests: number;
  /** An approval is needed before the step is entered. */
  readonly gate: boolean;
}

/** The whole course of a rollout as data. */
export interface RolloutPlan {
  readonly profile: string;
  readonly steps: readonly PlanStep[];
  readonly tickSeconds: number;
  readonly warmUpSeconds: number;
  /** Machine time the rollout may take; waiting for people is not counted. */
  readonly deadlineSeconds: number;
  readonly autoRollback: boolean;
  readonly onInFlight: 'refuse' | 'supersede';
}

const WHOLE = 10_000;

/**
 * Lays out a rollout: optional shadow and header-only steps, the ramp, and 100 % with a bake time.
 *
 * @throws ROLLOUT_PLAN_INVALID naming every problem at once
 * @example assemblePlan({ initialPercentage: 5, rampStep: 10, maxPercentage: 50, ... }, 'default')
 *   // weights 5, 15, 25, 35, 45, 50, 100 %
 */
export function assemblePlan(settings: PlanSettings, profile: string): RolloutPlan {
  const problems = validatePlanSettings(settings);
  if (problems.length > 0)
    throw new MlopsError('ROLLOUT_PLAN_INVALID', { problems: problems.map(describePlanProblem).join('; ') });
  const steps = settings.steps === null ? assembleRamp(settings) : assembleExplicitSteps(settings, settings.steps);
  return {
    profile,
    steps,
    tickSeconds: settings.tickSeconds,
    warmUpSeconds: settings.warmUpSeconds,
    deadlineSeconds: Math.round(settings.maxDeploymentHours * 3600),
    autoRollback: settings.autoRollback,
    onInFlight: settings.onInFlight,
  };
}

/** The shortest time the plan can take, in seconds, when every window passes at once it is due and nobody is asked. */
export function minimumPlanSeconds(plan: RolloutPlan): number {
  return plan.steps.reduce(
    (sum, step) => sum + (step.windowSeconds ?? 0) + (step.kind === 'pause' ? 0 : plan.warmUpSeconds),
    0,
  );
}

function assembleRamp(settings: PlanSettings): PlanStep[] {
  const steps: PlanStep[] = [];
  if (settings.shadowPercentage > 0) steps.push(shadowStep(settings, settings.shadowPercentage));
  if (settings.headerOnly) steps.push(headerOnlyStep(settings));
  const weights = assembleWeights(settings.initialPercentage, settings.rampStep, settings.maxPercentage);
  for (const weight of weights) if (weight < 100) steps.push(weightStep(settings, weight));
  steps.push(bakeStep(settings, settings.bakeMinutes));
  return steps;
}

function assembleExplicitSteps(settings: PlanSettings, written: readonly StepSettings[]): PlanStep[] {
  const steps: PlanStep[] = [];
  for (const step of written) {
    if ('shadow' in step) steps.push(shadowStep(settings, step.shadow, step));
    else if ('headerOnly' in step) steps.push(headerOnlyStep(settings, step.windowMinutes));
    else if ('weight' in step) steps.push(weightStep(settings, step.weight, step));
    else if ('pause' in step) steps.push(pauseStep(step.pause, steps.at(-1)));
    else steps.push(bakeStep(settings, step.bake));
  }
  if (steps.at(-1)?.kind !== 'bake') steps.push(bakeStep(settings, settings.bakeMinutes));
  return steps;
}

interface StepOverrides {
  readonly windowMinutes?: number | undefined;
  readonly minimumRequests?: number | undefined;
  readonly gate?: boolean | undefined;
}

function weightStep(settings: PlanSettings, percent: number, overrides: StepOverrides = {}): PlanStep {
  return {
    kind: 'weight',
    weightBasisPoints: toPoints(percent),
    mirrorBasisPoints: 0,
    windowSeconds: toSeconds(overrides.windowMinutes ?? settings.observationWindowMinutes),
    minimumRequests: overrides.minimumRequests ?? settings.minimumRequests,
    gate: overrides.gate === true || settings.manualGates.includes(percent),
  };
}

function shadowStep(settings: PlanSettings, percent: number, overrides: StepOverrides = {}): PlanStep {
  return {
    kind: 'shadow',
    weightBasisPoints: 0,
    mirrorBasisPoints: toPoints(percent),
    windowSeconds: toSeconds(overrides.windowMinutes ?? settings.observationWindowMinutes),
    minimumRequests: overrides.minimumRequests ?? settings.minimumRequests,
    gate: false,
  };
}

function headerOnlyStep(settings: PlanSettings, windowMinutes?: number): PlanStep {
  const windowSeconds = toSeconds(windowMinutes ?? 0);
  return {
    kind: 'header-only',
    weightBasisPoints: 0,
    mirrorBasisPoints: 0,
    windowSeconds,
    minimumRequests: 0,
    gate: settings.manualGates.includes(0),
  };
}

function pauseStep(minutes: number | 'manual', before: PlanStep | undefined): PlanStep {
  return {
    kind: 'pause',
    weightBasisPoints: before?.weightBasisPoints ?? 0,
    mirrorBasisPoints: before?.mirrorBasisPoints ?? 0,
    windowSeconds: minutes === 'manual' ? null : toSeconds(minutes),
    minimumRequests: 0,
    gate: false,
  };
}

function bakeStep(settings: PlanSettings, minutes: number): PlanStep {
  return {
    kind: 'bake',
    weightBasisPoints: WHOLE,
    mirrorBasisPoints: 0,
    windowSeconds: toSeconds(minutes),
    minimumRequests: 0,
    gate: settings.manualGates.includes(100),
  };
}

function toSeconds(minutes: number): number {
  return Math.round(minutes * 60);
}
