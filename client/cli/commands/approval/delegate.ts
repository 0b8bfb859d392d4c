import { createApprovalVerbs } from '../../../approvals/approval-verbs.ts';
import { MlopsError } from '../../../../domain/errors.ts';
import { problemOfDelegation } from '../../../../domain/registry/approval/quorum.ts';
import type { CommandRun } from '../../command.ts';
import { parseDuration } from '../../duration.ts';
import { textOption } from '../../rollout/options.ts';

/** `mlops approval delegate`: lets somebody else decide for a time, or takes that back. */
export const run: CommandRun = async (context, input) => {
  const to = input.args[0] ?? '';
  if (to === '')
    throw new MlopsError('USAGE_INVALID', {
      problem: 'Nobody is named who is to decide instead',
      hint: 'For example `mlops approval delegate ada --for 3d`',
    });
  const forSeconds = parseDuration(textOption(input, 'for', '3d')) / 1000;
  const problem = problemOfDelegation(forSeconds);
  if (problem !== null) throw new MlopsError('DELEGATION_INVALID', { problem });
  const approvals = createApprovalVerbs(context.composition);
  const reason = textOption(input, 'reason');
  if (input.options['revoke'] === true) {
    if (input.dryRun)
      return {
        exitCode: 0,
        data: { dryRun: true, to },
        text: `Nothing is changed. This would take back what was handed to ${to}`,
      };
    const revoked = await approvals.undelegate({ to, reason });
    return {
      exitCode: 0,
      data: { to, revoked },
      text:
        revoked === 0
          ? `Nothing was handed to ${to}`
          : `Taken back from ${to}: ${revoked} delegation${revoked === 1 ? '' : 's'}`,
    };
  }
  const approvalId = textOption(input, 'approval') || null;
  const what = approvalId === null ? 'every approval' : `approval ${approvalId}`;
  if (input.dryRun)
    return {
      exitCode: 0,
      data: { dryRun: true, to, approvalId, forSeconds },
      text: `Nothing is changed. This would let ${to} decide about ${what} on your behalf for ${forSeconds} s`,
    };
  const about = approvalId === null ? {} : { approvalId };
  const delegated = await approvals.delegate({ to, ...about, forSeconds, reason });
  context.say(`Undo with: mlops approval delegate "${to}" --revoke`);
  return {
    exitCode: 0,
    data: { ...delegated, approvalId },
    text: `Delegated: ${to} may decide about ${what} on your behalf until ${delegated.until}; your right still counts once`,
  };
};
