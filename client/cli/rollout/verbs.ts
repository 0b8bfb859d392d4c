import { createRolloutVerbs, type RolloutVerbs } from '../../rollouts/rollout-verbs.ts';
import type { CommandContext } from '../command.ts';

/** The verbs of rollouts for a command. */
export function rolloutVerbsOf(context: CommandContext): RolloutVerbs {
  return createRolloutVerbs({
    ...context.composition,
    config: async () => await context.config(),
    warn: context.say,
    workingDirectory: context.workingDirectory,
  });
}
