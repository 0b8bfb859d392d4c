import { APPROVAL_COMMANDS } from './catalog/approval.ts';
import { AUDIT_COMMANDS } from './catalog/audit.ts';
import { GOVERNANCE_COMMANDS } from './catalog/governance.ts';
import { IDENTITY_COMMANDS } from './catalog/identity.ts';
import { MODEL_COMMANDS } from './catalog/model.ts';
import { ROLLOUT_COMMANDS } from './catalog/rollout.ts';
import { STACK_COMMANDS } from './catalog/stack.ts';
import type { CommandSpec } from './command.ts';

/** Every verb there is, as plain data. */
export const CATALOG: readonly CommandSpec[] = [
  ...STACK_COMMANDS,
  ...ROLLOUT_COMMANDS,
  ...MODEL_COMMANDS,
  ...APPROVAL_COMMANDS,
  ...AUDIT_COMMANDS,
  ...GOVERNANCE_COMMANDS,
  ...IDENTITY_COMMANDS,
];

/** Nouns of the contract whose verbs are not there yet; asking for one says so and exits with 2. */
export const NOT_THERE_YET: readonly { readonly noun: string; readonly arrives: string }[] = [
  { noun: 'drift', arrives: 'drift detection' },
  { noun: 'pipeline', arrives: 'pipelines' },
];
