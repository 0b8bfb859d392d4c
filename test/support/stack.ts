import { spawn, type ChildProcess } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

/** How a run of the command line ended. */
export interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a model service of a test behaves; test/support/model-service.ts. */
export interface ServiceBehaviour {
  /** Share of the answers that are 500. */
  readonly errorShare: number;
  readonly delayMs: number;
  /** What /healthz says of itself. */
  readonly status: string;
  readonly memoryBytes: number;
  readonly memoryLimitBytes: number;
  readonly cpuCores: number;
  readonly cpuLimitCores: number;
  /** What it retrieves, whatever is asked. */
  readonly ids: readonly string[];
  /** Where /healthz sends whoever asks; null: nowhere. */
  readonly redirectTo: string | null;
  /** Whether only those who come by the gateway are sent there. */
  readonly isRedirectedOnlyThroughGateway: boolean;
  /** How long /healthz takes. */
  readonly healthDelayMs: number;
}

/** Changes how a running service behaves, and tells what it has served so far. */
export async function controlService(
  address: string,
  change: Partial<ServiceBehaviour> = {},
): Promise<{ readonly requests: number; readonly mirrored: number }> {
  const response = await fetch(`${address}/control`, { method: 'POST', body: JSON.stringify(change) });
  return (await response.json()) as { requests: number; mirrored: number };
}

export interface TestProject {
  readonly root: string;
  readonly gateway: string;
  mlops(
    args: readonly string[],
    options?: { readonly input?: string; readonly env?: Record<string, string> },
  ): Promise<Run>;
  /** Runs with -o json and gives what it printed. */
  json<T = Record<string, unknown>>(args: readonly string[]): Promise<T>;
  /** Process number of a part, from `mlops status`. */
  pidOf(part: string): Promise<number>;
  /** Starts a model service; it is stopped with the project. */
  startService(version: string, errorShare?: number): Promise<string>;
  remove(): Promise<void>;
}

/** A project folder of its own with its own ports; nothing runs yet. Without a deployment, the defaults hold. */
export async function createProject(
  portOffset: number,
  deployment: string | null,
  program = join(REPOSITORY, 'bin/mlops'),
): Promise<TestProject> {
  const root = await mkdtemp(join(tmpdir(), 'mlops-test-'));
  // The database server runs as another user when tests run as root.
  await chmod(root, 0o755);
  await mkdir(join(root, 'config'));
  if (deployment !== null) await writeFile(join(root, 'config/deployment.yaml'), deployment);
  const services: ChildProcess[] = [];
  const mlops: TestProject['mlops'] = async (args, options = {}) =>
    await run(program, args, root, { ...options.env, MLOPS_PORT_OFFSET: String(portOffset) }, options.input);
  return {
    root,
    gateway: `http://127.0.0.1:${8080 + portOffset}`,
    mlops,
    json: async (args) => {
      const { stdout, stderr, code } = await mlops([...args, '-o', 'json']);
      if (stdout === '') throw new Error(`mlops ${args.join(' ')} printed nothing (exit ${code}): ${stderr}`);
      return JSON.parse(stdout) as never;
    },
    pidOf: async (part) => {
      const { stdout } = await mlops(['status', '-o', 'json']);
      const { parts } = JSON.parse(stdout) as { parts: { name: string; pid: number }[] };
      return parts.find(({ name }) => name === part)?.pid ?? 0;
    },
    startService: async (version, errorShare = 0) => await startService(services, version, errorShare),
    remove: async () => {
      await mlops(['clean', '--yes']);
      for (const service of services) service.kill('SIGKILL');
      await rm(root, { recursive: true, force: true });
    },
  };
}

async function run(
  program: string,
  args: readonly string[],
  cwd: string,
  env: Record<string, string>,
  input?: string,
): Promise<Run> {
  const child = spawn(program, [...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const read = async (stream: NodeJS.ReadableStream): Promise<string> => {
    let text = '';
    for await (const chunk of stream) text += String(chunk);
    return text;
  };
  child.stdin.end(input ?? '');
  const [stdout, stderr, code] = await Promise.all([
    read(child.stdout),
    read(child.stderr),
    new Promise<number>((resolve) => child.on('exit', (status) => resolve(status ?? -1))),
  ]);
  return { code, stdout, stderr };
}

async function startService(services: ChildProcess[], version: string, errorShare: number): Promise<string> {
  const program = fileURLToPath(new URL('model-service.ts', import.meta.url));
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', program, version, String(errorShare)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  services.push(child);
  const line = await new Promise<string>((resolve) =>
    child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString())),
  );
  return (JSON.parse(line) as { address: string }).address;
}

/** Waits until a condition holds; its last state is in the failure. */
export async function until<T>(
  look: () => Promise<T>,
  holds: (value: T) => boolean,
  timeoutMs: number,
  everyMs = 200,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await look();
    if (holds(value)) return value;
    if (Date.now() > deadline)
      throw new Error(`not reached within ${timeoutMs} ms: ${JSON.stringify(value).slice(0, 2000)}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
