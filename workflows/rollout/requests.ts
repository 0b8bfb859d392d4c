import { getExternalWorkflowHandle, isCancellation, log, proxyActivities } from '@temporalio/workflow';
import type { RolloutActivities } from '../../activities/index.ts';
import { sourceOf } from '../../domain/governance/act-source.ts';
import {
  assembleAsk,
  wantedRequests,
  type OpenRequest,
  type RequestAbout,
} from '../../domain/rollout/approval-request.ts';
import { judgeQuorum } from '../../domain/registry/approval/quorum.ts';
import { resourceOfApproval, type ApprovalRecord } from '../../domain/registry/approval/request.ts';
import { contentChangedSignal } from '../messages.ts';
import { advanceClock, clockActivities, type Ending, type RolloutContext } from './context.ts';
import { isPassing, messageOf } from './failure.ts';
import { isBehind, record, recordUse, show } from './record.ts';
import { endingByPeople } from './stop.ts';

/** What came of the requests of a rollout in one beat. */
interface Settled {
  readonly ending: Ending | null;
  /** Somebody has decided, or what was asked is no question any more: the stage looks again. */
  readonly hasChanged: boolean;
}

/** Opening a request takes a workflow and its answer. */
const { askForApproval } = proxyActivities<RolloutActivities>({
  startToCloseTimeout: '30s',
  retry: { initialInterval: '500ms', maximumAttempts: 3 },
});
const { readApproval, withdrawRequest } = proxyActivities<RolloutActivities>({
  startToCloseTimeout: '10s',
  retry: { initialInterval: '200ms', maximumAttempts: 5 },
});

/** An approval tells its rollout what was decided; that it was terminated nobody tells. */
const LOOK_MS = 5 * 60_000;
const REST_MS = 5_000;
const UNCHANGED: Settled = { ending: null, hasChanged: false };

/**
 * Asks people what has to be asked, takes what they have decided, and withdraws what is no question any more. While that is not
 * possible the rollout stays where it is.
 */
export async function settleRequests(context: RolloutContext): Promise<Settled> {
  const { run } = context;
  if (run.asksApprovals !== true || isBehind(context)) return UNCHANGED;
  try {
    await withdrawUnwanted(context);
    for (const about of wantedRequests(context.request, run)) await askFor(context, about);
    const settled = await lookAtRequests(context);
    context.requestProblem = null;
    return settled;
  } catch (error) {
    if (isCancellation(error)) throw error;
    context.requestProblem = messageOf(error);
    log.warn('People could not be asked, or what they decided not be read: tried again', { problem: messageOf(error) });
    return UNCHANGED;
  }
}

/** The rollout is over: nothing of it is asked any more. What cannot be withdrawn finds out by itself when it is decided. */
export async function withdrawRequests(context: RolloutContext): Promise<void> {
  for (const open of context.run.requests ?? [])
    await withdraw(context, open).catch((error: unknown) =>
      log.warn('A request could not be withdrawn', { approvalId: open.approvalId, error: messageOf(error) }),
    );
}

/** The request that people are asked to decide about now, when they speak to the rollout: a hold comes before a gate. */
export function requestToDecide({ requests = [] }: RolloutContext['run']): OpenRequest | null {
  const find = (about: RequestAbout) => requests.find((one) => one.about === about);
  return find('review') ?? find('gate') ?? null;
}

/** Takes what the database says of a request. Null: it is none that is open here. */
export function noteStanding({ run }: RolloutContext, record: ApprovalRecord): void {
  const open = run.requests?.find(({ approvalId }) => approvalId === record.approvalId);
  if (open !== undefined) open.missing = missingOf(record);
}

/** Has the approval look at the database: something was decided, or done, beside it. */
export async function wakeApproval(approvalId: string): Promise<void> {
  try {
    await getExternalWorkflowHandle(resourceOfApproval(approvalId)).signal(contentChangedSignal);
  } catch (error) {
    // It was terminated: what counts is in the database.
    if (isCancellation(error)) throw error;
    log.warn('The approval could not be woken', { approvalId, error: messageOf(error) });
  }
}

async function withdrawUnwanted(context: RolloutContext): Promise<void> {
  const { request, run } = context;
  const wanted = wantedRequests(request, run);
  const { skip = null } = run;
  if (skip !== null && !wanted.includes('skip')) {
    run.skip = null;
    show(context, {
      key: '',
      event: 'promotion-void',
      actor: skip.actor,
      detail: 'the rollout went on without the promotion that waited for its approval',
    });
  }
  for (const open of run.requests ?? []) if (!wanted.includes(open.about)) await withdraw(context, open);
}

async function withdraw(context: RolloutContext, open: OpenRequest): Promise<void> {
  const { approvalId } = open;
  await withdrawRequest.executeWithOptions({ summary: `${open.about} is no question any more` }, [{ approvalId }]);
  close(context, open);
  await wakeApproval(approvalId);
}

/** Asks once; a hold that has grown is asked about anew, and what was given for less is void. */
async function askFor(context: RolloutContext, about: RequestAbout): Promise<void> {
  const { lastVerdict: look, request, run } = context;
  const subject = about === 'review' ? (run.review?.metrics ?? []).join(' ') : '';
  const open = run.requests?.find((one) => one.about === about);
  if (open?.subject === subject) return;
  const order = assembleAsk(about, { request, run, look });
  const asked = await askForApproval.executeWithOptions({ summary: `${order.kind} of ${order.resource}` }, [order]);
  const { resource } = order;
  if (open !== undefined) close(context, open);
  (run.requests ??= []).push({ ...asked, about, resource, subject, lookAtMs: run.nowMs });
  const { approvalId, missing } = asked;
  show(context, { key: '', event: 'asked', detail: `approval ${approvalId} (${about}): ${missing} approvals wanted` });
}

async function lookAtRequests(context: RolloutContext): Promise<Settled> {
  const { run } = context;
  const isTold = context.isDecided;
  context.isDecided = false;
  for (const open of run.requests ?? []) {
    if (!isTold && run.nowMs < open.lookAtMs) continue;
    const summary = `${open.about}: was it decided?`;
    const { approvalId } = open;
    const { record: found } = await readApproval.executeWithOptions({ summary }, [{ approvalId }]);
    open.lookAtMs = run.nowMs + LOOK_MS;
    open.missing = missingOf(found);
    if (found.state !== 'pending') await readTime(context);
    const settled = await take(context, open, found);
    if (settled.ending !== null || settled.hasChanged) return settled;
  }
  return UNCHANGED;
}

/** What was decided happened now: the rollout's clock stands still between timers. */
async function readTime(context: RolloutContext): Promise<void> {
  const summary = 'time of what was decided';
  advanceClock(context, await clockActivities.readClock.executeWithOptions({ summary }, []));
}

async function take(context: RolloutContext, open: OpenRequest, found: ApprovalRecord): Promise<Settled> {
  if (found.state === 'pending') return UNCHANGED;
  if (found.state === 'approved') return await takeApproval(context, open, found);
  close(context, open);
  if (found.state === 'denied') return await takeDenial(context, open, found);
  if (found.state === 'expired') return await takeExpiry(context, open);
  // Voided by what it was about: it is asked anew, with what is there now.
  return { ending: null, hasChanged: true };
}

/** Uses the approval up with the entry that says so, in one transaction, before anything follows from it. */
async function takeApproval(context: RolloutContext, open: OpenRequest, found: ApprovalRecord): Promise<Settled> {
  const { run } = context;
  const { approvalId, bound, resource } = open;
  const approvers = found.decisions.filter(({ verdict }) => verdict === 'approve').map(({ principal }) => principal);
  const actor = approvers.at(-1) ?? 'rollout';
  const detail = `approval ${approvalId} by ${approvers.join(', ')}`;
  const facts = { approvalId, approvers, ...(open.about === 'review' ? { waived: run.review?.metrics ?? [] } : {}) };
  const news = { key: keyOf(open, run.stepIndex), event: EVENT[open.about], actor, detail, facts };
  try {
    await recordUse(context, news, { approvalId, bound, resource, kind: found.kind });
  } catch (error) {
    if (isPassing(error) || isCancellation(error)) throw error;
    // Somebody was quicker to deny it, or its time is over: looked at again.
    log.warn('An approval could not be used', { approvalId, error: messageOf(error) });
    open.lookAtMs = run.nowMs + REST_MS;
    return UNCHANGED;
  }
  close(context, open);
  goOn(context, open, { actor, reason: detail });
  await wakeApproval(approvalId);
  return { ending: null, hasChanged: true };
}

const EVENT = { gate: 'approved', review: 'approve', skip: 'approved' } as const;

function keyOf({ about, approvalId }: OpenRequest, stepIndex: number): string {
  return about === 'gate' ? `gate/${stepIndex}/passed` : `${about}/${approvalId}/approved`;
}

function goOn(
  { run }: RolloutContext,
  { about, approvalId }: OpenRequest,
  by: { actor: string; reason: string },
): void {
  if (about === 'gate') run.approval = by;
  if (about === 'review') {
    run.waived.push(...(run.review?.metrics ?? []));
    run.review = null;
  }
  if (about !== 'skip' || run.skip === undefined || run.skip === null) return;
  const { actor, full, reason } = run.skip;
  const source = sourceOf(run.skip);
  run.override = { actor, full, reason: `${reason || 'no reason given'}; ${by.reason}`, approvalId, ...source };
  run.skip = null;
}

/** A gate or a hold that is denied takes the rollout back; a promotion that is denied leaves it where it is. */
async function takeDenial(context: RolloutContext, open: OpenRequest, found: ApprovalRecord): Promise<Settled> {
  const { run } = context;
  const { about, approvalId } = open;
  const actor = found.decisions.find(({ verdict }) => verdict === 'deny')?.principal ?? 'rollout';
  const detail = `approval ${approvalId} was denied`;
  const event = about === 'skip' ? 'promotion-denied' : 'deny';
  await record(context, { key: `request/${approvalId}/denied`, event, actor, detail, facts: { approvalId } });
  await wakeApproval(approvalId);
  if (about === 'skip') {
    run.skip = null;
    return { ending: null, hasChanged: true };
  }
  run.denial = { actor, reason: detail };
  return { ending: endingByPeople(context), hasChanged: true };
}

/** Nobody has said yes in all that time: that is no yes. */
async function takeExpiry(context: RolloutContext, { about, approvalId }: OpenRequest): Promise<Settled> {
  const { run } = context;
  const detail = `approval ${approvalId} expired undecided`;
  if (about !== 'skip') {
    const ending = { outcome: 'rolled-back', reason: 'approval-expired', detail, actor: 'rollout' } as const;
    return { ending, hasChanged: true };
  }
  await record(context, {
    key: `request/${approvalId}/expired`,
    event: 'promotion-denied',
    detail,
    facts: { approvalId },
  });
  run.skip = null;
  return { ending: null, hasChanged: true };
}

function close({ run }: RolloutContext, closed: OpenRequest): void {
  run.requests = (run.requests ?? []).filter((open) => open !== closed);
}

function missingOf({ contentDigest, decisions, excluded, quorum }: ApprovalRecord): number {
  return judgeQuorum({ contentDigest, excluded, quorum }, decisions).missing;
}
