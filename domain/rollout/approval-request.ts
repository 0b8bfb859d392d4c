import type { Json } from '../governance/event-draft.ts';
import type { BoundDigests, EvidenceFigure } from '../registry/approval/request.ts';
import type { MetricVerdict } from './judge/describe.ts';
import { missingToClose, missingToEnter } from './missing-evidence.ts';
import { currentStep, missingForNextStep, type PendingAction, type RolloutRequest, type RolloutRun } from './run.ts';

/** What a rollout asks people about: a gate of its plan, a hold that was found, or a promotion past what is missing. */
export type RequestAbout = 'gate' | 'review' | 'skip';

/** A request of a rollout that people decide about. */
export interface OpenRequest {
  readonly about: RequestAbout;
  readonly approvalId: string;
  readonly resource: string;
  /** Of a hold: what was found; another one is asked about anew. */
  readonly subject: string;
  readonly bound: BoundDigests;
  /** Digest of everything that approvers are shown. */
  readonly contentDigest: string;
  readonly quorum: number;
  /** Approvals that are still missing, as it was last looked at. */
  missing: number;
  /** When it is looked at again, if nobody says before that it was decided; the rollout's clock. */
  lookAtMs: number;
}

/** A promotion that waits for its approval, and where the rollout was when it was asked for. */
export interface PendingSkip extends PendingAction {
  readonly full: boolean;
  readonly stage: RolloutRun['stage'];
  readonly stepIndex: number;
  /** What it leaves out, in words. */
  readonly skipped: readonly string[];
}

/** The last judged look, as far as people are shown it. */
export interface LastLook {
  readonly verdict: string;
  readonly decision: string;
  readonly reasons: readonly string[];
  readonly metrics: readonly MetricVerdict[];
}

/** What people are asked, as far as the rollout knows it; the rest says the registry. */
export interface RolloutAsk {
  readonly kind: 'rollout-gate' | 'gate-skip';
  readonly resource: string;
  readonly environment: string;
  readonly model: string;
  readonly fromVersion: string;
  readonly toVersion: string;
  readonly requestedBy: string;
  readonly startedBy: string;
  readonly reason: string;
  /** Its digest is bound: plan and rules of the judge. */
  readonly policy: { readonly [name: string]: unknown };
  readonly evidence: readonly EvidenceFigure[];
  readonly action: { readonly [name: string]: Json };
  /** Share of the users that meet it, when it is approved. */
  readonly trafficPercent: number;
  readonly failedGates: readonly string[];
}

const KIND = { gate: 'rollout-gate', review: 'rollout-gate', skip: 'gate-skip' } as const;
const OF_ROLLOUT = /^(rollout\/[^/]+\/[^/]+)\/(?:gate|review|skip)\//;

/** The workflow id of the rollout that a request is of; null when it is of none. */
export function rolloutOfResource(resource: string): string | null {
  return OF_ROLLOUT.exec(resource)?.[1] ?? null;
}

/** What people have to be asked about now. */
export function wantedRequests(request: RolloutRequest, run: RolloutRun): RequestAbout[] {
  const { approval, override, review, skip, stage, stepIndex } = run;
  const isAtGate = stage === 'gate' && currentStep(request, run).gate && approval === null && override === null;
  const isSkipping = (skip ?? null) !== null && skip?.stage === stage && skip.stepIndex === stepIndex;
  return [
    ...(review === null ? [] : ['review' as const]),
    ...(isAtGate ? ['gate' as const] : []),
    ...(isSkipping ? ['skip' as const] : []),
  ];
}

/** What a promotion would leave out now, in words: gates, steps, and evidence that is missing. */
export function skippedBy(request: RolloutRequest, run: RolloutRun, full: boolean): string[] {
  const { steps } = request.plan;
  const isBefore = run.stage === 'gate' || run.stage === 'enter';
  const last = full ? steps.length - 1 : run.stepIndex;
  const gates = steps.flatMap(({ gate, weightBasisPoints }, index) => {
    const isPassed =
      gate && index <= last && (index > run.stepIndex || (index === run.stepIndex && run.stage === 'gate'));
    return isPassed ? [`the approval of ${weightBasisPoints / 100} %`] : [];
  });
  const between = full
    ? steps
        .slice(run.stepIndex + (isBefore ? 0 : 1), -1)
        .map(({ kind, weightBasisPoints }) =>
          kind === 'weight' ? `the step at ${weightBasisPoints / 100} %` : `the step ${kind}`,
        )
    : [];
  const toLeave = isBefore ? [] : [...missingForNextStep(request, run, run.nowMs), ...missingToClose(request, run)];
  const toEnter = isBefore || full ? missingToEnter(request, { ...run, stepIndex: last }) : [];
  return [...new Set([...gates, ...between, ...toLeave, ...toEnter])];
}

/** Puts what people are asked together. Everything in it is bound by what they decide. */
export function assembleAsk(
  about: RequestAbout,
  {
    look,
    request,
    run,
  }: { readonly request: RolloutRequest; readonly run: RolloutRun; readonly look: LastLook | null },
): RolloutAsk {
  const { canary, environment, model, plan, policy, stable, startedBy } = request;
  const skip = about === 'skip' ? (run.skip ?? null) : null;
  const step = currentStep(request, run);
  const fromPercent = run.intended.canaryBasisPoints / 100;
  const toPercent = leadsTo(about, request, run) / 100;
  const where = about === 'gate' ? `gate/${run.stepIndex + 1}` : `${about}/${run.stepIndex + 1}`;
  return {
    kind: KIND[about],
    resource: `rollout/${environment}/${model}/${where}/${run.rolloutKey}`,
    environment,
    model,
    fromVersion: stable.version,
    toVersion: canary.version,
    requestedBy: skip?.actor ?? startedBy,
    startedBy,
    reason: skip?.reason ?? request.reason,
    policy: { plan, judge: policy, minimumSuccessRate: request.minimumSuccessRate },
    evidence: figuresOf(look, policy),
    action: {
      rollout: run.rolloutKey,
      from: stable.version,
      to: canary.version,
      step: `${run.stepIndex + 1} of ${plan.steps.length} (${step.kind})`,
      users: `${fromPercent} % → ${toPercent} %`,
      looks: run.tick,
      lastLook: look === null ? 'none yet' : `${look.verdict}, ${look.decision}`,
      because: look === null ? [] : [...look.reasons],
      ...(about === 'review' ? { holds: [...(run.review?.metrics ?? [])], hold: run.review?.reason ?? '' } : {}),
      ...(skip === null ? {} : { skips: [...skip.skipped] }),
    },
    trafficPercent: toPercent,
    failedGates: failedGates(about, run, look, skip),
  };
}

function leadsTo(about: RequestAbout, request: RolloutRequest, run: RolloutRun): number {
  const { steps } = request.plan;
  if (about === 'review') return run.intended.canaryBasisPoints;
  if (about === 'gate') return currentStep(request, run).weightBasisPoints;
  if (run.skip?.full === true) return 10_000;
  const next = run.stage === 'observe' ? run.stepIndex + 1 : run.stepIndex;
  return steps[next]?.weightBasisPoints ?? 10_000;
}

/** What did not pass: it makes a request riskier. */
function failedGates(about: RequestAbout, run: RolloutRun, look: LastLook | null, skip: PendingSkip | null): string[] {
  if (about === 'review') return (run.review?.metrics ?? []).map((metric) => `hold of ${metric}`);
  if (skip !== null) return skip.skipped.filter((what) => !what.startsWith('the approval of '));
  return look === null || look.verdict === 'pass' ? [] : [`last look: ${look.verdict}`];
}

function figuresOf(look: LastLook | null, policy: RolloutRequest['policy']): EvidenceFigure[] {
  const { errorBudget } = policy;
  const limit = typeof errorBudget === 'number' && errorBudget > 0 ? Number((1 / errorBudget).toPrecision(12)) : null;
  return (look?.metrics ?? []).flatMap((metric): EvidenceFigure[] => {
    const { canary, control, dryRun, evidence, name, requests } = metric;
    if (canary === null) return [];
    const better = name === 'scores' ? 'higher' : 'lower';
    return [
      {
        name: `${name} in ${requests} requests`,
        value: canary,
        baseline: control,
        limit: metric.limit,
        unit: '',
        better,
      },
      ...(dryRun ? [] : [harmOf(name, evidence, limit)]),
    ];
  });
}

function harmOf(name: string, value: number, limit: number | null): EvidenceFigure {
  return { name: `evidence of harm: ${name}`, value, baseline: null, limit, unit: '', better: 'lower' };
}
