// Asks people for an approval and sees to what follows from it.
// Id: approval/<approval id>. Messages: updates approve, deny, renew, opened; signal approve; query status.
// Everything that counts is in the database before it is answered or takes effect: the workflow waits, wakes people and carries out.
// It ends denied, expired, voided or carried out.
import { allHandlersFinished, condition, continueAsNew, patched, workflowInfo } from '@temporalio/workflow';
import {
  isFinal,
  type ApprovalAsk,
  type ApprovalStanding,
  type ApprovalState,
} from '../domain/registry/approval/request.ts';
import { carryOut } from './approval/carry-out.ts';
import { openContext, takeStanding, type ApprovalContext, type CarriedApproval } from './approval/context.ts';
import { registerHandlers } from './approval/handlers.ts';
import { refreshPanel } from './approval/panel.ts';
import { openRequest, waitUntilDue } from './approval/stages.ts';
import { assertOwnMemory } from './own-memory.ts';
import { tellRollout } from './approval/tell-rollout.ts';

/** What an approval is started with; `carried` is set by itself when it continues as new. */
export interface ApprovalInput {
  readonly approvalId: string;
  /** Null takes up a request that is written already: its workflow was terminated. */
  readonly order: ApprovalAsk | null;
  readonly carried?: CarriedApproval;
}

/** How it ended. */
export interface ApprovalResult {
  readonly approvalId: string;
  readonly state: ApprovalState;
  readonly round: number;
}

export async function approval(input: ApprovalInput): Promise<ApprovalResult> {
  assertOwnMemory(input, { code: 'APPROVAL_REFUSED', what: 'an approval is started with its order' });
  const context = openContext(input);
  registerHandlers(context);
  let standing = context.standing ?? takeStanding(context, await openRequest(context, input.order));
  for (; !isFinal(standing.record.state); standing = context.standing ?? standing) {
    if (workflowInfo().continueAsNewSuggested) await carryOn(context, input);
    if (standing.record.state === 'approved' && !isLeft(context, standing)) await carryOut(context, standing);
    else await waitUntilDue(context, standing);
  }
  refreshPanel(context, standing);
  await tellRollout(standing.record);
  await condition(allHandlersFinished);
  const { round, state } = standing.record;
  return { approvalId: input.approvalId, state, round };
}

/** Whether it is left to who asked. What could not be done with the content of an earlier round may be done with this one. */
function isLeft({ leftRound }: ApprovalContext, { record }: ApprovalStanding): boolean {
  if (leftRound === null || leftRound === record.round) return leftRound !== null;
  return !patched('every-round-is-carried-out');
}

/** Messages that came are done with before: none is left behind. */
async function carryOn(context: ApprovalContext, input: ApprovalInput): Promise<never> {
  await condition(allHandlersFinished);
  const { refusals, standing } = context;
  return await continueAsNew<typeof approval>({
    ...input,
    ...(standing === null ? {} : { carried: { isLeft: isLeft(context, standing), refusals, standing } }),
  });
}
