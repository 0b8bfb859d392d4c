import { minimumPlanSeconds, type PlanStep } from '../../../domain/rollout/plan.ts';
import type { RolloutRequest } from '../../../domain/rollout/run.ts';
import { renderTable } from '../render-table.ts';

/** What a rollout is about: model, both versions and where they answer. */
export function renderHeading({ model, stable, canary, plan }: RolloutRequest): string {
  return `${model} ${stable.version} (${stable.endpoint}) → ${canary.version} (${canary.endpoint}), profile ${plan.profile}`;
}

/** What is planned as a table for people. */
export function renderPlan({ plan, policy }: Pick<RolloutRequest, 'plan' | 'policy'>): string {
  const rows = plan.steps.map((step, index) => [
    String(index + 1),
    nameOf(step),
    windowOf(step),
    String(step.minimumRequests),
    step.gate ? 'approval' : '-',
  ]);
  const table = renderTable(['STEP', 'WHAT', 'WINDOW', 'REQUESTS', 'GATE'], rows);
  const hours = plan.deadlineSeconds / 3600;
  return [
    table,
    '',
    `Looks every ${plan.tickSeconds} s after ${plan.warmUpSeconds} s of warm-up per step; takes at least ${Math.ceil(minimumPlanSeconds(plan) / 60)} min, ends within ${Number(hours.toFixed(2))} h.`,
    `Evidence of harm ${plan.autoRollback ? 'rolls back at once' : 'freezes the weight and pages (auto_rollback is off)'}.`,
    ...(plan.steps.some(({ kind }) => kind === 'shadow') ? [overlapOf(policy['shadowMinimumOverlap'])] : []),
  ].join('\n');
}

function overlapOf(minimum: unknown): string {
  return typeof minimum === 'number'
    ? `Mirrored answers: wanted an overlap of ${minimum} or more with stable's (shadow_minimum_overlap); evidence of less is harm, and the step waits for evidence of it.`
    : "Mirrored answers: their overlap with stable's is shown and decides nothing (shadow_minimum_overlap is null).";
}

function nameOf(step: PlanStep): string {
  if (step.kind === 'shadow') return `shadow ${step.mirrorBasisPoints / 100} %`;
  if (step.kind === 'header-only' || step.kind === 'pause') return step.kind;
  return `${step.kind} ${step.weightBasisPoints / 100} %`;
}

function windowOf(step: PlanStep): string {
  if (step.windowSeconds === null) return 'until resumed';
  return step.windowSeconds >= 60 ? `${Number((step.windowSeconds / 60).toFixed(1))} min` : `${step.windowSeconds} s`;
}
