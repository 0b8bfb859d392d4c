import { FRAMEWORKS } from '../../../domain/governance/recorded-event.ts';
import type { CommandSpec } from '../command.ts';

/** Verbs of `mlops audit`. */
export const AUDIT_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'audit query',
    summary: 'find events of the ledger, newest first; -o jsonl streams all that there are',
    options: [
      {
        flags: '--type <type>',
        description:
          'of this type, of all that begin so, or of a category: rollout.weight-set, rollout., security_event',
      },
      { flags: '--category <category>', description: 'of this kind, e.g. model_deployment, security_event' },
      { flags: '--actor <who>', description: 'by this principal: its id, or a name' },
      { flags: '--resource <name>', description: 'about this, or about all below: rollout/dev/rag_api, rollout/dev/' },
      {
        flags: '--since <time>',
        description: 'recorded at this day or time, or later: 2026-11-23, 2026-11-23T10:00:00Z',
      },
      { flags: '--until <time>', description: 'recorded before this time' },
      { flags: '--risk <level>', description: 'at least this grave: low, medium, high, critical' },
      { flags: '--framework <name>', description: `evidence for this framework: ${FRAMEWORKS.join(', ')}` },
      { flags: '--text <words>', description: 'with all of these words; may be repeated', repeatable: true },
      { flags: '--limit <n>', description: 'at most so many (default 50; -o jsonl: all)' },
      { flags: '--after <sequence>', description: 'go on after this event' },
      { flags: '--oldest-first', description: 'in the order of the log' },
    ],
    examples: ['mlops audit query --resource rollout/dev/rag_api', 'mlops audit query --risk high -o jsonl'],
    load: () => import('../commands/audit/query.ts'),
  },
  {
    name: 'audit event',
    summary: 'one event, with the proof that it is in the log',
    arguments: [{ name: '<sequence>', description: 'its place in the log' }],
    options: [{ flags: '--payload', description: 'show its payload too; that is an event itself' }],
    examples: ['mlops audit event 17'],
    load: () => import('../commands/audit/event.ts'),
  },
  {
    name: 'audit export',
    summary: 'write the ledger as a file that anybody can verify without us; an export is an event itself',
    options: [
      { flags: '--out <file>', description: 'where to (default: standard output)' },
      { flags: '--from <sequence>', description: 'from this event on: a selection, each event with its proof' },
      { flags: '--to <sequence>', description: 'to this event, included' },
      { flags: '--type <type>', description: 'of this type, or of all that begin so: rollout.' },
      { flags: '--payloads', description: 'show the payloads that were not erased' },
    ],
    examples: ['mlops audit export --out ledger.jsonl'],
    load: () => import('../commands/audit/export.ts'),
  },
  {
    name: 'audit prove',
    summary:
      'prove that the checkpoint of an export continues one that was kept: `audit verify` takes it for a selection',
    options: [
      {
        flags: '--checkpoint <file>',
        description: 'the earlier checkpoint, or an export that holds it',
        required: true,
      },
      { flags: '--file <file>', description: 'the export, or its checkpoint', required: true },
      { flags: '--out <file>', description: 'where to (default: standard output)' },
    ],
    examples: ['mlops audit prove --checkpoint kept.note --file selection.jsonl --out proof.json'],
    load: () => import('../commands/audit/prove.ts'),
  },
  {
    name: 'audit verify',
    summary: 'check an export of the ledger: with no server, and nothing but the file and the keys you trust',
    options: [
      {
        flags: '--file <file>',
        description: 'the export, or a folder of segments; - reads standard input',
        required: true,
      },
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
      {
        flags: '--proof <file>',
        description: 'a proof of that for a selection, as `audit prove` writes it; may be repeated',
        repeatable: true,
      },
    ],
    examples: ['mlops audit verify --file ledger.jsonl --keys trusted-keys'],
    load: () => import('../commands/audit/verify.ts'),
  },
];
