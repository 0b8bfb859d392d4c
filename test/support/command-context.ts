import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommandContext, CommandInput } from '../../client/cli/command.ts';
import type { Composition } from '../../client/cli/composition.ts';
import { loadConfig } from '../../config/load.ts';

/** A command's context in an empty project, with the parts that are given; asking for another one fails. */
export function createContext(
  parts: { [Part in keyof Composition]?: unknown },
  more: Partial<CommandContext> = {},
): { readonly context: CommandContext; readonly said: string[] } {
  const workingDirectory = mkdtempSync(join(tmpdir(), 'mlops-command-'));
  const { config, origins } = loadConfig({ env: {}, workingDirectory });
  const said: string[] = [];
  const given = Object.fromEntries(
    Object.entries(parts).map(([name, part]) => [name, async () => await Promise.resolve(part)]),
  );
  const context: CommandContext = {
    env: {},
    workingDirectory,
    format: 'table',
    useColor: false,
    isAnimated: false,
    signal: new AbortController().signal,
    config: async () => await Promise.resolve(config),
    origins: async () => await Promise.resolve(origins),
    named: async (text) => await Promise.resolve(text),
    say: (line) => void said.push(line),
    rewind: (lines) => void said.push(`\u001B[${lines}A`),
    print: (line) => void said.push(line),
    confirm: async () => await Promise.resolve(false),
    catalog: [],
    composition: {
      workflowUrl: async () => await Promise.resolve('http://ui'),
      identity: async () => await Promise.resolve({ actor: 'tester', claim: () => ({ actor: 'tester' }) }),
      ...given,
    } as unknown as Composition,
    ...more,
  };
  return { context, said };
}

/** What was typed after the verb. */
export function createInput(options: Record<string, unknown> = {}, more: Partial<CommandInput> = {}): CommandInput {
  return { args: [], options, dryRun: false, timeoutMs: null, ...more };
}
