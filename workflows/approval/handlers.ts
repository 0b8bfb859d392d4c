import {
  ApplicationFailure,
  condition,
  currentUpdateInfo,
  log,
  patched,
  setDefaultSignalHandler,
  setHandler,
  uuid4,
} from '@temporalio/workflow';
import { problemOfClaim } from '../../domain/governance/statement.ts';
import { objectOf } from '../../domain/json-object.ts';
import {
  answerOfDecision,
  problemOfDecision,
  problemOfEnd,
  problemOfSeen,
} from '../../domain/registry/approval/quorum.ts';
import {
  resourceOfApproval,
  type ApprovalAsk,
  type ApprovalStanding,
  type DecisionAnswer,
  type DecisionInput,
  type Verdict,
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
import { isPassing, messageOf } from '../rollout/failure.ts';
import {
  activities,
  readingActivities,
  noteRefusal,
  refusalOf,
  takeStanding,
  untilThere,
  type ApprovalContext,
} from './context.ts';

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
  setHandler(renewApprovalUpdate, async (renewal) => await renew(context, renewal), {
    validator: (renewal) => mustBeContent(context, renewal),
  });
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
  const occasion = `update/${currentUpdateInfo()?.id ?? uuid4()}`;
  try {
    const { claim = null } = input as Partial<DecisionInput>;
    const { record } = await writeDecision(context, { ...input, claim, verdict, occasion });
    return answerOfDecision(verdict, record);
  } catch (error) {
    throw refusalOf(error);
  }
}

/** Every way to decide ends here; what is told is in the database before. */
async function writeDecision(
  context: ApprovalContext,
  input: DecisionInput & { readonly verdict: Verdict; readonly occasion: string },
): Promise<ApprovalStanding> {
  const { approvalId } = context;
  const order = { ...input, approvalId, occasion: `${resourceOfApproval(approvalId)}/${input.occasion}` };
  const summary = `${input.verdict} by ${input.claim?.actor ?? 'one-time link'}`;
  const found = await unlessUnknown(
    context,
    async () => await activities.decideApproval.executeWithOptions({ summary }, [order]),
  );
  const standing = takeStanding(context, found);
  const { state } = found.record;
  // What it was about had left: that was written, and the decision was not, or is worth nothing.
  if (state === 'voided') throw refusalFor(context, input.verdict, problemOfEnd(state), { isRecorded: true });
  return standing;
}

/** Whether an attempt has written it is not known when all of them were lost: nobody waits for a reminder to see what came of it. */
async function unlessUnknown<T>(context: ApprovalContext, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (isPassing(error) && patched('a-decision-without-an-answer-is-looked-for')) {
      const { approvalId } = context;
      const look = async () =>
        await activities.readApproval.executeWithOptions({ summary: 'was it decided?' }, [{ approvalId }]);
      takeStanding(context, await untilThere(look));
    }
    throw error;
  }
}

async function renew(context: ApprovalContext, renewal: ApprovalAsk): Promise<ApprovalStanding> {
  await opened(context);
  const { approvalId } = context;
  const occasion = `update/${currentUpdateInfo()?.id ?? ''}`;
  try {
    return takeStanding(
      context,
      await readingActivities.renewApproval.executeWithOptions({ summary: 'asked again' }, [
        { approvalId, renewal, occasion },
      ]),
    );
  } catch (error) {
    throw refusalOf(error);
  }
}

async function check(context: ApprovalContext): Promise<void> {
  await opened(context);
  const { approvalId } = context;
  try {
    const summary = 'is it unchanged?';
    takeStanding(context, await readingActivities.checkApproval.executeWithOptions({ summary }, [{ approvalId }]));
  } catch (error) {
    await refuseSignal(context, `it cannot be looked at: ${messageOf(error)}`);
  }
}

/** The signal takes the same path; a refusal cannot be answered, so it is shown and recorded. */
async function approveBySignal(context: ApprovalContext, inputs: readonly unknown[]): Promise<void> {
  const { claimed, code, problem, reason } = parseDecisionSignal(inputs);
  if (problem !== null) {
    await refuseSignal(context, claimed === '' ? problem : `${problem} (claims to be ${claimed})`);
    return;
  }
  await opened(context);
  try {
    const occasion = `signal/${uuid4()}`;
    await writeDecision(context, { claim: null, code, reason, seen: '', verdict: 'approve', occasion });
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
    problemOfWho(approvalId, standing, input) ??
    (standing === null ? null : problemOf(standing, verdict, input));
  if (problem !== null) throw refusalFor({ approvalId }, verdict, problem);
}

function refusalFor(
  { approvalId }: Pick<ApprovalContext, 'approvalId'>,
  verdict: Verdict,
  problem: string,
  more: { readonly isRecorded?: true } = {},
): ApplicationFailure {
  const details = { action: verdict === 'approve' ? 'Approval' : 'Denial', approvalId, problem, ...more };
  return ApplicationFailure.nonRetryable(`${verdict} refused: ${problem}`, 'APPROVAL_REFUSED', details);
}

function mustBeContent({ approvalId }: ApprovalContext, renewal: ApprovalAsk | null): void {
  if (renewal !== null && typeof renewal === 'object') return;
  const details = { action: 'Renewal', approvalId, problem: 'it says nothing' };
  throw ApplicationFailure.nonRetryable('renewal refused: it says nothing', 'APPROVAL_REFUSED', details);
}

/**
 * As far as it can be seen here: who it is has not been looked at. Who is excluded is refused by who looks, and writes down who it was. Whose a link
 * is, and so whether it decides or is sent again because its answer was lost, is known there alone.
 */
function problemOf({ record }: ApprovalStanding, verdict: Verdict, input: DecisionInput): string | null {
  const { claim = null, seen } = input as Pick<DecisionInput, 'seen'> & Partial<DecisionInput>;
  if (claim === null) return problemOfSeen(record, seen);
  const asked = { ...record, excluded: {} };
  return problemOfDecision(asked, { principal: claim.actor, verdict, seen, authorities: null }, null);
}

/** What can be seen of who sent it; of the holder of a link nothing. */
function problemOfWho(
  approvalId: string,
  standing: ApprovalStanding | null,
  { claim = null }: Partial<Pick<DecisionInput, 'claim'>>,
): string | null {
  if (claim === null) return null;
  const environment = standing?.record.environment ?? null;
  return problemOfClaim(claim, { environment, action: 'approval.decide', resource: resourceOfApproval(approvalId) });
}

/** Any client may send an update of any shape. */
function problemOfInput(input: unknown): string | null {
  const { claim = null, code, ...given } = objectOf(input);
  const { actor } = objectOf(claim);
  const isBy = claim === null ? typeof code === 'string' : typeof actor === 'string' && actor !== '';
  if (!isBy) return 'nobody claims it, and no link came with it';
  if (typeof given.reason !== 'string') return 'its reason is no text (it may be empty)';
  return typeof given.seen === 'string' ? null : 'it does not say which content was seen';
}

function statusOf({ leftRound, refusals, standing }: ApprovalContext): ApprovalStatus {
  const isLeft = leftRound !== null && leftRound === standing?.record.round;
  return { record: standing?.record ?? null, isLeft, refusals };
}
