import type { CommandSpec } from '../command.ts';

const ID = { name: '<approval-id>', description: 'as `mlops approval list` shows it' };
const DECISION_OPTIONS = [
  { flags: '--reason <text>', description: 'why; kept in the ledger, sealed' },
  { flags: '--seen <digest>', description: 'the content that was seen; refused when it is another by now' },
];

/** Verbs of `mlops approval`. */
export const APPROVAL_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'approval list',
    summary: 'what waits for an approval: who is asked, how many are missing, until when',
    options: [
      { flags: '--all', description: 'those that ended too' },
      { flags: '--limit <n>', description: 'at most so many, 1 to 100', default: '100' },
      { flags: '--after <approval-id>', description: 'go on after this one' },
    ],
    examples: ['mlops approval list', 'mlops approval list --all -o json'],
    load: () => import('../commands/approval/list.ts'),
  },
  {
    name: 'approval show',
    summary:
      'one approval: what is asked, for which content, the evidence, who has decided; exit 6 while it waits, 3 when it was denied',
    arguments: [ID],
    options: [{ flags: '--link', description: 'make a one-time link, to decide as yourself on another device' }],
    examples: ['mlops approval show apr-3f1c9a0b72de'],
    load: () => import('../commands/approval/show.ts'),
  },
  {
    name: 'approval approve',
    summary: 'approve; exit 0 when it is approved now, 6 when others have to approve too, 4 when you may not',
    arguments: [ID],
    options: DECISION_OPTIONS,
    examples: ['mlops approval approve apr-3f1c9a0b72de --reason "figures checked"'],
    changes: true,
    load: () => import('../commands/approval/approve.ts'),
  },
  {
    name: 'approval deny',
    summary: 'deny, and say why: one denial ends it',
    arguments: [ID],
    options: DECISION_OPTIONS,
    examples: ['mlops approval deny apr-3f1c9a0b72de --reason "recall is worse"'],
    changes: true,
    load: () => import('../commands/approval/deny.ts'),
  },
  {
    name: 'approval delegate',
    summary: 'let somebody else decide on your behalf for a time; nobody can hand it on further',
    arguments: [{ name: '<principal>', description: 'a name, or a principal id' }],
    options: [
      { flags: '--for <duration>', description: 'how long (12h, 3d), at most 90d', default: '3d' },
      { flags: '--approval <id>', description: 'about this approval only' },
      { flags: '--revoke', description: 'take it back' },
      { flags: '--reason <text>', description: 'why; kept in the ledger, sealed' },
    ],
    examples: ['mlops approval delegate ada --for 3d --reason vacation', 'mlops approval delegate ada --revoke'],
    changes: true,
    load: () => import('../commands/approval/delegate.ts'),
  },
];
