import type { CommandSpec } from '../command.ts';

const REASON = { flags: '--reason <text>', description: 'why; sealed, and in the ledger by a commitment' };

/** Verbs of `mlops governance`. */
export const GOVERNANCE_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'governance erase',
    summary: 'destroy the key that sealed all personal data and words of a person, or about a thing, for good',
    arguments: [{ name: '<subject>', description: 'a name, a principal id, or a thing: rollout/dev/rag_api' }],
    options: [
      REASON,
      { flags: '--confirm <subject>', description: 'in production: names the subject again, for it cannot be undone' },
      { flags: '--yes', description: 'do not ask' },
    ],
    examples: ['mlops governance erase ada --reason "request of 3 May" --dry-run'],
    changes: true,
    load: () => import('../commands/governance/erase.ts'),
  },
  {
    name: 'governance hold',
    summary: 'forbid the erasure of a subject until the hold is released; without a subject, list the holds in force',
    arguments: [{ name: '[subject]', description: 'a name, a principal id, or a thing and all below it: rollout/dev' }],
    options: [
      { flags: '--case <number>', description: 'the case that it is held for; each has a hold of its own' },
      { flags: '--release', description: 'end the hold' },
      REASON,
    ],
    examples: [
      'mlops governance hold rollout/dev/rag_api --case 2026-17 --reason "court order"',
      'mlops governance hold',
    ],
    changes: true,
    load: () => import('../commands/governance/hold.ts'),
  },
  {
    name: 'governance rotate',
    summary: 'put a new key to use: one that wraps the keys of payloads, or one that signs checkpoints',
    options: [
      {
        flags: '--add-only',
        description: 'only make the key, to be copied to the other machines of workers before it is used',
      },
      {
        flags: '--checkpoint-key',
        description: 'a key that signs checkpoints, beside the one in use until that is retired',
      },
      { flags: '--retire', description: 'with --checkpoint-key: end the older one; what it signed verifies for ever' },
      REASON,
    ],
    examples: [
      'mlops governance rotate --add-only',
      'mlops governance rotate --reason yearly',
      'mlops governance rotate --checkpoint-key --reason yearly',
      'mlops governance rotate --checkpoint-key --retire --reason yearly',
    ],
    changes: true,
    load: () => import('../commands/governance/rotate.ts'),
  },
  {
    name: 'governance watch',
    summary: 'show how the watch over who does what stands and the alarms that it raised, or acknowledge one',
    options: [
      {
        flags: '--acknowledge <event>',
        description: 'say that you have looked into the alarm of this event, with --reason',
      },
      REASON,
    ],
    examples: [
      'mlops governance watch',
      'mlops governance watch --acknowledge 4711 --reason "she is on call this week"',
      'mlops audit query --type security_event',
    ],
    changes: true,
    load: () => import('../commands/governance/watch.ts'),
  },
];
