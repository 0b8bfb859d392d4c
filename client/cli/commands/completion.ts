import { MlopsError } from '../../../domain/errors.ts';
import { CATALOG } from '../catalog.ts';
import type { CommandRun, CommandSpec } from '../command.ts';
import { optionsOf } from '../program.ts';

/** `mlops completion <shell>`: a script for the shell, made from the catalog. */
export const run: CommandRun = async (_context, input) => {
  const [shell = ''] = input.args;
  const render = { bash: renderBash, zsh: renderZsh, fish: renderFish }[shell];
  if (render === undefined)
    throw new MlopsError('USAGE_INVALID', {
      problem: `Shell is not known: ${shell}, wanted bash, zsh or fish`,
      hint: 'source <(mlops completion bash)',
    });
  return await Promise.resolve({ exitCode: 0, text: render() });
};

/** Words that may follow `mlops`, and after a noun. */
function wordsAfter(prefix: string): string[] {
  const at = prefix === '' ? 0 : prefix.split(' ').length;
  const fitting = CATALOG.filter(({ name }) => prefix === '' || name.startsWith(`${prefix} `));
  return [...new Set(fitting.map(({ name }) => name.split(' ')[at] ?? ''))].filter((word) => word !== '');
}

function flagsOf(spec: CommandSpec): string[] {
  return optionsOf(spec).flatMap(({ flags }) => flags.match(/--[a-z-]+/g) ?? []);
}

function nouns(): string[] {
  return [...new Set(CATALOG.filter(({ name }) => name.includes(' ')).map(({ name }) => name.split(' ')[0] ?? ''))];
}

function renderBash(): string {
  const cases = CATALOG.map((spec) => `    "${spec.name}") words="${flagsOf(spec).join(' ')}" ;;`);
  const nounCases = nouns().map((noun) => `    "${noun}") words="${wordsAfter(noun).join(' ')}" ;;`);
  return [
    '_mlops() {',
    '  local words="" verb="${COMP_WORDS[1]}" pair="${COMP_WORDS[1]} ${COMP_WORDS[2]}" current="${COMP_WORDS[COMP_CWORD]}"',
    `  if [ "$COMP_CWORD" -eq 1 ]; then words="${wordsAfter('').join(' ')}"; fi`,
    '  if [ "$COMP_CWORD" -eq 2 ]; then case "$verb" in',
    ...nounCases,
    '  esac; fi',
    '  if [ -z "$words" ]; then case "$pair" in',
    ...cases.filter((line) => /" *"?[a-z]+ [a-z]+"\)/.test(line) || /"[a-z]+ [a-z]+"/.test(line)),
    '  esac; fi',
    '  if [ -z "$words" ]; then case "$verb" in',
    ...cases.filter((line) => !/"[a-z]+ [a-z]+"\)/.test(line)),
    '  esac; fi',
    '  COMPREPLY=($(compgen -W "$words" -- "$current"))',
    '}',
    'complete -F _mlops mlops',
  ].join('\n');
}

function renderZsh(): string {
  return ['autoload -U +X bashcompinit && bashcompinit', renderBash()].join('\n');
}

function renderFish(): string {
  const top = wordsAfter('').map((word) => `complete -c mlops -n __fish_use_subcommand -f -a ${word}`);
  const verbs = nouns().flatMap((noun) =>
    wordsAfter(noun).map((verb) => `complete -c mlops -n "__fish_seen_subcommand_from ${noun}" -f -a ${verb}`),
  );
  return [...top, ...verbs].join('\n');
}
