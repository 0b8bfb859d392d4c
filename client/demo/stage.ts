import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MlopsConfig } from '../../config/schema.ts';
import type { Examples, ProgramRun } from '../examples-port.ts';

/** What acts play with: commands as a person types them, shown with what they print. */
export interface Stage {
  readonly model: string;
  readonly environment: string;
  readonly temporalAddress: string;
  readonly namespace: string;
  readonly stateDirectory: string;
  /** Where files that a person may look at are left. */
  readonly folder: string;
  supervisorPid(): Promise<number>;
  readonly examples: Examples;
  readonly say: (line: string) => void;
  /** Shows and runs a command. */
  mlops(args: readonly string[], how?: HowToRun): Promise<ProgramRun>;
  /** Runs a command without showing it and parses what it prints. */
  read<T>(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<T>;
}

/** How a command is run and shown. */
export interface HowToRun {
  /** Sees every line of progress. */
  readonly onLine?: (line: string) => void;
  /** Variables that a person would set before it. */
  readonly env?: Readonly<Record<string, string>>;
  /** Variables that were said before. */
  readonly hiddenEnv?: Readonly<Record<string, string>>;
  /** What it prints is shown too. */
  readonly showsOutput?: boolean;
}

/** The stage of one run of the demo. */
export function createStage(
  config: MlopsConfig,
  examples: Examples,
  model: string,
  say: (line: string) => void,
): Stage {
  return {
    model,
    examples,
    say,
    environment: config.environment,
    stateDirectory: config.stateDirectory,
    folder: join(config.stateDirectory, 'demo', model),
    temporalAddress: `127.0.0.1:${config.ports.temporal}`,
    namespace: config.temporal.namespace,
    supervisorPid: async () => {
      const text = await readFile(join(config.stateDirectory, 'run/supervisor.json'), 'utf8');
      return (JSON.parse(text) as { pid: number }).pid;
    },
    mlops: async (args, how = {}) => await show(examples, say, args, how),
    read: async <T>(args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
      const run = await examples.runMlops([...args, '-o', 'json'], { env });
      if (run.stdout === '') throw new Error(`mlops ${args.join(' ')} printed nothing: ${run.stderr}`);
      return JSON.parse(run.stdout) as T;
    },
  };
}

async function show(
  examples: Examples,
  say: (line: string) => void,
  args: readonly string[],
  { env = {}, hiddenEnv = {}, onLine, showsOutput = false }: HowToRun,
): Promise<ProgramRun> {
  say(`  $ ${commandLine(args, env)}`);
  const run = await examples.runMlops(args, {
    env: { ...hiddenEnv, ...env },
    onLine: (line) => {
      if (line !== '') say(`    ${line}`);
      onLine?.(line);
    },
    // A start takes its plan and policy from the configuration; everything else works for any.
    configuration: args[1] === 'start' ? 'demo' : 'own',
  });
  if (showsOutput) for (const line of run.stdout.trim().split('\n')) say(`    ${line}`);
  return run;
}

/** As a person would type it, but for the addresses that only the demo needs. */
function commandLine(args: readonly string[], env: Readonly<Record<string, string>>): string {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const words = args
    .filter((arg, i) => arg !== '--endpoint' && args[i - 1] !== '--endpoint')
    .map((word) => (/[\s"']/.test(word) ? JSON.stringify(word) : word));
  return [...variables, 'mlops', ...words].join(' ');
}
