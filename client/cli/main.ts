// The command line: parses, composes, runs one verb, prints, and exits with the codes of contract §2.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { CommanderError } from 'commander';
import type { LoadedConfig } from '../../config/load.ts';
import { CATALOG } from './catalog.ts';
import type { CommandContext, CommandInput, CommandResult, CommandSpec, ExitCode, OutputFormat } from './command.ts';
import { createComposition, type Composition } from './composition.ts';
import { renderFailure } from './failure.ts';
import { createNaming } from './naming.ts';
import { renderResult } from './output.ts';
import { printable } from './printable.ts';
import { createProgram } from './program.ts';
import { terminalOf } from './terminal.ts';

/** Fires when nobody reads messages any more. */
const unread = new AbortController();
const HELP_CODES = new Set(['commander.help', 'commander.helpDisplayed', 'commander.version']);

endQuietlyWithoutReader();
await main(process.argv);

async function main(argv: readonly string[]): Promise<void> {
  const program = createProgram(versionOf(), runCommand);
  try {
    if (argv.length <= 2) program.help();
    await program.parseAsync([...argv]);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // commander has printed help or the problem already.
    await exit(HELP_CODES.has(error.code) ? 0 : 2);
  }
}

/**
 * `mlops ... | head -2`: who reads has seen enough, which is no error. Without a reader of messages (stderr) a command
 * that watches ends as with Ctrl-C; one that changes something goes on.
 */
function endQuietlyWithoutReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    process.stderr.write(`error: Output cannot be written: ${error.message}\n`);
    process.exit(1);
  });
  process.stderr.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    unread.abort();
  });
}

function versionOf(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

async function runCommand(spec: CommandSpec, args: readonly string[], options: Record<string, unknown>): Promise<void> {
  const format = (options['output'] ?? 'table') as OutputFormat;
  const debug = options['debug'] === true || process.env['MLOPS_DEBUG'] === '1';
  let interrupted = false;
  const controller = new AbortController();
  process.once('SIGINT', () => {
    interrupted = true;
    controller.abort();
    // A second Ctrl-C does not wait for anything.
    process.once('SIGINT', () => process.exit(130));
  });
  unread.signal.addEventListener('abort', () => controller.abort());
  let composition: Composition | null = null;
  try {
    const input = await inputOf(args, options);
    if (input.timeoutMs !== null) setTimeout(() => controller.abort(), input.timeoutMs).unref();
    const loadConfig = configLoader(spec, options);
    composition = createComposition(async () => (await loadConfig()).config);
    const { run } = await spec.load();
    const context = contextOf(options, format, controller.signal, composition, loadConfig);
    const result = await run(context, input);
    process.exitCode = result.exitCode;
    await print(result, context);
    await exit(interrupted ? 130 : result.exitCode, composition);
  } catch (error) {
    const { text, exitCode } = renderFailure(error, format, debug);
    process.stderr.write(`${text}\n`);
    await exit(interrupted ? 130 : exitCode, composition);
  }
}

async function inputOf(args: readonly string[], options: Record<string, unknown>): Promise<CommandInput> {
  const timeout = options['timeout'];
  const timeoutMs = typeof timeout === 'string' ? (await import('./duration.ts')).parseDuration(timeout) : null;
  return { args, options, dryRun: options['dryRun'] === true, timeoutMs };
}

/** Loads configuration once, when it is first asked for. */
function configLoader(spec: CommandSpec, options: Record<string, unknown>): () => Promise<LoadedConfig> {
  let loaded: Promise<LoadedConfig> | null = null;
  const load = async (): Promise<LoadedConfig> => {
    const { loadConfig, loadWhatIsValid } = await import('../../config/load.ts');
    const given = options['portOffset'];
    const portOffset = typeof given === 'string' ? (await import('./port-offset.ts')).parsePortOffset(given) : null;
    const asked = {
      env: process.env,
      workingDirectory: process.cwd(),
      ...(portOffset === null ? {} : { portOffset }),
    };
    if (spec.goesOnWithoutConfiguration !== true) return loadConfig(asked);
    const { problems, ...valid } = loadWhatIsValid(asked);
    if (problems.length > 0) say(renderInvalidConfiguration(problems, valid.config));
    return valid;
  };
  return async () => await (loaded ??= load());
}

function renderInvalidConfiguration(problems: readonly string[], { gateway }: LoadedConfig['config']): string {
  const lines = problems.map((problem) => `  - ${problem}`).join('\n');
  return `Warning: configuration is not valid; going on without:\n${lines}\nThe gateway is asked at ${gateway.adminUrl}, with the token in ${gateway.tokenFile}.`;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function contextOf(
  options: Record<string, unknown>,
  format: OutputFormat,
  signal: AbortSignal,
  composition: Composition,
  loadConfig: () => Promise<LoadedConfig>,
): CommandContext {
  const terminal = terminalOf(process.env, options, { stdout: process.stdout.isTTY, stderr: process.stderr.isTTY });
  return {
    env: process.env,
    workingDirectory: process.cwd(),
    format,
    ...terminal,
    signal,
    config: async () => (await loadConfig()).config,
    origins: async () => (await loadConfig()).origins,
    say: (line) => say(printable(line, terminal.useColor)),
    rewind: (lines) => void process.stderr.write(`\u001B[${lines}A\u001B[0J`),
    named: createNaming(async (ids) => await composition.names(ids)),
    print: (line) => void process.stdout.write(`${line}\n`),
    confirm: async (question) => (options['yes'] === true ? true : await ask(question)),
    catalog: CATALOG,
    composition,
  };
}

async function ask(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await reader.question(`${question} [y/N] `);
  reader.close();
  return /^y(es)?$/i.test(answer.trim());
}

async function print(result: CommandResult, context: CommandContext): Promise<void> {
  const text = await renderResult(result, context);
  if (text !== '') process.stdout.write(`${text}\n`);
}

/** Connections are closed first, so that nothing keeps the process alive; output is flushed before it ends. */
async function exit(code: ExitCode, composition: Composition | null = null): Promise<never> {
  await composition?.close().catch(() => undefined);
  await new Promise<void>((resolve) => process.stdout.write('', () => resolve()));
  process.exit(code);
}
