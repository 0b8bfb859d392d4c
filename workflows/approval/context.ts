import { ActivityFailure, ApplicationFailure, isCancellation, log, proxyActivities, sleep } from '@temporalio/workflow';
import type { ApprovalActivities } from '../../activities/approval.ts';
import { isAsNew, type ApprovalStanding } from '../../domain/registry/approval/request.ts';
import type { ApprovalInput } from '../approval.ts';
import type { SignalRefusal } from '../messages.ts';
import { isPassing, messageOf } from '../rollout/failure.ts';

/** What an approval remembers when it continues as new. */
export interface CarriedApproval {
  readonly standing: ApprovalStanding;
  readonly isLeft: boolean;
  readonly refusals: readonly SignalRefusal[];
}

/** One approval in flight. */
export interface ApprovalContext {
  readonly approvalId: string;
  /** As the database last told it; null before the request is written. */
  standing: ApprovalStanding | null;
  /** The round that was approved and is left to who asked for it: nobody here carries it out, or it could not be done. */
  leftRound: number | null;
  /** Signals that did not count, newest last. */
  refusals: readonly SignalRefusal[];
  /** Raised by what changed, so that the wait looks again. */
  isWoken: boolean;
  shown: string;
}

const SHOWN_REFUSALS = 5;
const REST = '20s';
const LONG_REST = '5m';

/** A database may be away for a while. */
const RETRY = { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '5s', maximumAttempts: 12 } as const;

/** A lost worker is noticed after ten seconds. */
export const activities = proxyActivities<ApprovalActivities>({
  startToCloseTimeout: '10s',
  retry: RETRY,
});

/** The same of those that may have to read an artifact: gigabytes take their time, and a lost worker is noticed by its silence. */
export const readingActivities = proxyActivities<ApprovalActivities>({
  startToCloseTimeout: '2h',
  heartbeatTimeout: '10s',
  retry: RETRY,
});

export function openContext({ approvalId, carried }: ApprovalInput): ApprovalContext {
  return {
    approvalId,
    standing: carried?.standing ?? null,
    leftRound: carried?.isLeft === true ? carried.standing.record.round : null,
    refusals: carried?.refusals ?? [],
    isWoken: false,
    shown: '',
  };
}

/** Takes what the database told, unless something newer is known. */
export function takeStanding(context: ApprovalContext, standing: ApprovalStanding): ApprovalStanding {
  if (context.standing === null || isAsNew(standing, context.standing)) context.standing = standing;
  context.isWoken = true;
  return context.standing;
}

export function noteRefusal(context: ApprovalContext, refusal: SignalRefusal): void {
  context.refusals = [...context.refusals, refusal].slice(-SHOWN_REFUSALS);
}

/** Tries until it is done: an approval waits for days, and neither an outage nor a mistake of ours ends it; only what `isFinal` says. */
export async function untilThere<T>(
  call: () => Promise<T>,
  isFinal: (error: unknown) => boolean = () => false,
): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (isCancellation(error)) throw error;
      if (isFinal(error)) throw refusalOf(error);
      log.warn('Tried again later', { error: messageOf(error) });
      await sleep(isPassing(error) ? REST : LONG_REST);
    }
  }
}

/** A refusal as who asked reads it. */
export function refusalOf(error: unknown): unknown {
  if (!(error instanceof ActivityFailure)) return error;
  const { cause } = error;
  const type = cause instanceof ApplicationFailure ? cause.type : null;
  const details = cause instanceof ApplicationFailure ? (cause.details ?? []) : [];
  return ApplicationFailure.create({
    message: messageOf(error),
    type: type ?? 'unexpected',
    nonRetryable: true,
    details,
  });
}
