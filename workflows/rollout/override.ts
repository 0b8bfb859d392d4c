import { patched } from '@temporalio/workflow';
import { sourceOf } from '../../domain/governance/act-source.ts';
import { missingToClose, missingToEnter } from '../../domain/rollout/missing-evidence.ts';
import { missingForNextStep, type RolloutRequest, type RolloutRun } from '../../domain/rollout/run.ts';
import type { RolloutContext } from './context.ts';
import { recordConsequence } from './record.ts';

/** A promotion by a person: to the next step, or with `full` to 100 %. */
export type Override = NonNullable<RolloutRun['override']>;

/** At a gate: it is passed without an approval, with `full` every later one too. */
export async function overrideGate(context: RolloutContext, override: Override): Promise<void> {
  const { stepIndex } = context.run;
  const approvals = skippedApprovals(context, override, stepIndex);
  await enterAnyway(context, override, `gate/${stepIndex}`, approvals);
}

/** Before a step that lacks evidence: it is entered without, with `full` every later gate is passed too. */
export async function overrideEntry(context: RolloutContext, override: Override): Promise<void> {
  const { stepIndex } = context.run;
  const approvals = skippedApprovals(context, override, stepIndex + 1);
  await enterAnyway(context, override, `enter/${stepIndex}`, approvals);
}

/** In a running step: says what was missing to leave it. */
export async function overrideStep(context: RolloutContext, override: Override): Promise<void> {
  const { request, run } = context;
  const missing = [...missingForNextStep(request, run, run.nowMs), ...missingToClose(request, run)];
  const approvals = skippedApprovals(context, override, run.stepIndex + 1);
  await recordOverride(context, override, `${run.stepIndex}`, [...missing, ...approvals]);
  run.promotedOn = true;
}

/** What is missing is told of the step that is entered. */
async function enterAnyway(
  context: RolloutContext,
  override: Override,
  where: string,
  approvals: readonly string[],
): Promise<void> {
  const { request, run } = context;
  const stepIndex = override.full ? lastStep(request) : run.stepIndex;
  await recordOverride(context, override, where, [...approvals, ...missingToEnter(request, { ...run, stepIndex })]);
  Object.assign(run, { stepIndex, override: null, promotedOn: true });
}

/** Whether a promotion goes past the gate of 100 % as well; rollouts that were promoted before it did wait there. */
export function passesLastGate({ request }: RolloutContext, { full }: Override): boolean {
  const isGated = request.plan.steps[lastStep(request)]?.gate === true;
  return full && isGated && patched('a-full-promotion-passes-every-gate');
}

/** Approvals that nobody gives: from a step on, up to where the promotion leads. */
function skippedApprovals({ request, run }: RolloutContext, { full }: Override, first: number): string[] {
  const end = full ? lastStep(request) : run.stepIndex;
  const gated = request.plan.steps.slice(first, end + 1).filter(({ gate }) => gate);
  return gated.map(({ weightBasisPoints }) => `the approval of ${weightBasisPoints / 100} %`);
}

async function recordOverride(
  context: RolloutContext,
  override: Override,
  where: string,
  missing: readonly string[],
): Promise<void> {
  await recordConsequence(context, {
    key: `override/${where}`,
    event: 'overridden',
    actor: override.actor,
    ...sourceOf(override),
    detail: `${override.full ? 'straight to 100 %' : 'next step'} although missing: ${missing.join('; ') || 'nothing'} (${override.reason || 'no reason given'})`,
    notify: 'warning',
    ...(override.approvalId === undefined ? {} : { facts: { approvalId: override.approvalId } }),
  });
}

function lastStep({ plan }: RolloutRequest): number {
  return plan.steps.length - 1;
}
