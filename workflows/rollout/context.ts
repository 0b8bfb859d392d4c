import { proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { RolloutActivities } from '../../activities/index.ts';
import type { FromSomewhere } from '../../domain/governance/act-source.ts';
import { createRun, type RolloutRequest, type RolloutRun } from '../../domain/rollout/run.ts';
import type { RolloutInput } from '../rollout.ts';
import type { RolloutOutcome, RolloutPhase, TimelineEntry, VerdictStatus } from '../messages.ts';

/** How a rollout ends, before traffic was taken back or closed. */
export interface Ending extends FromSomewhere {
  readonly outcome: RolloutOutcome;
  /** Short and fit for programs: 'promoted', 'errors', 'inconclusive', 'deadline', 'emergency-rollback', ... */
  readonly reason: string;
  readonly detail: string;
  readonly actor: string;
  /** The split that is live is somebody else's decision: leave it. */
  readonly leaveTraffic?: boolean;
  /** Stable was found down, and why: it gets no users back. */
  readonly stableProblem?: string;
}

/** One rollout in flight: what was asked, what is remembered, and what is shown. */
export interface RolloutContext {
  readonly request: RolloutRequest;
  readonly run: RolloutRun;
  phase: RolloutPhase;
  timeline: TimelineEntry[];
  lastVerdict: VerdictStatus | null;
  ending: Ending | null;
  /** Raised by messages, so that a waiting loop looks again. */
  woken: boolean;
  /** An approval says that it was decided: requests are looked at. */
  isDecided: boolean;
  /** Why people could not be asked, or their answer not be read; null when they could. */
  requestProblem: string | null;
  /** Interrupts the stage that runs, null between stages. */
  stopStage: (() => void) | null;
  /** Notifications under way, of a rollout that delivers them itself. */
  deliveries: Promise<void>[];
  /** Times of what people did, being asked of the server. */
  stamps: Promise<void>[];
  shown: string;
}

/** Short activities: a lost worker is noticed after ten seconds; a dependency may be away for a few minutes. */
export const activities = proxyActivities<RolloutActivities>({
  startToCloseTimeout: '10s',
  retry: { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '5s', maximumAttempts: 12 },
});

/** What needs nothing but a worker: given up soon, for what it tells is worth no waiting. */
export const clockActivities = proxyActivities<RolloutActivities>({
  startToCloseTimeout: '5s',
  scheduleToCloseTimeout: '30s',
  retry: { initialInterval: '200ms', maximumAttempts: 4 },
});

/** Messages to people, of rollouts that began before deliveries were workflows: tried for several minutes. */
export const deliveryActivities = proxyActivities<RolloutActivities>({
  startToCloseTimeout: '20s',
  retry: { initialInterval: '1s', backoffCoefficient: 3, maximumInterval: '60s', maximumAttempts: 8 },
});

/** A context for a new rollout, or for one that continues as new. */
export function openContext(input: RolloutInput): RolloutContext {
  const { carried } = input;
  return {
    request: input.request,
    run: carried?.run ?? createRun(workflowInfo().runId, workflowInfo().startTime.getTime()),
    phase: 'validating',
    timeline: [...(carried?.timeline ?? [])],
    lastVerdict: carried?.lastVerdict ?? null,
    ending: null,
    woken: false,
    // What an approval said before it continued as new is looked up again.
    isDecided: (carried?.run.requests ?? []).length > 0,
    requestProblem: null,
    stopStage: null,
    deliveries: [],
    stamps: [],
    shown: '',
  };
}

/** Moves the rollout's clock forward, never back. */
export function advanceClock({ run }: Pick<RolloutContext, 'run'>, nowMs: number): void {
  run.nowMs = Math.max(run.nowMs, nowMs);
}
