import { MlopsError } from '../../../domain/errors.ts';
import { ownValue } from '../../../domain/own-value.ts';
import type { CommandRun, CommandSpec } from '../command.ts';
import { optionsOf } from '../common-options.ts';

type Catalog = readonly CommandSpec[];

/** `mlops completion <shell>`: a script for the shell, made from the catalog. */
export const run: CommandRun = async ({ catalog }, input) => {
  const [shell = ''] = input.args;
  const render = ownValue({ bash: renderBash, zsh: renderZsh, fish: renderFish }, shell);
  if (render === undefined)
    throw new MlopsError('USAGE_INVALID', {
      problem: `Shell is not known: ${shell}, wanted bash, zsh or fish`,
      hint: 'source <(mlops completion bash)',
    });
  return await Promise.resolve({ exitCode: 0, text: render(catalog) });
};

/** Words that may follow `mlops`, and after a noun. */
function wordsAfter(catalog: Catalog, prefix: string): string[] {
  const at = prefix === '' ? 0 : prefix.split(' ').length;
  const fitting = catalog.filter(({ name }) => prefix === '' || name.startsWith(`${prefix} `));
  return [...new Set(fitting.map(({ name }) => name.split(' ')[at] ?? ''))].filter((word) => word !== '');
}

function flagsOf(spec: CommandSpec): string[] {
  return optionsOf(spec).flatMap(({ flags }) => flags.match(/--[a-z-]+/g) ?? []);
}

function nouns(catalog: Catalog): string[] {
  return [...new Set(catalog.filter(({ name }) => name.includes(' ')).map(({ name }) => name.split(' ')[0] ?? ''))];
}

function renderBash(catalog: Catalog): string {
  const cases = catalog.map((spec) => `    "${spec.name}") words="${flagsOf(spec).join(' ')}" ;;`);
  const nounCases = nouns(catalog).map((noun) => `    "${noun}") words="${wordsAfter(catalog, noun).join(' ')}" ;;`);
  return [
    '_mlops() {',
    '  local words="" verb="${COMP_WORDS[1]}" pair="${COMP_WORDS[1]} ${COMP_WORDS[2]}" current="${COMP_WORDS[COMP_CWORD]}"',
    `  if [ "$COMP_CWORD" -eq 1 ]; then words="${wordsAfter(catalog, '').join(' ')}"; fi`,
    '  if [ "$COMP_CWORD" -eq 2 ]; then case "$verb" in',
    ...nounCases,
    '  esac; fi',
    '  if [ -z "$words" ]; then case "$pair" in',
    ...cases.filter((line) => /"[a-z]+ [a-z]+"\)/.test(line)),
    '  esac; fi',
    '  if [ -z "$words" ]; then case "$verb" in',
    ...cases.filter((line) => !/"[a-z]+ [a-z]+"\)/.test(line)),
    '  esac; fi',
    '  COMPREPLY=($(compgen -W "$words" -- "$current"))',
    '}',
    'complete -F _mlops mlops',
  ].join('\n');
}

function renderZsh(catalog: Catalog): string {
  return ['autoload -U +X bashcompinit && bashcompinit', renderBash(catalog)].join('\n');
}

function renderFish(catalog: Catalog): string {
  const top = wordsAfter(catalog, '').map((word) => `complete -c mlops -n __fish_use_subcommand -f -a ${word}`);
  const verbs = nouns(catalog).flatMap((noun) =>
    wordsAfter(catalog, noun).map((verb) => `complete -c mlops -n "__fish_seen_subcommand_from ${noun}" -f -a ${verb}`),
  );
  return [...top, ...verbs].join('\n');
}
