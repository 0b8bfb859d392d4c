import type { Composition } from './composition.ts';
import type { ConfigOrigin } from '../../config/origins.ts';
import type { Naming } from './naming.ts';
import type { MlopsConfig } from '../../config/schema.ts';

/** Exit codes of contract §2. */
export type ExitCode = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 130;

export type OutputFormat = 'table' | 'json' | 'jsonl' | 'yaml' | 'md';

/** One option as commander understands it, e.g. flags '--profile <name>'. */
export interface OptionSpec {
  readonly flags: string;
  readonly description: string;
  readonly choices?: readonly string[];
  readonly default?: string | boolean | number;
  /** May be given several times; the value is then a list. */
  readonly repeatable?: boolean;
  /** Must be given. */
  readonly required?: boolean;
}

/**
 * One verb of the CLI. Specs are plain data so that `mlops --help` loads none of the code behind them; `load` imports
 * the module that runs it.
 */
export interface CommandSpec {
  /** 'rollout start', 'up', 'config show' */
  readonly name: string;
  readonly summary: string;
  /** commander's argument syntax: '<model>', '[file]', '<versions...>' */
  readonly arguments?: readonly { readonly name: string; readonly description: string }[];
  readonly options?: readonly OptionSpec[];
  readonly examples?: readonly string[];
  /** Changes something: gets --dry-run. */
  readonly changes?: boolean;
  /** Waits for something: gets --timeout. */
  readonly waits?: boolean;
  /** Goes on with what of the configuration is valid, and warns of the rest. */
  readonly goesOnWithoutConfiguration?: boolean;
  readonly load: () => Promise<{ readonly run: CommandRun }>;
}

export type CommandRun = (context: CommandContext, input: CommandInput) => Promise<CommandResult>;

export interface CommandInput {
  readonly args: readonly string[];
  /** Option values by camelCase name, as commander parsed them. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly dryRun: boolean;
  /** From --timeout; null when not given. */
  readonly timeoutMs: number | null;
}

/** What a command leaves: machine data for -o json and the like, and text (or table rows) for people. */
export interface CommandResult {
  readonly exitCode: ExitCode;
  /** Printed for -o json|jsonl|yaml; `schemaVersion: 1` is added at the top when data is an object. */
  readonly data?: unknown;
  /** Printed for -o table (the default). */
  readonly text?: string;
  /** Ids of principals are what it is about: no names are put in their place. */
  readonly showsIds?: true;
  /** Printed for -o md; falls back to text. */
  readonly markdown?: string;
}

/** What a running command may use. Nothing is loaded before it is asked for. */
export interface CommandContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
  readonly format: OutputFormat;
  readonly useColor: boolean;
  /** What was written may be written over: a terminal that was not asked to be plain. */
  readonly isAnimated: boolean;
  /** Fires on Ctrl-C or when --timeout has passed. */
  readonly signal: AbortSignal;
  /** Loads, merges and validates configuration once. @throws CONFIG_INVALID with all problems */
  config(): Promise<MlopsConfig>;
  /** Every setting with where it comes from. */
  origins(): Promise<readonly ConfigOrigin[]>;
  /** A message or progress line for people: stderr. */
  readonly say: (line: string) => void;
  /** Takes back so many lines that were said, on a terminal that is animated. */
  readonly rewind: (lines: number) => void;
  /** Puts names in the place of principal ids, in what people read. */
  readonly named: Naming;
  /** Data that is streamed before the result (watch, jsonl): stdout. */
  readonly print: (line: string) => void;
  /** Asks for yes or no; false without a terminal. Answered by --yes. */
  confirm(question: string): Promise<boolean>;
  /** Every verb there is. */
  readonly catalog: readonly CommandSpec[];
  readonly composition: Composition;
}
