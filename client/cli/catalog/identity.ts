import type { CommandSpec } from '../command.ts';

const REASON = { flags: '--reason <text>', description: 'why; sealed, and in the ledger by a commitment' };
const OUT = {
  flags: '--out <file>',
  description: 'where the private key is written, in a folder that is there (default: in .mlops/identities)',
};
const NAME = { name: '<name>', description: 'how people call it; a principal id is taken as well' };

/** Verbs of `mlops identity`. */
export const IDENTITY_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'identity create',
    summary: 'make a person or a service known, with a key of its own that signs what it asks for',
    arguments: [{ name: '<name>', description: 'how people call it; erasable' }],
    options: [
      { flags: '--role <role>', description: 'what it may do (docs/reference/roles.md); repeatable', repeatable: true },
      { flags: '--service', description: 'it is a program, for example a CI job; it has no role that decides' },
      OUT,
      REASON,
    ],
    examples: [
      'mlops identity create ada --role engineer --role viewer',
      'mlops identity create ci --service --role engineer --out ci-identity.json',
    ],
    changes: true,
    load: () => import('../commands/identity/create.ts'),
  },
  {
    name: 'identity list',
    summary: 'show who is known, with roles and keys in force',
    examples: ['mlops identity list', 'mlops identity list -o json'],
    load: () => import('../commands/identity/list.ts'),
  },
  {
    name: 'identity grant',
    summary: 'give somebody roles',
    arguments: [
      NAME,
      { name: '<roles...>', description: 'viewer, engineer, reviewer, approver, operator, auditor, admin' },
    ],
    options: [REASON],
    examples: ['mlops identity grant ada approver --reason "on call from May"'],
    changes: true,
    load: () => import('../commands/identity/grant.ts'),
  },
  {
    name: 'identity revoke',
    summary: 'take a role away, or without a role every role and key; at once',
    arguments: [NAME, { name: '[role]', description: 'only this role' }],
    options: [REASON],
    examples: ['mlops identity revoke ada approver', 'mlops identity revoke ada --reason "left the company"'],
    changes: true,
    load: () => import('../commands/identity/revoke.ts'),
  },
  {
    name: 'identity rotate',
    summary: 'replace the key of an identity; the earlier one counts no more. Everybody may replace their own',
    arguments: [NAME],
    options: [OUT, REASON],
    examples: ['mlops identity rotate ada'],
    changes: true,
    load: () => import('../commands/identity/rotate.ts'),
  },
];
