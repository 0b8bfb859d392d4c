import { MlopsError } from '../../../domain/errors.ts';
import type { Verdict } from '../../../domain/registry/approval/request.ts';
import { createApprovalVerbs } from '../../approvals/approval-verbs.ts';
import type { CommandInput, CommandRun } from '../command.ts';
import { textOption } from '../rollout/options.ts';
import { describeNeed, exitCodeOfApproval } from './render-approval.ts';

/** A command that decides about one approval. */
export function decideCommand(verdict: Verdict): CommandRun {
  return async (context, input) => {
    const approvalId = approvalOf(input);
    const approvals = createApprovalVerbs(context.composition);
    const seen = textOption(input, 'seen');
    const order = { approvalId, reason: reasonOf(input, verdict), ...(seen === '' ? {} : { seen }) };
    if (input.dryRun) {
      const about = await approvals.foresee(verdict, order);
      const content = seen || about.contentDigest;
      return {
        exitCode: 0,
        data: { dryRun: true, approvalId, verdict, seen: content, state: about.state },
        text: `Nothing is changed. This would ${verdict} ${about.kind} of ${about.resource}, content ${content}: ${describeNeed(about)}`,
      };
    }
    const { approval, ...decided } = await approvals[verdict](order);
    context.say(
      `Workflow approval/${approvalId}: ${await context.composition.workflowUrl(`approval/${approvalId}`, null)}`,
    );
    return {
      exitCode: verdict === 'deny' ? 0 : exitCodeOfApproval(approval.state),
      data: { ...decided, approvalId, state: approval.state },
      text: `${verdict}: counted, ${decided.stateBefore} → ${approval.state}; ${describeNeed(approval)}`,
    };
  };
}

/** @throws USAGE_INVALID for a denial without one */
function reasonOf(input: CommandInput, verdict: Verdict): string {
  const reason = textOption(input, 'reason');
  if (verdict === 'approve' || reason.trim() !== '') return reason;
  throw new MlopsError('USAGE_INVALID', {
    problem: '--reason is not given, wanted why it is denied',
    hint: `Say what is wrong: \`mlops approval deny ${approvalOf(input)} --reason "recall is worse"\``,
  });
}

/** The approval that a command is about. @throws USAGE_INVALID */
export function approvalOf({ args: [approvalId] }: CommandInput): string {
  if (approvalId !== undefined && approvalId !== '') return approvalId;
  throw new MlopsError('USAGE_INVALID', {
    problem: 'Approval is not named, wanted its id',
    hint: 'List those that wait with `mlops approval list`',
  });
}
