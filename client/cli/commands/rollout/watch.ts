import type { CommandRun } from '../../command.ts';
import { follow } from '../../rollout/follow.ts';
import { modelOf } from '../../rollout/options.ts';

/** `mlops rollout watch`: shows a rollout until it ends. */
export const run: CommandRun = async (context, input) =>
  follow(context, await context.composition.rollouts(), await modelOf(context, input));
