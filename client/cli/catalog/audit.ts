import type { CommandSpec } from '../command.ts';

/** Verbs of `mlops audit`. */
export const AUDIT_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'audit verify',
    summary: 'check an export of the ledger: with no server, and nothing but the file and the keys you trust',
    options: [
      { flags: '--file <file>', description: 'the export; - reads standard input', required: true },
      { flags: '--key <key>', description: 'a verifier key you trust; may be repeated', repeatable: true },
      {
        flags: '--keys <file>',
        description: 'a file of verifier keys (default: trusted-keys in AUDIT_STORAGE_PATH, where it is there)',
        repeatable: true,
      },
      {
        flags: '--checkpoint <file>',
        description: 'an earlier checkpoint, or an export that holds it, which the file must continue; may be repeated',
        repeatable: true,
      },
    ],
    examples: ['mlops audit verify --file ledger.jsonl --keys trusted-keys'],
    load: () => import('../commands/audit/verify.ts'),
  },
];
