import { currentStep, type RolloutRequest, type RolloutRun } from './run.ts';

const WHOLE = 10_000;

/**
 * What speaks against giving the canary more users now, in words; empty when nothing does.
 *
 * Asked again when a step is entered, for a gate, a pause or a router that was away may lie between it and the look that
 * let the step before be left. An approval does not replace it; a promotion by a person does.
 */
export function missingToEnter(request: RolloutRequest, run: RolloutRun): string[] {
  const step = currentStep(request, run);
  const { canaryBasisPoints, mirrorBasisPoints } = run.intended;
  if (step.weightBasisPoints <= canaryBasisPoints) return [];
  const missing: string[] = [];
  if ((canaryBasisPoints > 0 || mirrorBasisPoints > 0) && !run.clear) missing.push(run.undecidedReason);
  if (step.kind === 'bake' && !run.promotable) missing.push(`positive evidence (${run.undecidedReason})`);
  return missing;
}

/**
 * What speaks against closing a bake as promoted, in words; empty in every other step.
 *
 * At 100 % there is no control: what is judged is the canary against the ceiling, and its health. That needs a look with
 * requests of the canary, and that the last look could be taken.
 */
export function missingToClose(request: RolloutRequest, run: RolloutRun): string[] {
  if (currentStep(request, run).kind !== 'bake' || run.stage === 'gate' || run.stage === 'enter') return [];
  if (run.lookIsUsable !== true) return [`usable telemetry at 100 % (${run.undecidedReason})`];
  return (run.usableLooks ?? 0) > 0 ? [] : ['a look with canary requests at 100 %'];
}

/** Why a rollout that is out of time did not get further: for want of knowledge, or of time alone. */
export function reasonAtDeadline(request: RolloutRequest, run: RolloutRun): 'deadline' | 'inconclusive' {
  const isBlind = run.intended.canaryBasisPoints === WHOLE ? missingToClose(request, run).length > 0 : !run.promotable;
  return isBlind ? 'inconclusive' : 'deadline';
}
