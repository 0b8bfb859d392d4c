import { Command, Option } from 'commander';
import { CATALOG, NOT_THERE_YET } from './catalog.ts';
import type { CommandSpec, OptionSpec } from './command.ts';
import { optionsOf } from './common-options.ts';

/** Called with the verb that was chosen and what was given to it. */
export type Chosen = (spec: CommandSpec, args: readonly string[], options: Record<string, unknown>) => Promise<void>;

/** Headings of `mlops --help`. */
const GROUPS: Readonly<Record<string, string>> = {
  rollout: 'Rollouts:',
  rollback: 'Rollouts:',
  model: 'Registry:',
  benchmark: 'Rollouts:',
  worker: 'Single parts, in the foreground:',
  api: 'Single parts, in the foreground:',
  gateway: 'Single parts, in the foreground:',
  config: 'More:',
  completion: 'More:',
};
const NOUN_SUMMARIES: Readonly<Record<string, string>> = {
  rollout: `roll versions out, judged: ${verbsOf('rollout')}`,
  model: `versions of models, their stages and lineage: ${verbsOf('model')}`,
  config: 'configuration',
  benchmark: 'measure a service',
};

/** The command line as commander knows it, built from the catalog. */
export function createProgram(version: string, chosen: Chosen): Command {
  const program = new Command('mlops')
    .description('Canary rollouts judged by evidence, as durable workflows')
    .version(version)
    .showSuggestionAfterError(true)
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('Try: mlops --help')
    .exitOverride();
  const nouns = new Map<string, Command>();
  for (const spec of CATALOG) {
    const [first = '', second] = spec.name.split(' ');
    if (second === undefined) addCommand(program, first, spec, chosen);
    else addCommand(nounOf(program, nouns, first), second, spec, chosen);
  }
  for (const command of program.commands) command.helpGroup(GROUPS[command.name()] ?? 'The local stack:');
  program.addHelpCommand(
    new Command('help').argument('[command]').description('what a command does').helpGroup('More:'),
  );
  for (const { noun, arrives } of NOT_THERE_YET) {
    program
      .command(noun, { hidden: true })
      .description(`not there yet: arrives with ${arrives}`)
      .allowUnknownOption()
      .argument('[words...]')
      .action(() => {
        program.error(`error: \`mlops ${noun}\` is not there yet: it arrives with ${arrives}`, { exitCode: 2 });
      });
  }
  program.addHelpText(
    'after',
    `\nNot there yet: ${NOT_THERE_YET.map(({ noun }) => noun).join(', ')}.\nSee it work: mlops demo. Your own service: docs/how-to/first-rollout.md. Exit codes: docs/reference/cli.md`,
  );
  return program;
}

function verbsOf(noun: string): string {
  return CATALOG.flatMap(({ name }) => (name.startsWith(`${noun} `) ? [name.slice(noun.length + 1)] : [])).join(', ');
}

function nounOf(program: Command, nouns: Map<string, Command>, name: string): Command {
  const known = nouns.get(name);
  if (known !== undefined) return known;
  const noun = program
    .command(name)
    .description(NOUN_SUMMARIES[name] ?? name)
    .showSuggestionAfterError(true)
    .showHelpAfterError(`Try: mlops ${name} --help`)
    .exitOverride();
  nouns.set(name, noun);
  return noun;
}

function addCommand(parent: Command, name: string, spec: CommandSpec, chosen: Chosen): void {
  const command = parent
    .command(name)
    .description(spec.summary)
    .showHelpAfterError(`Try: mlops ${spec.name} --help`)
    .exitOverride();
  for (const { name: argument, description } of spec.arguments ?? []) command.argument(argument, description);
  for (const option of optionsOf(spec)) command.addOption(toOption(option));
  if (spec.examples !== undefined)
    command.addHelpText('after', `\nExamples:\n${spec.examples.map((example) => `  ${example}`).join('\n')}`);
  command.action(async () => {
    await chosen(spec, command.args, command.opts());
  });
}

function toOption(spec: OptionSpec): Option {
  const option = new Option(spec.flags, spec.description);
  if (spec.choices !== undefined) option.choices([...spec.choices]);
  if (spec.default !== undefined) option.default(spec.default);
  if (spec.required === true) option.makeOptionMandatory();
  if (spec.repeatable === true)
    option.argParser((value: string, before: string[] | undefined) => [...(before ?? []), value]);
  return option;
}
