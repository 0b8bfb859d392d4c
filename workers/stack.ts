import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureDatabase } from '../adapters/postgres/create-database.ts';
import { prepareEmbeddedPostgres } from '../adapters/postgres/embedded.ts';
import { migrate, readLevel } from '../adapters/postgres/migrate.ts';
import { databaseUrlOf } from '../adapters/postgres/pool.ts';
import { runExclusively } from '../adapters/processes/exclusive.ts';
import { logFileOf, pause, pidFileOf, stopPart } from '../adapters/processes/part.ts';
import { readLivePid, savePid } from '../adapters/processes/pid-file.ts';
import { stopAll, supervise } from '../adapters/processes/supervisor.ts';
import { findServer } from '../adapters/temporal/find-server.ts';
import { ensureLedgerKeys } from '../adapters/crypto/ledger-keys.ts';
import { ensurePayloadKeys } from '../adapters/temporal/keys.ts';
import type { MlopsConfig } from '../config/schema.ts';
import { isMlopsError, MlopsError } from '../domain/errors.ts';
import { hadAdmin, makeFirstAdmin } from './identity.ts';
import { writeTrustedKeys } from './ledger.ts';
import { checkPorts, examineMachine } from './doctor.ts';
import { assertSameStack, portOffsetOf, saveStack } from './running-stack.ts';
import { assembleStages, ownCommand } from './stack-parts.ts';
import { describeTaken, findFreeOffset, findTakenPorts } from './stack-ports.ts';
import { LEDGER_PART, probeStack } from './stack-status.ts';

type Say = (line: string) => void;

const SUPERVISOR = { name: 'supervisor', stopSignal: 'SIGTERM', graceMs: 60_000 } as const;
/** Enough for the slowest part; a build of the server is awaited before. */
const READY_MS = 90_000;
/** A worker that has come up opens the ledger and signs what was left within a second. */
const LEDGER_MS = 5000;
const FOLDERS = ['run', 'logs', 'keys', 'cache', 'temporal', 'gateway', 'journal'];

/** The local stack of a state directory; the shape is client/stack-port.ts. */
export function createLocalStack(config: MlopsConfig) {
  const { stateDirectory } = config;
  return {
    setup: async (say: Say, options?: { readonly databaseRoles: boolean }) =>
      await inTurn(config, say, async () => await setUp(config, say, options)),
    start: async (say: Say) => await start(config, say),
    runInForeground: async (say: Say, signal: AbortSignal) => await runSupervisor(config, say, signal),
    stop: async (say: Say) => await stop(config, say),
    status: async () => await probeStack(config),
    doctor: async () => await examineMachine(config),
    clean: async (say: Say) => {
      if (config.environment === 'production')
        throw new MlopsError('CLEAN_REFUSED', {
          problem: 'MLOPS_ENV is production',
          hint: 'Remove the state directory by hand if you mean it',
        });
      await stop(config, say);
      await rm(stateDirectory, { recursive: true, force: true });
      say('state removed');
    },
  };
}

async function setUp(config: MlopsConfig, say: Say, { databaseRoles } = { databaseRoles: false }): Promise<string[]> {
  const { stateDirectory } = config;
  const done: string[] = [];
  for (const folder of FOLDERS) await mkdir(join(stateDirectory, folder), { recursive: true });
  if (await ensurePayloadKeys(stateDirectory)) done.push('made the payload key');
  if (await ensureLedgerKeys(stateDirectory, config.environment, { withWrapping: config.keys.provider === 'file' }))
    done.push('made the keys of the ledger');
  await writeTrustedKeys(config);
  // Whether another database has an admin is asked there, once it is up to date; the own one is as new as this folder.
  if (config.databaseUrl === null) await sayFirstAdmin(config, say);
  if (config.temporal.address === null) {
    const { how } = await findServer(say);
    done.push(`Temporal server: found by ${how}`);
  }
  if (config.databaseUrl === null) {
    // Its supervisor sees to a database that runs.
    if ((await otherSupervisor(config)) !== null) return [...done, 'own database: there'];
    const { clearedStaleLock } = await prepareEmbeddedPostgres(stateDirectory, config.ports.postgres);
    done.push(clearedStaleLock ? 'own database: cleared the lock of a killed server' : 'own database: there');
  } else {
    await ensureDatabase(config.databaseUrl, 0).catch(() => undefined);
    const { applied, roles } = await migrate(config.databaseUrl, { makesRoles: databaseRoles });
    if (roles.length > 0) done.push(`database: made the roles ${roles.join(', ')}`);
    done.push(applied.length === 0 ? 'database: up to date' : `database: applied ${applied.join(', ')}`);
    if (!(await hadAdmin(config.databaseUrl))) await sayFirstAdmin(config, say);
  }
  return done;
}

async function sayFirstAdmin(config: MlopsConfig, say: Say): Promise<void> {
  const admin = await makeFirstAdmin(config);
  if (admin !== null) say(admin);
}

async function start(
  config: MlopsConfig,
  say: Say,
): Promise<{ healthy: boolean; parts: Awaited<ReturnType<typeof probeStack>>['parts'] }> {
  const { stateDirectory } = config;
  const pidFile = pidFileOf(stateDirectory, SUPERVISOR.name);
  await inTurn(config, say, async () => {
    if ((await prepareStart(config, say)) === null) await spawnSupervisor(config, pidFile);
  });
  const deadline = Date.now() + READY_MS;
  for (let runsSince: number | null = null; ;) {
    const status = await probeStack(config);
    const waiting = status.parts.filter(({ state }) => state !== 'up');
    const runs = waiting.every(({ name }) => name === LEDGER_PART);
    runsSince = runs ? (runsSince ?? Date.now()) : null;
    // What is wrong with the ledger is told, and keeps nobody from a stack that runs: traffic is steered by it.
    if (status.healthy || (runsSince !== null && Date.now() - runsSince > LEDGER_MS)) return status;
    if (waiting.some(({ name }) => name === 'postgres')) await assertDatabaseFits(config);
    if ((await readLivePid(pidFile)) === null || Date.now() > deadline) {
      const [first] = waiting;
      throw new MlopsError('PART_NOT_READY', {
        part: first?.name ?? 'stack',
        seconds: READY_MS / 1000,
        reason: first?.detail ?? 'the supervisor ended',
        log: logFileOf(stateDirectory, SUPERVISOR.name),
      });
    }
    await pause(300);
  }
}

/**
 * Makes what a start needs, once it is clear that it may be; who starts writes down where the stack is to be found.
 *
 * @returns the supervisor of a stack that runs already, else null
 * @throws STACK_AT_OTHER_PORTS, STACK_OF_OTHER_ENVIRONMENT, PORT_TAKEN before anything is written
 */
async function prepareStart(config: MlopsConfig, say: Say): Promise<number | null> {
  const parts = assembleStages(config, say).flat();
  await assertSameStack(config, [SUPERVISOR.name, ...parts.map(({ name }) => name)]);
  const running = await otherSupervisor(config);
  if (running === null) await assertPortsFree(config, say);
  await setUp(config, say);
  if (running === null) await saveStack(config);
  return running;
}

/** Ports of parts that do not run yet must be free. @throws PORT_TAKEN naming every holder */
async function assertPortsFree(config: MlopsConfig, say: Say): Promise<void> {
  const taken = await findTakenPorts(config);
  if (taken.length > 0)
    throw new MlopsError('PORT_TAKEN', { taken: describeTaken(taken), offset: await findFreeOffset(config) });
  const ports = checkPorts(config);
  if (ports.fix !== null) say(`Warning: ${ports.detail}. Better: ${ports.fix}`);
}

/** @throws DATABASE_NEWER, DATABASE_CHANGED: what waiting does not mend */
async function assertDatabaseFits(config: MlopsConfig): Promise<void> {
  try {
    await readLevel(databaseUrlOf(config));
  } catch (error) {
    if (isMlopsError(error) && !error.retryable) throw error;
  }
}

/** Several `mlops up` at a time make and start one stack: each waits for the one before it. */
async function inTurn<T>({ stateDirectory }: MlopsConfig, say: Say, work: () => Promise<T>): Promise<T> {
  const file = join(stateDirectory, 'run/turn.lock');
  return await runExclusively(file, work, () => say('another `mlops` starts the stack: waiting for it'));
}

/** The supervisor of the stack when it is another process, else null. */
async function otherSupervisor({ stateDirectory }: MlopsConfig): Promise<number | null> {
  const pid = await readLivePid(pidFileOf(stateDirectory, SUPERVISOR.name));
  return pid === process.pid ? null : pid;
}

async function spawnSupervisor(config: MlopsConfig, pidFile: string): Promise<void> {
  const { file, args } = ownCommand(['up']);
  const log = openSync(logFileOf(config.stateDirectory, SUPERVISOR.name), 'a', 0o600);
  const child = spawn(file, [...args], {
    cwd: config.root,
    detached: true,
    stdio: ['ignore', log, log],
    env: { ...process.env, MLOPS_PORT_OFFSET: String(portOffsetOf(config)) },
  });
  child.unref();
  await savePid(pidFile, child.pid ?? 0);
}

async function runSupervisor(config: MlopsConfig, say: Say, signal: AbortSignal): Promise<void> {
  const pidFile = pidFileOf(config.stateDirectory, SUPERVISOR.name);
  const other = await inTurn(config, say, async () => {
    const running = await prepareStart(config, say);
    if (running === null) await savePid(pidFile, process.pid);
    return running;
  });
  if (other !== null) return say(`the stack is supervised already (pid ${other})`);
  const controller = new AbortController();
  const stopNow = (): void => controller.abort();
  process.once('SIGTERM', stopNow);
  signal.addEventListener('abort', stopNow);
  await supervise(assembleStages(config, say), {
    stateDirectory: config.stateDirectory,
    workingDirectory: config.root,
    say,
    signal: controller.signal,
  });
}

async function stop(config: MlopsConfig, say: Say): Promise<string[]> {
  const { stateDirectory } = config;
  const supervised = await stopPart(SUPERVISOR, stateDirectory);
  // Parts whose supervisor was killed.
  const orphans = await stopAll(assembleStages(config, say).flat(), stateDirectory, say);
  return supervised ? ['supervisor', ...orphans] : orphans;
}
