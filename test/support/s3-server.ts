// A real S3 server (versitygw, Apache-2.0) over a folder: on PATH, or built from tools/s3-server by Go.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, renameSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.ts';
import { succeeds } from './succeeds.ts';

const VERSION = '1.8.0';
const MODULE = join(import.meta.dirname, '../../tools/s3-server');
export const BUCKET = 'models';
export const S3_CREDENTIALS = { accessKey: 'tester', secretKey: 'secret-of-a-test', sessionToken: null };

/** Path of the program, or null where it cannot be had. The first build takes some minutes. */
export async function findS3Server(): Promise<string | null> {
  if (await succeeds('versitygw', ['--version'])) return 'versitygw';
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const program = join(cache, 'durable-mlops', `versitygw-${VERSION}`, 'versitygw');
  if (existsSync(program)) return program;
  const made = `${program}.${process.pid}`;
  mkdirSync(join(program, '..'), { recursive: true });
  const args = ['build', '-trimpath', '-ldflags', '-s -w', '-o', made, 'github.com/versity/versitygw/cmd/versitygw'];
  if (!(await succeeds('go', args, { cwd: MODULE, env: { ...process.env, CGO_ENABLED: '0' } }))) return null;
  renameSync(made, program);
  return program;
}

export interface S3Server {
  readonly endpoint: string;
  /** Where it keeps the objects of the bucket, as files */
  readonly folder: string;
  stop(): Promise<void>;
}

/** Starts a server with one bucket. */
export async function startS3Server(program: string): Promise<S3Server> {
  const root = mkdtempSync(join(tmpdir(), 'mlops-s3-'));
  const folder = join(root, BUCKET);
  mkdirSync(folder);
  const port = await freePort();
  const { accessKey, secretKey } = S3_CREDENTIALS;
  const child = spawn(
    program,
    ['--port', `127.0.0.1:${port}`, '--access', accessKey, '--secret', secretKey, 'posix', root],
    {
      stdio: 'ignore',
    },
  );
  const endpoint = `http://127.0.0.1:${port}`;
  for (let tries = 0; (await fetch(endpoint).catch(() => null)) === null; tries += 1) {
    if (tries > 300) throw new Error('the S3 server did not start');
    await sleep(100);
  }
  return {
    endpoint,
    folder,
    stop: async () => {
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      await exit;
    },
  };
}
