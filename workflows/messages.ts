import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { FromSomewhere } from '../domain/governance/act-source.ts';
import type { SignedStatement } from '../domain/governance/statement.ts';
import type { MetricVerdict } from '../domain/rollout/judge/describe.ts';
import type {
  ApprovalRecord,
  ApprovalAsk,
  ApprovalStanding,
  DecisionAnswer,
  DecisionInput,
} from '../domain/registry/approval/request.ts';
import type { OpenRequest } from '../domain/rollout/approval-request.ts';
import type { OverlapVerdict } from '../domain/rollout/overlap.ts';
import type { RolloutOutcomeRecord } from '../domain/rollout/records.ts';
import type { Verdict } from '../domain/verdict.ts';

/** Task queues (contract §5). */
export const TASK_QUEUE = 'mlops';

/** Where a rollout stands (contract 4.1). */
export type RolloutPhase =
  'validating' | 'awaiting-approval' | 'canary' | 'paused' | 'promoting' | 'rolling-back' | 'closed';

/** How a rollout ended (contract 4.1); an A/A run ends `completed`. */
export type RolloutOutcome = RolloutOutcomeRecord['outcome'];

/** What somebody did, as reported back to them. */
export interface ActionAccepted {
  readonly accepted: true;
  readonly what: string;
  /** It counts, and others have to agree: how many more, of which approval; null when that is not known yet. */
  readonly awaiting?: { readonly approvalId: string | null; readonly missing: number | null };
}

/**
 * An action of a person or program. `actor` is a principal id when it is signed, else the user of the operating system; `source` is part
 * of what is signed.
 */
export interface ActionInput extends FromSomewhere {
  readonly actor: string;
  readonly reason: string;
  /** approve, deny, where a request is open (`RolloutStatus.requests`): digest of the content that was seen. */
  readonly seen?: string;
  /** Shows that it is this actor who wants this; needed in production, and for every principal. */
  readonly statement?: SignedStatement;
}

/**
 * `promote`: leave the running step now, or pass the gate it waits at; with `full` go to 100 % at once, past every gate.
 * Recorded as an override by `actor`.
 */
export interface PromoteInput extends ActionInput {
  readonly full: boolean;
}

/** The last judged look. */
export interface VerdictStatus {
  readonly verdict: Verdict;
  readonly decision: string;
  readonly at: string;
  readonly tick: number;
  readonly reasons: readonly string[];
  readonly metrics: readonly MetricVerdict[];
  /** Mirrored answers of the shadow step; absent before there was one. */
  readonly overlap?: OverlapVerdict;
}

/** Something that happened, newest last. */
export interface TimelineEntry {
  readonly at: string;
  readonly event: string;
  readonly actor: string;
  readonly detail: string;
  readonly weightPercent?: number;
  readonly generation?: number;
}

/** What a rollout waits for, when it waits for a person. */
export interface WaitingFor {
  readonly kind: 'gate' | 'review' | 'resume' | 'pause-step';
  readonly since: string;
  readonly reason: string;
  /** The command that answers it. */
  readonly answer: string;
}

/** The answer to `status` (contract 4.1 without what the client adds). */
export interface RolloutStatus {
  readonly rolloutId: string;
  readonly runId: string;
  readonly rolloutKey: string;
  readonly model: string;
  readonly environment: string;
  readonly fromVersion: string;
  readonly toVersion: string;
  readonly profile: string;
  readonly phase: RolloutPhase;
  readonly outcome: RolloutOutcome | null;
  readonly reason: string | null;
  readonly intendedWeightPercent: number;
  readonly observedWeightPercent: number | null;
  readonly step: {
    readonly index: number;
    readonly of: number;
    readonly kind: string;
    readonly enteredAt: string;
    readonly endsAt: string | null;
    readonly requests: number;
    readonly minimumRequests: number;
  };
  readonly steps: readonly { readonly kind: string; readonly weightPercent: number; readonly gate: boolean }[];
  readonly tick: number;
  readonly startedAt: string;
  readonly startedBy: string;
  readonly deadlineAt: string;
  readonly lastVerdict: VerdictStatus | null;
  readonly health: { readonly stable: string; readonly canary: string };
  /** On what the noise assumption rests, and whether it lets evidence roll back; null before pre-flight. */
  readonly noise: { readonly text: string; readonly armed: boolean } | null;
  /** What evidence of harm does; absent in statuses of rollouts that ended before it was kept. */
  readonly automaticRollback?: {
    /** False: nothing rolls back by evidence, it freezes the weight and pages. */
    readonly on: boolean;
    /** Whether evidence of errors and slowness may roll back by itself; null before pre-flight. */
    readonly armed: boolean | null;
    /** Total evidence at which the judge acts: one over the error budget. */
    readonly limit: number;
    /** Metrics whose evidence freezes the weight and asks, whatever else is said. */
    readonly holds: readonly string[];
  };
  readonly waitingFor: WaitingFor | null;
  /** Approval requests that are open, in production; absent elsewhere. */
  readonly requests?: readonly Pick<OpenRequest, 'about' | 'approvalId' | 'contentDigest' | 'missing' | 'quorum'>[];
  /** What has to happen before the next step; empty when nothing is missing. */
  readonly missing: readonly string[];
  readonly timeline: readonly TimelineEntry[];
}

/** What the workflow returns. */
export interface RolloutResult {
  readonly rolloutKey: string;
  readonly outcome: RolloutOutcome;
  readonly reason: string;
  readonly detail: string;
  readonly finalWeightPercent: number;
  readonly status: RolloutStatus;
}

/** Lets a waiting rollout go on: a manual gate, or a review of a hold. */
export const approveUpdate = defineUpdate<ActionAccepted, [ActionInput]>('approve');
/** Refuses a waiting gate or review: the rollout rolls back. */
export const denyUpdate = defineUpdate<ActionAccepted, [ActionInput]>('deny');
/** Freezes the weight. Analysis goes on and a breach still rolls back. */
export const pauseUpdate = defineUpdate<ActionAccepted, [ActionInput]>('pause');
/** Ends a pause. */
export const resumeUpdate = defineUpdate<ActionAccepted, [ActionInput]>('resume');
/** Leaves a step or passes a gate now (with `full` all of them, to 100 %), whatever window, evidence or approval is missing. */
export const promoteUpdate = defineUpdate<ActionAccepted, [PromoteInput]>('promote');
/** Ends the rollout: weight 0, verified. */
export const abortUpdate = defineUpdate<ActionAccepted, [ActionInput]>('abort');
/**
 * The same as the update, for CI systems and the Temporal UI; its input is none, or `{"actor": "...", "reason": "..."}`. Who sends a
 * signal is not known: the actor is `signal`, a name in it is a claim. A refused one is shown and recorded.
 */
export const approveSignal = defineSignal<unknown[]>('approve');
/** Of rollouts, sent by an approval that one of them asked for: it was decided. Whoever sends it has the rollout look, and no more. */
export const approvalDecidedSignal = defineSignal('approvalDecided');
export const statusQuery = defineQuery<RolloutStatus>('status');
export const timelineQuery = defineQuery<readonly TimelineEntry[]>('timeline');

/** A signal to an approval that did not count. */
export interface SignalRefusal {
  readonly at: string;
  readonly problem: string;
}

/** The answer to `status` of an approval. */
export interface ApprovalStatus {
  /** Null before the request is written. */
  readonly record: ApprovalRecord | null;
  /** It is approved, and used by who asked for it. */
  readonly isLeft: boolean;
  readonly refusals: readonly SignalRefusal[];
}

/** Of approvals: approves; the answer comes after the decision is written. The signal `approve` needs the code of a one-time link. */
export const approveApprovalUpdate = defineUpdate<DecisionAnswer, [DecisionInput]>('approve');
/** Of approvals: refuses, which ends it. */
export const denyApprovalUpdate = defineUpdate<DecisionAnswer, [DecisionInput]>('deny');
/** Of approvals: somebody asks again; content that is another by now voids what was given and begins another round. */
export const renewApprovalUpdate = defineUpdate<ApprovalStanding, [ApprovalAsk]>('renew');
/** Of approvals: answers when the request is written. */
export const approvalOpenedUpdate = defineUpdate<ApprovalStanding, []>('opened');
/** Of approvals: look whether what is bound is still what is there. */
export const contentChangedSignal = defineSignal('contentChanged');
export const approvalStatusQuery = defineQuery<ApprovalStatus>('status');
