// MLflow itself, from PyPI: its client and its server.
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const MLFLOW_VERSION = '3.17.2';
const START_MS = 240_000;

/** Packages of MLflow, installed once for all runs; null where there is no Python, which only a machine of a person may lack. */
export async function installMlflow(): Promise<string | null> {
  const python = await run('python3', ['--version']).catch(() => null);
  if (python === null && (process.env['CI'] ?? '') !== '')
    throw new Error('MLflow is not compared with: there is no python3');
  if (python === null) return null;
  const kept = join(homedir(), '.cache', 'durable-mlops', `mlflow-${MLFLOW_VERSION}`);
  if (existsSync(kept)) return kept;
  await mkdir(join(kept, '..'), { recursive: true });
  const folder = await mkdtemp(`${kept}.part-`);
  try {
    await run('python3', ['-m', 'venv', join(folder, 'venv')]);
    const site = join(folder, 'site');
    const install = ['-m', 'pip', 'install', '--quiet', '--target', site, `mlflow==${MLFLOW_VERSION}`];
    await run(join(folder, 'venv', 'bin', 'python'), install);
    // Another run may have been faster.
    await rename(site, kept).catch((error: unknown) => {
      if (!existsSync(kept)) throw error;
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return kept;
}

/** Environment of a Python program that uses the packages. */
function environmentOf(packages: string): NodeJS.ProcessEnv {
  return {
    ...process.env,
    PYTHONPATH: packages,
    MLFLOW_DISABLE_TELEMETRY: 'true',
    // Its server may send webhooks to this machine.
    MLFLOW_WEBHOOK_ALLOWED_SCHEMES: 'http,https',
    MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS: 'true',
    // What is refused is refused at once.
    MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0',
  };
}

/** Runs a Python program and returns what it printed. */
export async function runPython(packages: string, args: readonly string[]): Promise<string> {
  return await run('python3', args, environmentOf(packages));
}

/** A server of MLflow over SQLite, with one worker. */
export async function startMlflowServer(
  packages: string,
  port: number,
): Promise<{ readonly url: string; readonly database: string; stop(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'mlops-mlflow-'));
  const database = join(folder, 'mlflow.db');
  const store = ['--backend-store-uri', `sqlite:///${database}`, '--artifacts-destination', folder];
  const args = ['-m', 'mlflow', 'server', ...store, '--host', '127.0.0.1', '--port', String(port), '--workers', '1'];
  const child = spawn('python3', args, { env: environmentOf(packages), cwd: folder, stdio: 'ignore', detached: true });
  const url = `http://127.0.0.1:${port}`;
  const stop = async (): Promise<void> => {
    await endGroup(child);
    await rm(folder, { recursive: true, force: true });
  };
  // The first start reads all of its packages from the disk, beside whatever else runs.
  const deadline = Date.now() + START_MS;
  while (Date.now() < deadline && child.exitCode === null) {
    const isReady = await fetch(`${url}/health`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isReady) return { url, database, stop };
    await sleep(200);
  }
  await stop();
  const how = child.exitCode === null ? `nothing for ${START_MS / 1000} s` : `it ended with ${child.exitCode}`;
  throw new Error(`the server of MLflow did not start: ${how}`);
}

/** A server has workers of its own: they are one group. */
async function endGroup({ exitCode, pid }: ChildProcess): Promise<void> {
  if (pid === undefined || exitCode !== null) return;
  process.kill(-pid, 'SIGTERM');
  for (let tries = 0; tries < 50; tries += 1) {
    try {
      process.kill(-pid, 0);
    } catch {
      return;
    }
    await sleep(100);
  }
  process.kill(-pid, 'SIGKILL');
}

async function run(program: string, args: readonly string[], env = process.env): Promise<string> {
  return await new Promise((resolve, reject) => {
    const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const [out, err]: [string[], string[]] = [[], []];
    child.stdout.on('data', (data: Buffer) => out.push(data.toString()));
    child.stderr.on('data', (data: Buffer) => err.push(data.toString()));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(out.join(''));
      else reject(new Error(`${program} ended with ${String(code)}: ${err.join('').slice(-2000)}`));
    });
  });
}
