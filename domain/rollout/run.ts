import type { FromSomewhere } from '../governance/act-source.ts';
import type { SignedStatement } from '../governance/statement.ts';
import type { OpenRequest, PendingSkip } from './approval-request.ts';
import type { NoiseBasis, NoiseSetting } from './calibration/noise-basis.ts';
import type { PlanStep, RolloutPlan } from './plan.ts';
import type { ArmTarget, TrafficSplit } from './split.ts';
import type { StoryEvent } from './story.ts';

/** What a rollout is asked to do: complete, validated, and the same for its whole life. */
export interface RolloutRequest extends FromSomewhere {
  /** `a/a`: both arms are the stable version; ticks are collected and nothing is promoted. Absent: a rollout. */
  readonly kind?: 'a/a';
  readonly model: string;
  readonly environment: string;
  readonly stable: ArmTarget;
  readonly canary: ArmTarget;
  readonly plan: RolloutPlan;
  /** Judge policy, kept as plain data; the activity that judges parses it. */
  readonly policy: Readonly<Record<string, unknown>>;
  readonly responseTime: {
    readonly degradationPercent: number;
    readonly floorMs: number;
    readonly ceilingMs: number;
  };
  readonly minimumSuccessRate: number;
  readonly health: { readonly intervalSeconds: number; readonly failures: number; readonly outOf: number };
  readonly resourceAlertPercent: number;
  /** A principal id when the start is signed, else a name. */
  readonly startedBy: string;
  readonly reason: string;
  /** Where the noise assumption comes from; absent in rollouts that began before it was kept. */
  readonly noise?: NoiseSetting;
  /** Shows who started it: over everything else here. */
  readonly statement?: SignedStatement;
  /** SHA-256 of everything above but who, why, `noise` and the statement, and not of `source`: two starts with equal digests are the same rollout. */
  readonly digest: string;
}

/**
 * Where a rollout is in its course. `prepare` and `gate` come before a step's weight is written, `enter` writes it,
 * `observe` watches it, `finish` makes the canary the stable version.
 */
export type RolloutStage = 'prepare' | 'gate' | 'enter' | 'observe' | 'finish';

/** An action of a person that waits to be carried out. */
export interface PendingAction extends FromSomewhere {
  readonly actor: string;
  readonly reason: string;
}

/** What a person did, waiting to be written to the database. */
export interface AskedAction extends FromSomewhere {
  /** ISO 8601: the rollout's clock, and soon after the server's time of what was done */
  at: string;
  readonly event: StoryEvent;
  readonly actor: string;
  readonly detail: string;
  /** More for programs; absent in what was done before it was kept. */
  readonly facts?: Readonly<Record<string, unknown>>;
}

/** Something that happened and could not be written: what the activity that writes it is given. */
export type UnwrittenEvent = Readonly<Record<string, unknown>> & { readonly event: string };

/** Last probes of one arm, newest last, at most `outOf` of them. */
export interface ProbeHistory {
  readonly recent: readonly boolean[];
  readonly detail: string;
}

/**
 * Everything a rollout remembers, as plain data: it is carried over when the workflow continues as new. Times are
 * milliseconds since 1970 by the workflow's clock.
 */
export interface RolloutRun {
  /** Run id of the first execution: names rows in the database for the whole life. */
  rolloutKey: string;
  startedAtMs: number;
  /** What the registry says of the versions; absent until it was asked, and in rollouts that began before it was. */
  versions?: { readonly isGoverned: boolean; readonly approvalId: string | null; readonly production: string | null };
  /** The new version is in production by the registry: the stage went ahead of the last split. */
  isStageMoved?: boolean;
  /** The registry was asked to move it, whatever came back; absent before, and in rollouts that asked before this was kept. */
  isStageAsked?: true;
  /** Who started it was verified; absent where that is not looked at. */
  isVerified?: true;
  /** People decide by approval requests: in production; absent elsewhere, and in rollouts that began before it was so. */
  asksApprovals?: true;
  /** Requests that are open, at most one about each thing; absent as above. */
  requests?: OpenRequest[];
  /** A promotion that waits for its approval. */
  skip?: PendingSkip | null;
  /**
   * The rollout's clock: moved only by timers that elapsed and by times that activities report, so that it is the same
   * in every replay. (The engine's own clock was seen to differ after a worker had been killed.)
   */
  nowMs: number;
  stage: RolloutStage;
  stepIndex: number;
  stepEnteredAtMs: number;
  stepRequests: number;
  tick: number;
  nextTickAtMs: number;
  nextProbeAtMs: number;
  /** Generation of the last split we wrote, null before the first. */
  generation: number | null;
  intended: { canaryBasisPoints: number; mirrorBasisPoints: number };
  observedBasisPoints: number | null;
  slowBoundMs: number;
  /** On what the noise assumption rests, known after pre-flight; absent in rollouts that began before it was kept. */
  noise?: NoiseBasis;
  /** A person froze the weight. */
  pausedBy: PendingAction | null;
  /** A hold that waits for a review: which metrics, and why. */
  review: { metrics: string[]; reason: string } | null;
  /** Metrics whose hold was reviewed and accepted. */
  waived: string[];
  approval: PendingAction | null;
  denial: PendingAction | null;
  abort: PendingAction | null;
  override: (PendingAction & { full: boolean; approvalId?: string }) | null;
  /** Who ended the planned pause of which step; absent in rollouts that began before it was kept. */
  resumed?: PendingAction & { readonly stepIndex: number };
  waitingSinceMs: number | null;
  /** Time spent waiting for people, not counted against the deadline. */
  humanWaitMs: number;
  health: { stable: ProbeHistory; canary: ProbeHistory };
  /** Once-only announcements already made. */
  announced: string[];
  /** What people did since the last beat, oldest first; absent in rollouts that began before it was kept. */
  asked?: AskedAction[];
  /** How many of them have been written. */
  askedCount?: number;
  /** What happened while the database was away, oldest first, to be written before anything goes on; absent as above. */
  unwritten?: UnwrittenEvent[];
  /** The judge holds positive evidence on every required metric at its last look. */
  promotable: boolean;
  /** Telemetry was complete and nothing hinted at harm at the last look. */
  clear: boolean;
  undecidedReason: string;
  /** The telemetry of the last look was complete; absent in rollouts that began before it was kept. */
  lookIsUsable?: boolean;
  /** Looks of this step whose telemetry was complete and had requests of the canary; absent as above. */
  usableLooks?: number;
  /** A person promoted into what comes next: its evidence is not asked for; absent as above. */
  promotedOn?: boolean;
}

/** A new run, nothing done yet. */
export function createRun(rolloutKey: string, nowMs: number): RolloutRun {
  return {
    rolloutKey,
    startedAtMs: nowMs,
    nowMs,
    stage: 'prepare',
    stepIndex: 0,
    stepEnteredAtMs: nowMs,
    stepRequests: 0,
    tick: 0,
    nextTickAtMs: nowMs,
    nextProbeAtMs: nowMs,
    generation: null,
    intended: { canaryBasisPoints: 0, mirrorBasisPoints: 0 },
    observedBasisPoints: null,
    slowBoundMs: 0,
    pausedBy: null,
    review: null,
    waived: [],
    approval: null,
    denial: null,
    abort: null,
    override: null,
    waitingSinceMs: null,
    humanWaitMs: 0,
    health: { stable: { recent: [], detail: 'not probed yet' }, canary: { recent: [], detail: 'not probed yet' } },
    announced: [],
    promotable: false,
    clear: false,
    undecidedReason: 'nothing has been judged yet',
  };
}

/** The step a run is in or about to enter. */
export function currentStep(request: RolloutRequest, run: RolloutRun): PlanStep {
  const step = request.plan.steps[Math.min(run.stepIndex, request.plan.steps.length - 1)];
  if (step === undefined) throw new RangeError('A rollout plan has no steps');
  return step;
}

/** The judge's policy in force: where automatic rollback is not armed, evidence that rests on the noise assumption holds. */
export function policyInForce<Policy extends object>(
  policy: Policy,
  noise: NoiseBasis | undefined,
): Policy & { readonly holdMetrics?: readonly ['errors', 'slow'] } {
  return noise === undefined || noise.armed ? policy : { ...policy, holdMetrics: ['errors', 'slow'] };
}

/** The split a step asks for. */
export function splitOf(
  request: RolloutRequest,
  step: Pick<PlanStep, 'weightBasisPoints' | 'mirrorBasisPoints'>,
): TrafficSplit {
  return {
    model: request.model,
    stable: request.stable,
    canary: request.canary,
    canaryBasisPoints: step.weightBasisPoints,
    mirrorBasisPoints: step.mirrorBasisPoints,
  };
}

/** All traffic on the version that was there before; the canary is out of reach. */
export function retreatSplit(request: RolloutRequest): TrafficSplit {
  return { model: request.model, stable: request.stable, canary: null, canaryBasisPoints: 0, mirrorBasisPoints: 0 };
}

/** All traffic on the new version, which is stable from now on. */
export function promotedSplit(request: RolloutRequest): TrafficSplit {
  return { model: request.model, stable: request.canary, canary: null, canaryBasisPoints: 0, mirrorBasisPoints: 0 };
}

/** When the rollout has used up its machine time. Waiting for people moves it back. */
export function deadlineMs(request: RolloutRequest, run: RolloutRun, nowMs: number): number {
  const waiting = run.waitingSinceMs === null ? 0 : nowMs - run.waitingSinceMs;
  return run.startedAtMs + request.plan.deadlineSeconds * 1000 + run.humanWaitMs + waiting;
}

/** When the current step's window ends, null when it waits for a person. */
export function windowEndMs(request: RolloutRequest, run: RolloutRun): number | null {
  const step = currentStep(request, run);
  if (step.windowSeconds === null) return null;
  const warmUp = step.kind === 'pause' ? 0 : request.plan.warmUpSeconds;
  return run.stepEnteredAtMs + (warmUp + step.windowSeconds) * 1000;
}

/** Whether a run is waiting for a person right now. */
export function isWaitingForPerson(request: RolloutRequest, run: RolloutRun): boolean {
  if (run.pausedBy !== null || run.review !== null) return true;
  if (run.stage === 'gate') return currentStep(request, run).gate && run.approval === null;
  return run.stage === 'observe' && isHeldByPlan(request, run) && run.override === null;
}

/** Whether the plan pauses at the current step, and nobody has ended that yet. */
export function isHeldByPlan(request: RolloutRequest, run: RolloutRun): boolean {
  return currentStep(request, run).windowSeconds === null && run.resumed?.stepIndex !== run.stepIndex;
}

/**
 * What is still missing before the current step may be left, in words; empty when nothing is.
 *
 * Leaving a step needs its window over, enough requests, complete telemetry and no sign of harm; leaving the last step
 * before 100 % needs positive evidence as well (architecture D4).
 */
export function missingForNextStep(request: RolloutRequest, run: RolloutRun, nowMs: number): string[] {
  const step = currentStep(request, run);
  const missing: string[] = [];
  const end = windowEndMs(request, run);
  // A person who ends a planned pause ends its time too, and nothing else.
  const isOver = end === null || nowMs >= end || (step.kind === 'pause' && run.resumed?.stepIndex === run.stepIndex);
  if (isHeldByPlan(request, run)) missing.push('a person to resume the pause step');
  else if (!isOver) missing.push(`${Math.ceil((end - nowMs) / 1000)} s of the observation window`);
  if (run.stepRequests < step.minimumRequests) {
    missing.push(`${step.minimumRequests - run.stepRequests} more canary requests`);
  }
  const carriesUsers = step.weightBasisPoints > 0 && step.weightBasisPoints < 10_000;
  if ((carriesUsers || step.kind === 'shadow') && !run.clear) missing.push(run.undecidedReason);
  const next = request.plan.steps[run.stepIndex + 1];
  if (next?.kind === 'bake' && !run.promotable) missing.push(`positive evidence (${run.undecidedReason})`);
  return missing;
}

/** Appends a probe and says whether the arm is unhealthy: at least `failures` of the last `outOf` probes failed. */
export function recordProbe(
  history: ProbeHistory,
  healthy: boolean,
  detail: string,
  rule: { readonly failures: number; readonly outOf: number },
): { history: ProbeHistory; unhealthy: boolean } {
  const recent = [...history.recent, healthy].slice(-rule.outOf);
  const unhealthy = recent.filter((ok) => !ok).length >= rule.failures;
  return { history: { recent, detail }, unhealthy };
}
