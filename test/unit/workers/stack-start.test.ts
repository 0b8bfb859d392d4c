import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { logFileOf, pidFileOf } from '../../../adapters/processes/part.ts';
import { savePid } from '../../../adapters/processes/pid-file.ts';
import { loadConfig } from '../../../config/load.ts';
import { createLocalStack } from '../../../workers/stack.ts';

const [RUNNING, WANTED] = [1500, 1600];
const processes: ChildProcess[] = [];
const servers: Server[] = [];

afterEach(() => {
  for (const child of processes.splice(0)) child.kill('SIGKILL');
  for (const server of servers.splice(0)) server.close();
});

const project = (): string => mkdtempSync(join(tmpdir(), 'mlops-start-'));
const stackAt = (root: string, portOffset: number, more: Readonly<Record<string, string>> = {}) => {
  // Neither a database nor Temporal has to be found for it.
  const env = { DATABASE_URL: 'postgres://127.0.0.1:1/none', TEMPORAL_ADDRESS: '127.0.0.1:1', ...more };
  const { config } = loadConfig({ env, workingDirectory: root, portOffset });
  return { config, stack: createLocalStack(config) };
};
const quiet = (): void => undefined;

/** A project in which a process with this part's name runs. */
async function runningProject(part: string, saved: object = { portOffset: RUNNING }): Promise<string> {
  const root = project();
  const child = spawn('sleep', ['60']);
  processes.push(child);
  await savePid(pidFileOf(join(root, '.mlops'), part), child.pid ?? 0);
  writeFileSync(join(root, '.mlops/stack.json'), JSON.stringify(saved));
  return root;
}

describe('`mlops up` at other ports than those of the stack that runs', () => {
  it.each(['supervisor', 'gateway'])('is refused at once while the %s runs, and writes nothing', async (part) => {
    const root = await runningProject(part);
    const { stack, config } = stackAt(root, WANTED);
    const refused = {
      code: 'STACK_AT_OTHER_PORTS',
      exitCode: 2,
      message: expect.stringMatching(/port offset 1500 \(\w+, pid \d+\), wanted 1600/) as string,
      remedy: expect.stringContaining('`mlops down` first') as string,
    };
    await expect(stack.start(quiet)).rejects.toMatchObject(refused);
    await expect(stack.runInForeground(quiet, AbortSignal.abort())).rejects.toMatchObject(refused);
    expect(JSON.parse(readFileSync(join(root, '.mlops/stack.json'), 'utf8'))).toEqual({ portOffset: RUNNING });
    expect(existsSync(join(config.stateDirectory, 'keys'))).toBe(false);
    // Whoever says nothing about ports still finds it.
    expect(loadConfig({ env: {}, workingDirectory: root }).config.ports.api).toBe(5000 + RUNNING);
  });

  it('is remembered by none but who starts: `mlops setup` moves nothing', async () => {
    const { stack, config } = stackAt(project(), WANTED);
    await stack.setup(quiet).catch(quiet);
    expect(existsSync(join(config.stateDirectory, 'keys'))).toBe(true);
    expect(existsSync(join(config.stateDirectory, 'stack.json'))).toBe(false);
  });
});

describe('`mlops up` in another environment than that of the stack that runs', () => {
  const saved = { portOffset: RUNNING, environment: 'staging' };

  it.each(['supervisor', 'worker'])('is refused at once while the %s runs, and writes nothing', async (part) => {
    const root = await runningProject(part, saved);
    const { stack, config } = stackAt(root, RUNNING, { MLOPS_ENV: 'production' });
    const refused = {
      code: 'STACK_OF_OTHER_ENVIRONMENT',
      exitCode: 2,
      message: expect.stringMatching(/runs as staging \(\w+, pid \d+\), wanted production/) as string,
      remedy: expect.stringMatching(/`mlops down` first, then `MLOPS_ENV=production.*set MLOPS_ENV=staging/) as string,
    };
    await expect(stack.start(quiet)).rejects.toMatchObject(refused);
    await expect(stack.runInForeground(quiet, AbortSignal.abort())).rejects.toMatchObject(refused);
    expect(JSON.parse(readFileSync(join(root, '.mlops/stack.json'), 'utf8'))).toEqual(saved);
    expect(existsSync(join(config.stateDirectory, 'keys'))).toBe(false);
  });

  it.each([
    ['of a stack whose environment was not written down', { portOffset: RUNNING }, 'supervisor'],
    ['of the same one', saved, 'supervisor'],
    ['when nothing of it runs any more', saved, 'nothing-of-ours'],
  ])('is not refused for that: %s', async (_, before, part) => {
    const root = await runningProject(part, before);
    const { stack } = stackAt(root, RUNNING, {
      MLOPS_ENV: before === saved && part === 'supervisor' ? 'staging' : 'qa',
    });
    const error: unknown = await stack.runInForeground(quiet, AbortSignal.abort()).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).not.toMatchObject({ code: 'STACK_OF_OTHER_ENVIRONMENT' });
  });
});

describe('`mlops up` where somebody else listens', () => {
  it.each(['in the foreground', 'detached'])('is refused with the holder of the port, %s', async (how) => {
    const { stack, config } = stackAt(project(), WANTED);
    const server = createServer();
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(config.ports.api, '127.0.0.1', resolve));
    const refused = how === 'detached' ? stack.start(quiet) : stack.runInForeground(quiet, AbortSignal.abort());
    await expect(refused).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      message: expect.stringContaining(`${config.ports.api} (the API) is held by pid ${process.pid}`) as string,
    });
    expect(existsSync(join(config.stateDirectory, 'stack.json'))).toBe(false);
    expect(existsSync(logFileOf(config.stateDirectory, 'supervisor'))).toBe(false);
  });
});
