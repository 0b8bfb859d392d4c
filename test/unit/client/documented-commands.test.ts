import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { CATALOG, NOT_THERE_YET } from '../../../client/cli/catalog.ts';
import { createProgram } from '../../../client/cli/program.ts';
import { ERRORS } from '../../../domain/errors.ts';

const ROOT = join(import.meta.dirname, '../../..');

/** Every page that a reader may copy a command from. */
const PAGES = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'examples/rag-service/README.md']
  .filter((file) => existsSync(join(ROOT, file)))
  .concat(
    readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.md'))
      .map((file) => `docs/${file}`),
  );
const TEXT_OF: Record<string, string> = {
  ...Object.fromEntries(PAGES.map((page) => [page, readFileSync(join(ROOT, page), 'utf8')])),
  'remedies of errors': Object.values(ERRORS)
    .map(({ remedy }) => remedy)
    .join('\n'),
  'examples of commands': CATALOG.flatMap(({ examples = [] }) => examples.map((example) => `\`${example}\``)).join(
    '\n',
  ),
};

/** Commands in backticks and in `sh` blocks; those with `...`, or with several words to choose from, are no commands. */
function commandsOf(text: string): string[] {
  const blocks = [...text.matchAll(/^```sh\n(.*?)^```/gms)].flatMap(([, block = '']) => block.trimEnd().split('\n'));
  const inline = [...text.replaceAll(/^```.*?^```/gms, '').matchAll(/`(mlops [^`]+)`/g)].map(
    ([, command = '']) => command,
  );
  return [...blocks, ...inline]
    .map((command) => command.replaceAll(/\s+/g, ' ').trim())
    .filter((command) => command.startsWith('mlops ') && !/\.\.\.|[|<>]/.test(command));
}

/** What the command line makes of it: null when it is understood, else what it says. */
function problemOf(command: string): string | null {
  const words = [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
  let said = '';
  const program = createProgram('0', async () => await Promise.resolve());
  const quiet = (one: Command): void => {
    one.exitOverride().configureOutput({ writeErr: (text) => (said += text), writeOut: () => undefined });
    one.commands.forEach(quiet);
  };
  quiet(program);
  try {
    program.parse(words.slice(1), { from: 'user' });
    return null;
  } catch (error) {
    return (error as { code?: string }).code === 'commander.helpDisplayed' ? null : said;
  }
}

describe('commands that readers are told', () => {
  it.each(Object.keys(TEXT_OF))('are commands in %s', (page) => {
    const later = new RegExp(`^mlops (${NOT_THERE_YET.map(({ noun }) => noun).join('|')})\\b`);
    const broken = commandsOf(TEXT_OF[page] ?? '')
      .filter((command) => !later.test(command))
      .map((command) => [command, problemOf(command)])
      .filter(([, problem]) => problem !== null);
    expect(broken).toEqual([]);
  });

  it('are found at all, and a wrong one would be', () => {
    expect(Object.values(TEXT_OF).flatMap(commandsOf).length).toBeGreaterThan(60);
    expect(problemOf('mlops rollout strat')).toContain('Did you mean start');
    expect(problemOf('mlops up --detatch')).toContain('--detach');
  });

  it('are benches that are there, and targets of make', () => {
    const figures = TEXT_OF['docs/reference/figures.md'] ?? '';
    const benches = [...figures.matchAll(/^npm run bench (\S+)/gm)].map(([, file = '']) => file);
    expect(benches.length).toBeGreaterThan(5);
    expect(benches.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
    const makefile = readFileSync(join(ROOT, 'Makefile'), 'utf8');
    const targets = Object.values(TEXT_OF).flatMap((text) =>
      [...text.matchAll(/(?:^|`)make ([a-z-]+)/gm)].map(([, target = '']) => target),
    );
    expect(targets.filter((target) => !new RegExp(`^[a-z -]*\\b${target}\\b[a-z -]*:`, 'm').test(makefile))).toEqual(
      [],
    );
  });
});
