import { ApplicationFailure, condition, log, setDefaultSignalHandler, setHandler, uuid4 } from '@temporalio/workflow';
import { judgeQuorum, problemOfDecision } from '../../domain/registry/approval/quorum.ts';
import type {
  ApprovalRenewal,
  ApprovalStanding,
  DecisionAnswer,
  DecisionInput,
  Verdict,
} from '../../domain/registry/approval/request.ts';
import { parseDecisionSignal } from '../../domain/registry/approval/signal.ts';
import {
  approvalOpenedUpdate,
  approvalStatusQuery,
  approveApprovalUpdate,
  approveSignal,
  contentChangedSignal,
  denyApprovalUpdate,
  renewApprovalUpdate,
  type ApprovalStatus,
} from '../messages.ts';
import { messageOf } from '../rollout/failure.ts';
import { activities, noteRefusal, refusalOf, takeStanding, untilThere, type ApprovalContext } from './context.ts';

/**
 * Registers every message. What the approval itself can see to be wrong is refused by validators, at once and without a trace in the
 * history; whether somebody has the right is looked up, and the answer is given when the decision is written.
 */
export function registerHandlers(context: ApprovalContext): void {
  setHandler(approvalStatusQuery, () => statusOf(context));
  setHandler(approvalOpenedUpdate, async () => await opened(context));
  setHandler(approveApprovalUpdate, async (input) => await decide(context, 'approve', input), {
    validator: (input) => mustBe(context, 'approve', input),
  });
  setHandler(denyApprovalUpdate, async (input) => await decide(context, 'deny', input), {
    validator: (input) => mustBe(context, 'deny', input),
  });
  setHandler(renewApprovalUpdate, async (renewal) => await renew(context, renewal));
  setHandler(contentChangedSignal, async () => await check(context));
  setHandler(approveSignal, async (...inputs) => await approveBySignal(context, inputs));
  setDefaultSignalHandler(
    async (name) => await refuseSignal(context, `no signal is named ${name}: wanted approve or contentChanged`),
  );
}

async function opened(context: ApprovalContext): Promise<ApprovalStanding> {
  await condition(() => context.standing !== null);
  return context.standing as ApprovalStanding;
}

async function decide(context: ApprovalContext, verdict: Verdict, input: DecisionInput): Promise<DecisionAnswer> {
  await opened(context);
  const { approvalId } = context;
  try {
    const summary = `${verdict} by ${input.principal}`;
    const standing = await activities.decideApproval.executeWithOptions({ summary }, [
      { ...input, approvalId, verdict },
    ]);
    return answerOf(verdict, takeStanding(context, standing));
  } catch (error) {
    throw refusalOf(error);
  }
}

async function renew(context: ApprovalContext, renewal: ApprovalRenewal): Promise<ApprovalStanding> {
  await opened(context);
  const { approvalId } = context;
  try {
    return takeStanding(
      context,
      await activities.renewApproval.executeWithOptions({ summary: 'another content' }, [{ approvalId, renewal }]),
    );
  } catch (error) {
    throw refusalOf(error);
  }
}

async function check(context: ApprovalContext): Promise<void> {
  await opened(context);
  const { approvalId } = context;
  const checked = await untilThere(
    async () => await activities.checkApproval.executeWithOptions({ summary: 'is it unchanged?' }, [{ approvalId }]),
  );
  takeStanding(context, checked);
}

/** The signal takes the same path; a refusal cannot be answered, so it is shown and recorded. */
async function approveBySignal(context: ApprovalContext, inputs: readonly unknown[]): Promise<void> {
  const { claimed, code, problem, reason } = parseDecisionSignal(inputs);
  if (problem !== null) {
    await refuseSignal(context, claimed === '' ? problem : `${problem} (claims to be ${claimed})`);
    return;
  }
  await opened(context);
  const { approvalId } = context;
  try {
    const standing = await activities.decideApprovalByCode.executeWithOptions({ summary: 'approve by signal' }, [
      { approvalId, code, reason },
    ]);
    takeStanding(context, standing);
  } catch (error) {
    await refuseSignal(context, messageOf(error));
  }
}

async function refuseSignal(context: ApprovalContext, problem: string): Promise<void> {
  const key = `signal-refused/${uuid4()}`;
  const { nowMs } = await opened(context);
  noteRefusal(context, { at: new Date(nowMs).toISOString(), problem });
  log.warn('A signal was refused', { problem });
  const note = { key, step: 'signal-refused' as const, words: problem };
  const { approvalId } = context;
  await untilThere(
    async () => await activities.noteApproval.executeWithOptions({ summary: note.step }, [{ approvalId, note }]),
  );
  context.isWoken = true;
}

function mustBe({ approvalId, standing }: ApprovalContext, verdict: Verdict, input: DecisionInput): void {
  const problem =
    problemOfInput(input) ??
    (standing === null ? null : problemOfDecision(standing.record, { ...input, verdict, authorities: null }, null));
  if (problem === null) return;
  const details = { action: verdict === 'approve' ? 'Approval' : 'Denial', approvalId, problem };
  throw ApplicationFailure.nonRetryable(`${verdict} refused: ${problem}`, 'APPROVAL_REFUSED', details);
}

/** Any client may send an update of any shape. */
function problemOfInput(input: unknown): string | null {
  const given = (input ?? {}) as Partial<Record<keyof DecisionInput, unknown>>;
  if (typeof given.principal !== 'string' || given.principal === '') return 'nobody is named as principal';
  if (typeof given.reason !== 'string') return 'its reason is no text (it may be empty)';
  if (typeof given.seen !== 'string') return 'it does not say which content was seen';
  return given.linkId === null || typeof given.linkId === 'string' ? null : 'its linkId is neither null nor a text';
}

function answerOf(verdict: Verdict, { record }: ApprovalStanding): DecisionAnswer {
  const { missing } = judgeQuorum(record, record.decisions);
  const what =
    record.state === 'pending'
      ? `counted, ${missing} more of ${record.quorum} wanted`
      : `counted, it is ${record.state}`;
  return { accepted: true, what: `${verdict}: ${what}`, state: record.state, missing, round: record.round };
}

function statusOf({ isLeft, refusals, standing }: ApprovalContext): ApprovalStatus {
  return { record: standing?.record ?? null, isLeft, refusals };
}
