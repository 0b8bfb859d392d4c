import { condition, currentUpdateInfo, uuid4, workflowInfo } from '@temporalio/workflow';
import { sourceOf } from '../../domain/governance/act-source.ts';
import type { ApprovalRecord, Verdict } from '../../domain/registry/approval/request.ts';
import type { OpenRequest } from '../../domain/rollout/approval-request.ts';
import { activities as approvals, refusalOf } from '../approval/context.ts';
import type { ActionAccepted, ActionInput, PromoteInput } from '../messages.ts';
import { noteAsked } from './asked.ts';
import type { RolloutContext } from './context.ts';
import { noteStanding, requestToDecide, wakeApproval } from './requests.ts';
import { stopStage } from './stop.ts';

/** Who promotes waits this long for the id of the approval that it needs. */
const ASKED_WITHIN = '8s';

/** What speaks against a decision that comes by the rollout, as far as it can be seen without looking; null when nothing does. */
export function decisionProblem({ run }: RolloutContext, { seen }: ActionInput): string | null {
  const open = requestToDecide(run);
  if (open === null) return 'its approval is being asked for: try again in a moment';
  if (typeof seen !== 'string') return `it does not say which content of approval ${open.approvalId} was seen`;
  return seen === open.contentDigest
    ? null
    : `what was seen (${seen.slice(0, 12)}) is not what approval ${open.approvalId} is for now: look at it again`;
}

/** Decides about the open request, as who signed it: the decision is in the database when this answers. */
export async function decideRequest(
  context: RolloutContext,
  verdict: Verdict,
  input: ActionInput,
): Promise<ActionAccepted> {
  const open = requestToDecide(context.run) as OpenRequest;
  const { approvalId } = open;
  const { actor, statement, ...content } = input;
  const source = sourceOf(input);
  const { runId, workflowId: rolloutId } = workflowInfo();
  const order = {
    approvalId,
    verdict,
    claim: { actor, ...(statement === undefined ? {} : { statement }) },
    code: null,
    reason: input.reason,
    seen: input.seen ?? '',
    occasion: `${rolloutId}/${runId}/${currentUpdateInfo()?.id ?? uuid4()}`,
    rollout: { rolloutId, content },
    ...source,
  };
  const { record } = await approvals.decideApproval
    .executeWithOptions({ summary: `${verdict} ${approvalId} by ${actor}` }, [order])
    .catch((error: unknown) => {
      throw refusalOf(error);
    });
  const answer = answerOf(context, verdict, record);
  const isDenied = record.state === 'denied';
  const detail = `${verdict}: ${answer.what}${input.reason === '' ? '' : ` (${input.reason})`}`;
  noteAsked(context, {
    event: isDenied ? 'deny' : 'decided',
    actor,
    detail,
    facts: { approvalId, verdict },
    ...source,
  });
  if (isDenied) obey(context, open, input);
  context.isDecided = true;
  context.woken = true;
  await wakeApproval(approvalId);
  return answer;
}

/** A denial is obeyed at once, whatever is under way. */
function obey(context: RolloutContext, open: OpenRequest, input: ActionInput): void {
  const { actor, reason } = input;
  const { run } = context;
  run.requests = run.requests?.filter((one) => one !== open) ?? [];
  run.denial = { actor, reason: `${reason || 'no reason given'} (approval ${open.approvalId})`, ...sourceOf(input) };
  stopStage(context);
}

function answerOf(context: RolloutContext, verdict: Verdict, record: ApprovalRecord): ActionAccepted {
  const { approvalId, quorum, state } = record;
  noteStanding(context, record);
  const missing = context.run.requests?.find((one) => one.approvalId === approvalId)?.missing ?? 0;
  if (verdict === 'deny') return { accepted: true, what: `approval ${approvalId} is ${state}: rolls back` };
  if (state !== 'pending') return { accepted: true, what: `approval ${approvalId} is ${state}` };
  const what = `approval ${approvalId}: ${missing} more of ${quorum} wanted`;
  return { accepted: true, what, awaiting: { approvalId, missing } };
}

/** A promotion that leaves something out waits for its approval. */
export async function askToSkip(
  context: RolloutContext,
  input: PromoteInput,
  skipped: readonly string[],
): Promise<ActionAccepted> {
  const { run } = context;
  const { actor, full, reason } = input;
  const source = sourceOf(input);
  run.skip = { actor, full, reason, skipped, stage: run.stage, stepIndex: run.stepIndex, ...source };
  const isOpen = () => run.requests?.find(({ about }) => about === 'skip');
  noteAsked(context, { event: 'promote', actor, detail: `asks to skip: ${skipped.join('; ')}`, ...source });
  context.woken = true;
  await condition(() => isOpen() !== undefined || context.ending !== null || (run.skip ?? null) === null, ASKED_WITHIN);
  const open = isOpen();
  const words = open === undefined ? 'an approval that is being asked for' : `approval ${open.approvalId}`;
  return {
    accepted: true,
    what: `waits for ${words}, for it skips: ${skipped.join('; ')}`,
    awaiting: { approvalId: open?.approvalId ?? null, missing: open?.missing ?? null },
  };
}
