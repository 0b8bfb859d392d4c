import { createGovernanceVerbs, type GovernanceVerbs } from '../governance/governance-verbs.ts';
import type { CommandContext } from './command.ts';

/** The verbs of governance for a command. */
export function governanceVerbsOf(context: CommandContext): GovernanceVerbs {
  return createGovernanceVerbs({ ...context.composition, config: async () => await context.config() });
}
