import type { WorkflowInfo } from '@temporalio/workflow';
import {
  currentStep,
  deadlineMs,
  isHeldByPlan,
  missingForNextStep,
  policyInForce,
  windowEndMs,
  type ProbeHistory,
  type RolloutRequest,
  type RolloutRun,
} from '../../domain/rollout/run.ts';
import { heldMetrics, type JudgePolicy } from '../../domain/rollout/judge/policy.ts';
import type { OpenRequest, RequestAbout } from '../../domain/rollout/approval-request.ts';
import { missingToClose, missingToEnter } from '../../domain/rollout/missing-evidence.ts';
import type { RolloutPhase, RolloutStatus, WaitingFor } from '../messages.ts';
import type { RolloutContext } from './context.ts';
import { isBehind } from './record.ts';

/** The answer to `status`: everything a person or program asks about a rollout. */
export function statusOf(context: RolloutContext, info: WorkflowInfo): RolloutStatus {
  const { request, run } = context;
  const now = run.nowMs;
  const step = currentStep(request, run);
  const end = windowEndMs(request, run);
  const observing = run.stage === 'observe';
  // Not before it is written: who sees an outcome may start the next rollout.
  const ended = context.phase === 'closed' ? context.ending : null;
  return {
    rolloutId: info.workflowId,
    runId: info.runId,
    rolloutKey: run.rolloutKey,
    model: request.model,
    environment: request.environment,
    fromVersion: request.stable.version,
    toVersion: request.canary.version,
    profile: request.plan.profile,
    phase: phaseOf(context),
    outcome: ended?.outcome ?? null,
    reason: ended === null ? null : `${ended.reason}: ${ended.detail}`,
    intendedWeightPercent: run.intended.canaryBasisPoints / 100,
    observedWeightPercent: run.observedBasisPoints === null ? null : run.observedBasisPoints / 100,
    step: {
      index: run.stepIndex,
      of: request.plan.steps.length,
      kind: step.kind,
      enteredAt: iso(run.stepEnteredAtMs),
      endsAt: observing && end !== null ? iso(end) : null,
      requests: run.stepRequests,
      minimumRequests: step.minimumRequests,
    },
    steps: request.plan.steps.map((s) => ({
      kind: s.kind,
      weightPercent: (s.weightBasisPoints || s.mirrorBasisPoints) / 100,
      gate: s.gate,
    })),
    tick: run.tick,
    startedAt: iso(run.startedAtMs),
    startedBy: request.startedBy,
    deadlineAt: iso(deadlineMs(request, run, now)),
    lastVerdict: context.lastVerdict,
    health: { stable: healthOf(run.health.stable), canary: healthOf(run.health.canary) },
    noise: run.noise === undefined ? null : { text: run.noise.text, armed: run.noise.armed },
    automaticRollback: automaticRollbackOf(context),
    waitingFor: context.ending === null ? waitingFor(context) : null,
    ...(run.requests === undefined ? {} : { requests: run.requests.map(shownRequest) }),
    missing: context.ending === null ? missingOf(context) : [],
    timeline: context.timeline,
  };
}

function automaticRollbackOf({ request, run }: RolloutContext): NonNullable<RolloutStatus['automaticRollback']> {
  const policy = policyInForce(request.policy, run.noise) as unknown as JudgePolicy;
  return {
    on: request.plan.autoRollback,
    armed: run.noise?.armed ?? null,
    limit: Number((1 / policy.errorBudget).toPrecision(12)),
    holds: [...new Set(heldMetrics(policy))],
  };
}

/** What has to happen before the next step, whoever else is waited for. */
function missingOf(context: RolloutContext): string[] {
  const { request, run } = context;
  const behind = isBehind(context) ? ['the database: what happened could not be written yet'] : [];
  const promotion =
    (run.skip ?? null) === null
      ? []
      : [`${describeRequest(context, 'skip')} (a promotion by ${run.skip?.actor} waits for it)`];
  return [...behind, ...promotion, ...evidenceMissing(request, run)];
}

function evidenceMissing(request: RolloutRequest, run: RolloutRun): string[] {
  if (run.stage === 'observe') return [...missingForNextStep(request, run, run.nowMs), ...missingToClose(request, run)];
  return run.stage === 'gate' || run.stage === 'enter' ? missingToEnter(request, run) : missingToClose(request, run);
}

/** `paused` and `canary` follow from what is remembered, at once; the other phases are set by the stages. */
export function phaseOf({ run, phase }: RolloutContext): RolloutPhase {
  const frozen = run.review !== null || run.pausedBy !== null;
  if (frozen && (phase === 'canary' || phase === 'awaiting-approval' || phase === 'promoting')) return 'paused';
  if (!frozen && phase === 'paused') return run.stage === 'gate' ? 'awaiting-approval' : 'canary';
  return phase;
}

/** The phase of a rollout that continues as new, from what it remembers. */
export function phaseAt(request: RolloutRequest, run: RolloutRun): RolloutPhase {
  if (run.stage === 'prepare') return 'validating';
  if (run.review !== null || run.pausedBy !== null) return 'paused';
  const step = currentStep(request, run);
  if (run.stage === 'gate' && step.gate && run.approval === null) return 'awaiting-approval';
  return run.stage === 'finish' || (run.stage === 'observe' && step.kind === 'bake') ? 'promoting' : 'canary';
}

/** What the rollout waits for, when that is a person. */
export function waitingFor(context: RolloutContext): WaitingFor | null {
  const { request, run } = context;
  const asks = run.asksApprovals === true;
  const since = iso(run.waitingSinceMs ?? run.stepEnteredAtMs);
  const command = (verb: string) => `mlops rollout ${verb} --model ${request.model}`;
  if (run.review !== null)
    return {
      kind: 'review',
      since,
      reason: asks ? `${run.review.reason}; ${describeRequest(context, 'review')}` : run.review.reason,
      answer: `${command('approve')} (or deny)`,
    };
  if (run.pausedBy !== null) {
    return {
      kind: 'resume',
      since,
      reason: `paused by ${run.pausedBy.actor}: ${run.pausedBy.reason || 'no reason given'}`,
      answer: command('resume'),
    };
  }
  const step = currentStep(request, run);
  if (run.stage === 'gate' && step.gate && run.approval === null) {
    return {
      kind: 'gate',
      since,
      reason: `weight ${step.weightBasisPoints / 100} % needs ${asks ? describeRequest(context, 'gate') : 'an approval'}`,
      answer: `${command('approve')} (or deny)`,
    };
  }
  if (run.stage === 'observe' && isHeldByPlan(request, run)) {
    return { kind: 'pause-step', since, reason: 'the plan pauses here', answer: command('resume') };
  }
  return null;
}

/** The approval that is asked for, as people name it. */
function describeRequest({ requestProblem, run }: RolloutContext, about: RequestAbout): string {
  const open = run.requests?.find((one) => one.about === about);
  if (open !== undefined) return `approval ${open.approvalId}, ${open.missing} more of ${open.quorum} people`;
  return requestProblem === null
    ? 'an approval that is being asked for'
    : `an approval, and nobody could be asked: ${requestProblem}`;
}

function shownRequest({ about, approvalId, contentDigest, missing, quorum }: OpenRequest) {
  return { about, approvalId, contentDigest, missing, quorum };
}

function healthOf(history: ProbeHistory): string {
  if (history.recent.length === 0) return history.detail;
  const good = history.recent.filter(Boolean).length;
  return `${good} of the last ${history.recent.length} probes healthy: ${history.detail}`;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
