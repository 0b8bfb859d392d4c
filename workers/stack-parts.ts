import { mkdir } from 'node:fs/promises';
import { Connection } from '@temporalio/client';
import { ensureDatabase } from '../adapters/postgres/create-database.ts';
import { prepareEmbeddedPostgres } from '../adapters/postgres/embedded.ts';
import { migrate } from '../adapters/postgres/migrate.ts';
import { databaseUrlOf } from '../adapters/postgres/pool.ts';
import { ownProgram } from '../adapters/processes/own-file.ts';
import { readLivePid } from '../adapters/processes/pid-file.ts';
import { pidFileOf, type Part, type PartCommand } from '../adapters/processes/part.ts';
import { devServerCommand } from '../adapters/temporal/dev-server.ts';
import { findServer } from '../adapters/temporal/find-server.ts';
import { ensureRetention } from '../adapters/temporal/namespace.ts';
import type { MlopsConfig } from '../config/schema.ts';
import { findPollers } from './pollers.ts';

const PROBE_MS = 2000;

/** The processes of the local stack in stages; those of a stage start side by side. What is configured elsewhere is not ours. */
export function assembleStages(config: MlopsConfig, say: (line: string) => void): Part[][] {
  const ground = [
    ...(config.databaseUrl === null ? [postgresPart(config)] : []),
    ...(config.temporal.address === null ? [temporalPart(config, say)] : []),
  ];
  const service = [...(config.gateway.isElsewhere ? [] : [gatewayPart(config)]), apiPart(config)];
  return [ground, service, [workerPart(config)]].filter((stage) => stage.length > 0);
}

function postgresPart(config: MlopsConfig): Part {
  return {
    name: 'postgres',
    stopSignal: 'SIGINT',
    graceMs: 15_000,
    command: async () => {
      const { command } = await prepareEmbeddedPostgres(config.stateDirectory, config.ports.postgres);
      return command;
    },
    probe: async () => {
      const url = databaseUrlOf(config);
      await ensureDatabase(url, 0);
      await migrate(url, { makesRoles: true });
    },
  };
}

function temporalPart(config: MlopsConfig, say: (line: string) => void): Part {
  const { ports, temporal } = config;
  return {
    name: 'temporal',
    stopSignal: 'SIGTERM',
    graceMs: 15_000,
    command: async () => {
      const { binary } = await findServer(say);
      const { file, args, directory } = devServerCommand({
        binary,
        stateDirectory: config.stateDirectory,
        port: ports.temporal,
        uiPort: ports.temporalUi,
        namespace: temporal.namespace,
        codecEndpoint: `http://127.0.0.1:${ports.api}/codec`,
      });
      await mkdir(directory, { recursive: true });
      return { file, args };
    },
    probe: async () => {
      const connection = await Connection.connect({ address: `127.0.0.1:${ports.temporal}`, connectTimeout: '2s' });
      try {
        await ensureRetention(connection, temporal.namespace, temporal.retentionDays);
      } finally {
        await connection.close();
      }
    },
  };
}

function gatewayPart(config: MlopsConfig): Part {
  return ownPart('gateway', 12_000, async () => await expectOk(new URL('/v1/healthz', config.gateway.adminUrl).href));
}

function apiPart(config: MlopsConfig): Part {
  return ownPart('api', 5000, async () => await expectOk(`http://127.0.0.1:${config.ports.api}/healthz`));
}

function workerPart(config: MlopsConfig): Part {
  return ownPart('worker', 15_000, async () => {
    const pid = await readLivePid(pidFileOf(config.stateDirectory, 'worker'));
    const pollers = await findPollers(config);
    if (!pollers.some(({ identity }) => identity.startsWith(`worker-${pid}@`)))
      throw new Error('it does not poll the queue yet');
  });
}

/** A part that is a command of this program. */
function ownPart(name: string, graceMs: number, probe: () => Promise<void>): Part {
  return {
    name,
    stopSignal: 'SIGTERM',
    graceMs,
    command: async () => await Promise.resolve(ownCommand([name])),
    probe,
  };
}

/** Runs this program's command line on the Node that runs this process. */
export function ownCommand(args: readonly string[]): PartCommand {
  return { file: process.execPath, args: [...ownProgram('client/cli/main'), ...args] };
}

/** @throws when the address does not answer 200 */
export async function expectOk(url: string): Promise<void> {
  const response = await fetch(url, { signal: AbortSignal.timeout(PROBE_MS) });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
}
