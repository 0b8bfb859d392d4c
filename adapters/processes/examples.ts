import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { MlopsError } from '../../domain/errors.ts';
import { findInstalledServer } from '../temporal/find-server.ts';
import { ownPath, ownProgram } from './own-file.ts';

/** Variables with keys and tokens of ours (config/environment.ts). */
const SECRETS = /^(MLOPS_WRAPPING_KEYS|VAULT_TOKEN|AWS_\w+|MLFLOW_TRACKING_\w+)$/;

type Child = ChildProcessByStdio<null, Readable, Readable>;
type Launch = (
  file: string,
  args: readonly string[],
  options?: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> },
) => Child;
type JsonLine = Record<string, unknown>;

/** What a release is exported as. */
interface ReleaseExport {
  readonly release: string;
  readonly model: string;
  readonly version: string;
  readonly folder: string;
}

interface RunOptions {
  readonly onLine?: (line: string) => void;
  readonly configuration?: 'own' | 'demo';
  readonly env?: Readonly<Record<string, string>>;
}

const STOP_GRACE_MS = 10_000;

/** The programs of examples/, and the project's own command line, as processes. Implements the port `Examples`. */
export function createExamples(workingDirectory: string, stateDirectory: string) {
  const children = new Set<Child>();
  const launch: Launch = (file, args, { cwd = workingDirectory, env: more = {} } = {}) => {
    const env = { ...withoutSecrets(process.env), MLOPS_STATE_DIRECTORY: stateDirectory, ...more };
    const child = spawn(file, [...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    children.add(child);
    child.once('exit', () => children.delete(child));
    return child;
  };
  const startExample = async (name: string, args: readonly string[]) =>
    await waitUntilReady(name, launch(process.execPath, [...exampleProgram(name), ...args]));
  const runToEnd = async (name: string, args: readonly string[]): Promise<string> => {
    const { code, stderr, stdout } = await finish(launch(process.execPath, [...exampleProgram(name), ...args]));
    if (code !== 0) throw new MlopsError('EXAMPLE_NOT_STARTED', { name, reason: stderr });
    return stdout;
  };
  // Whoever started them may be interrupted: none is left behind.
  process.once('exit', () => children.forEach((child) => child.kill('SIGKILL')));
  return {
    startRelease: async (version: string) => await startExample('server', ['--release', version]),
    startTraffic: async ({ gateway, model, perSecond }: { gateway: string; model: string; perSecond: number }) =>
      await startExample('traffic', ['--gateway', gateway, '--model', model, '--rate', `${perSecond}`]),
    loadQueries: async () => {
      const lines = (await runToEnd('export-queries', [])).split('\n').filter((line) => line !== '');
      return lines.map((line) => JSON.parse(line) as { query: string; relevantId: string });
    },
    exportRelease: async ({ folder, model, release, version }: ReleaseExport) => {
      const words = ['--release', release, '--model', model, '--version', version, '--out', folder];
      return JSON.parse(await runToEnd('export-release', words)) as { indexVersion: string };
    },
    recordDeployment: async (args: readonly string[], env: Readonly<Record<string, string>>) =>
      await finish(launch(process.execPath, [...ownProgram('examples/demo/record-deployment'), ...args], { env })),
    runMlops: async (args: readonly string[], { configuration = 'own', env = {}, onLine }: RunOptions) => {
      const cwd = configuration === 'demo' ? ownPath('examples/demo') : workingDirectory;
      return await finish(launch(process.execPath, [...ownProgram('client/cli/main'), ...args], { cwd, env }), onLine);
    },
    runTemporal: async (args: readonly string[]) => {
      const server = findInstalledServer();
      if (server === null) throw new MlopsError('TEMPORAL_SERVER_MISSING', { reason: 'none is installed yet' });
      return await finish(launch(server.binary, args));
    },
  };
}

function exampleProgram(name: string): string[] {
  return ownProgram(`examples/rag-service/${name}`);
}

/** The first line of output is the program's word that it is ready. */
async function waitUntilReady(name: string, child: Child) {
  let errors = '';
  let last: JsonLine | null = null;
  child.stderr.on('data', (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-2000)));
  const lines = createInterface({ input: child.stdout });
  const ready = await new Promise<JsonLine>((resolve, reject) => {
    lines.once('line', (line) => resolve(JSON.parse(line) as JsonLine));
    child.once('error', reject);
    child.once('exit', (code) => reject(failureOf(name, reasonOf(errors) ?? `it ended with code ${code}`)));
  });
  lines.on('line', (line) => (last = JSON.parse(line) as JsonLine));
  return { pid: child.pid ?? 0, ready, stop: async () => await stop(child, () => last) };
}

/** A release that there is not was asked for by whoever typed its name. */
function failureOf(name: string, reason: string): MlopsError {
  const asked = /^there is no release (.*); wanted (.*)$/.exec(reason);
  if (asked === null) return new MlopsError('EXAMPLE_NOT_STARTED', { name, reason });
  return new MlopsError('USAGE_INVALID', {
    problem: `Release is not known: ${asked[1]}, wanted ${asked[2]}`,
    hint: 'Choose one; examples/rag-service says what each is',
  });
}

/** The message of the error a program died of, without the stack trace; the whole text when there is none. */
function reasonOf(errors: string): string | null {
  return /^\w*Error: (.*)$/m.exec(errors)?.[1] ?? (errors.trim() || null);
}

async function stop(child: Child, last: () => JsonLine | null): Promise<JsonLine | null> {
  if (child.exitCode === null && child.signalCode === null) {
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS);
    child.kill('SIGTERM');
    await new Promise((resolve) => child.once('close', resolve));
    clearTimeout(timer);
  }
  return last();
}

async function finish(child: Child, onLine: (line: string) => void = () => undefined) {
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
  createInterface({ input: child.stderr }).on('line', (line) => {
    output.stderr += `${line}\n`;
    onLine(line);
  });
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve(status ?? -1));
  });
  return { code, ...output };
}

/** Programs that serve users have no need of what opens the ledger or the artifacts. */
function withoutSecrets(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !SECRETS.test(name)));
}
