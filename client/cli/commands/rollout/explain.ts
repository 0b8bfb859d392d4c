import { explanationOf } from '../../../rollouts/rollout-verbs.ts';
import type { CommandRun } from '../../command.ts';
import { exitCodeOfStatus } from '../../rollout/exit-codes.ts';
import { modelOf } from '../../rollout/options.ts';

/** `mlops rollout explain`: why it stands where it stands, and what would change that. */
export const run: CommandRun = async (context, input) => {
  const status = await (await context.composition.rollouts()).status(await modelOf(context, input));
  const data = explanationOf(status);
  return { exitCode: exitCodeOfStatus(status), data, text: data.explanation.join('\n') };
};
