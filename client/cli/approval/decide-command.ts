import { MlopsError } from '../../../domain/errors.ts';
import { problemOfDecision } from '../../../domain/registry/approval/quorum.ts';
import { decisionContent, resourceOfApproval, type Verdict } from '../../../domain/registry/approval/request.ts';
import type { CommandInput, CommandRun } from '../command.ts';
import { textOption } from '../rollout/options.ts';
import { readApproval } from './read-approval.ts';
import { describeNeed, exitCodeOfApproval } from './render-approval.ts';

/** A command that decides about one approval. */
export function decideCommand(verdict: Verdict): CommandRun {
  return async (context, input) => {
    const approvalId = approvalOf(input);
    const approvals = await context.composition.approvals();
    const who = await context.composition.identity();
    const before = await readApproval(context, approvals, approvalId);
    const seen = textOption(input, 'seen') || before.contentDigest;
    if (input.dryRun) {
      const problem = problemOfDecision(before, { principal: who.actor, verdict, seen, authorities: null }, Date.now());
      if (problem !== null) throw new MlopsError('APPROVAL_REFUSED', { action: titleOf(verdict), approvalId, problem });
      return {
        exitCode: 0,
        data: { dryRun: true, approvalId, verdict, seen, state: before.state },
        text: `Nothing is changed. This would ${verdict} ${before.kind} of ${before.resource}, content ${seen}: ${describeNeed(before)}`,
      };
    }
    const order = { reason: textOption(input, 'reason'), seen };
    const content = decisionContent(verdict, order);
    const claim = who.claim({ action: 'approval.decide', resource: resourceOfApproval(approvalId), content });
    const answer = await approvals.decide({ approvalId, verdict, ...order, claim });
    const after = await readApproval(context, approvals, approvalId);
    context.say(
      `Workflow approval/${approvalId}: ${await context.composition.workflowUrl(`approval/${approvalId}`, null)}`,
    );
    return {
      exitCode: verdict === 'deny' ? 0 : exitCodeOfApproval(after.state),
      data: { ...answer, approvalId, verdict, seen, stateBefore: before.state, state: after.state },
      text: `${verdict}: counted, ${before.state} → ${after.state}; ${describeNeed(after)}`,
    };
  };
}

/** The approval that a command is about. @throws USAGE_INVALID */
export function approvalOf({ args: [approvalId] }: CommandInput): string {
  if (approvalId !== undefined && approvalId !== '') return approvalId;
  throw new MlopsError('USAGE_INVALID', {
    problem: 'Approval is not named, wanted its id',
    hint: 'List those that wait with `mlops approval list`',
  });
}

function titleOf(verdict: Verdict): string {
  return verdict === 'approve' ? 'Approval' : 'Denial';
}
