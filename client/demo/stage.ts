import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MlopsConfig } from '../../config/schema.ts';
import type { Examples, ProgramRun } from '../examples-port.ts';

/** How an act of the demo ended. */
export interface ActResult {
  readonly title: string;
  readonly passed: boolean;
  /** What happened, one fact per line; what was wrong comes first. */
  readonly facts: readonly string[];
}

/** What acts play with: commands as a person types them, shown with what they print. */
export interface Stage {
  readonly model: string;
  readonly environment: string;
  readonly temporalAddress: string;
  readonly namespace: string;
  supervisorPid(): Promise<number>;
  /** `--endpoint VERSION=URL` of every release that runs. */
  readonly endpoints: readonly string[];
  readonly examples: Examples;
  readonly say: (line: string) => void;
  /** Shows and runs a command; `onLine` sees every line of progress. */
  mlops(args: readonly string[], onLine?: (line: string) => void): Promise<ProgramRun>;
  /** Runs a command without showing it and parses what it prints. */
  read<T>(args: readonly string[]): Promise<T>;
}

/** What acts look at in `mlops rollout status -o json`. */
export interface SeenStatus {
  readonly phase: string;
  readonly outcome: string | null;
  readonly runId: string;
  readonly intendedWeightPercent: number;
  readonly timeline: readonly { readonly event: string; readonly actor: string; readonly detail: string }[];
}

/** What acts look at in `mlops status -o json`. */
export interface SeenParts {
  readonly parts: readonly { readonly name: string; readonly pid: number | null }[];
}

export function createStage(
  config: MlopsConfig,
  examples: Examples,
  model: string,
  endpoints: readonly string[],
  say: (line: string) => void,
): Stage {
  return {
    model,
    endpoints,
    examples,
    say,
    environment: config.environment,
    temporalAddress: `127.0.0.1:${config.ports.temporal}`,
    namespace: config.temporal.namespace,
    supervisorPid: async () => {
      const text = await readFile(join(config.stateDirectory, 'run/supervisor.json'), 'utf8');
      return (JSON.parse(text) as { pid: number }).pid;
    },
    mlops: async (args, onLine) => {
      say(`  $ mlops ${args.filter((arg, i) => arg !== '--endpoint' && args[i - 1] !== '--endpoint').join(' ')}`);
      const show = (line: string): void => {
        say(`    ${line}`);
        onLine?.(line);
      };
      // A start takes its plan and policy from the configuration; everything else works for any.
      return await examples.runMlops(args, show, args[1] === 'start' ? 'demo' : 'own');
    },
    read: async <T>(args: readonly string[]) => {
      const run = await examples.runMlops([...args, '-o', 'json'], () => undefined);
      if (run.stdout === '') throw new Error(`mlops ${args.join(' ')} printed nothing: ${run.stderr}`);
      return JSON.parse(run.stdout) as T;
    },
  };
}

/** The command that starts a rollout of the demo; it needs to be told where the two versions answer. */
export function startCommand(stage: Stage, to: string, ...more: string[]): string[] {
  const versions = [to, ...(more.includes('--from') ? [more[more.indexOf('--from') + 1]] : [])];
  const endpoints = stage.endpoints
    .filter((endpoint) => versions.includes(endpoint.split('=')[0]))
    .flatMap((endpoint) => ['--endpoint', endpoint]);
  return ['rollout', 'start', '--model', stage.model, '--to', to, '--profile', 'fast', ...more, ...endpoints];
}

export async function readStatus(stage: Stage): Promise<SeenStatus> {
  return await stage.read<SeenStatus>(['rollout', 'status', '--model', stage.model]);
}

/** Looks until it holds; null when the time is over. */
export async function lookUntil(
  stage: Stage,
  holds: (status: SeenStatus) => boolean,
  timeoutMs: number,
): Promise<SeenStatus | null> {
  const deadline = Date.now() + timeoutMs;
  while (Date.now() < deadline) {
    const status = await readStatus(stage);
    if (holds(status)) return status;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return null;
}

export async function pidOf(stage: Stage, part: string): Promise<number | null> {
  const { parts } = await stage.read<SeenParts>(['status']);
  return parts.find(({ name }) => name === part)?.pid ?? null;
}

/** Whether everything that an act wanted came true; what did not is named first. */
export function concludeAct(
  title: string,
  wanted: readonly (readonly [claim: string, holds: boolean])[],
  facts: readonly string[] = [],
): ActResult {
  const broken = wanted.filter(([, holds]) => !holds).map(([claim]) => `NOT TRUE: ${claim}`);
  const kept = wanted.filter(([, holds]) => holds).map(([claim]) => claim);
  return { title, passed: broken.length === 0, facts: [...broken, ...kept, ...facts] };
}
