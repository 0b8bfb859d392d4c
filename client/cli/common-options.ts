import type { CommandSpec, OptionSpec } from './command.ts';

/** A verb's own options and those every verb has. */
export function optionsOf(spec: CommandSpec): OptionSpec[] {
  return [
    ...(spec.options ?? []),
    ...(spec.changes === true ? [{ flags: '--dry-run', description: 'say what would be done, and do nothing' }] : []),
    ...(spec.waits === true
      ? [{ flags: '--timeout <duration>', description: 'stop waiting after this long (30s, 5m, 2h); exit 5' }]
      : []),
    {
      flags: '-o, --output <format>',
      description: 'table, json, jsonl, yaml or md',
      choices: ['table', 'json', 'jsonl', 'yaml', 'md'],
      default: 'table',
    },
    { flags: '--no-color', description: 'plain text' },
    { flags: '--debug', description: 'print stack traces' },
  ];
}
