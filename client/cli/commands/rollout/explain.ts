import { renderExplanation } from '../../../reports/rollout-explanation.ts';
import type { CommandRun } from '../../command.ts';
import { exitCodeOfStatus } from '../../rollout/exit-codes.ts';
import { modelOf } from '../../rollout/options.ts';

/** `mlops rollout explain`: why it stands where it stands, and what would change that. */
export const run: CommandRun = async (context, input) => {
  const status = await (await context.composition.rollouts()).status(await modelOf(context, input));
  const text = renderExplanation(status);
  return {
    exitCode: exitCodeOfStatus(status),
    data: {
      explanation: text.split('\n'),
      phase: status.phase,
      outcome: status.outcome,
      waitingFor: status.waitingFor,
      missing: status.missing,
    },
    text,
  };
};
