import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { MlopsError } from '../../domain/errors.ts';
import { ownPath } from '../processes/own-file.ts';

const MODULE = ownPath('tools/temporal');
const PACKAGE = 'github.com/temporalio/cli/cmd/temporal';
const PROGRESS_MS = 15_000;
const STALE_LOCK_MS = 30 * 60_000;

/**
 * Builds the server from Go modules into `target`. Two builders do not collide: the second waits for the first.
 *
 * @throws TEMPORAL_SERVER_MISSING without Go, or when the build fails
 */
export async function buildServer(target: string, say: (line: string) => void): Promise<void> {
  if (spawnSync('go', ['version']).status !== 0)
    throw new MlopsError('TEMPORAL_SERVER_MISSING', {
      reason: 'it could not be downloaded, and `go` is not installed to build it',
    });
  await mkdir(dirname(target), { recursive: true });
  const unlock = await lock(`${target}.lock`, target, say);
  try {
    if (existsSync(target)) return;
    const started = Date.now();
    const progress = setInterval(
      () =>
        say(
          `Temporal server: building, ${Math.round((Date.now() - started) / 1000)} s so far (about 300 s on two cores)`,
        ),
      PROGRESS_MS,
    );
    say('Temporal server: building from Go modules');
    await compile(`${target}.new`).finally(() => clearInterval(progress));
    await rename(`${target}.new`, target);
    say(`Temporal server: built in ${Math.round((Date.now() - started) / 1000)} s`);
  } finally {
    await unlock();
  }
}

async function compile(output: string): Promise<void> {
  const child = spawn('go', ['build', '-trimpath', '-ldflags', '-s -w', '-o', output, PACKAGE], {
    cwd: MODULE,
    env: { ...process.env, CGO_ENABLED: '0' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let tail = '';
  child.stderr.on('data', (chunk: Buffer) => (tail = `${tail}${chunk.toString()}`.slice(-2000)));
  const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  if (code !== 0)
    throw new MlopsError('TEMPORAL_SERVER_MISSING', {
      reason: `the build failed: ${tail.trim().split('\n').at(-1) ?? `exit ${code}`}`,
    });
}

/** A file that only one builder can make; one left by a killed builder is taken over after half an hour. */
async function lock(file: string, target: string, say: (line: string) => void): Promise<() => Promise<void>> {
  const deadline = Date.now() + STALE_LOCK_MS;
  for (let told = false; ; told = true) {
    try {
      await (await open(file, 'wx')).close();
      return async () => await rm(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if (existsSync(target)) return async () => await Promise.resolve();
    if (Date.now() > deadline) await rm(file, { force: true });
    if (!told) say('Temporal server: another process is building it; waiting');
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}
