import { Client, Connection } from '@temporalio/client';
import { callAdmin } from '../adapters/gateway/admin-client.ts';
import { readLevel } from '../adapters/postgres/migrate.ts';
import { databaseUrlOf } from '../adapters/postgres/pool.ts';
import { isAlive, readLivePid } from '../adapters/processes/pid-file.ts';
import { pidFileOf } from '../adapters/processes/part.ts';
import { connectionOptionsOf, loadDataConverter } from '../adapters/temporal/connect.ts';
import { scheduleId } from '../adapters/temporal/schedules.ts';
import type { MlopsConfig } from '../config/schema.ts';
import { examineLedger } from './ledger-status.ts';
import { examineSource, sourceUrlOf } from './registry-source.ts';
import { findPollers } from './pollers.ts';
import { expectOk } from './stack-parts.ts';
import { isMlopsError, messageOf } from '../domain/errors.ts';

const PROBE_MS = 2000;
/** The counter that error rates are read from (contract §7). */
const COUNTER = 'model_predictions_total';

/** Shape of client/stack-port.ts; workers do not import the client. */
export interface PartStatus {
  readonly name: string;
  readonly state: 'up' | 'down' | 'degraded';
  readonly pid: number | null;
  readonly address: string;
  readonly detail: string;
  /** The command or key that mends it; null when nothing is wrong. One that is up may have something to be mended too. */
  readonly fix: string | null;
}

type Seen = { readonly state: PartStatus['state']; readonly detail: string; readonly fix?: string };

const START = 'mlops up --detach';

/** No process: what the workers keep signed, and in files. */
export const LEDGER_PART = 'ledger';

/** Probes every part now, side by side. */
export async function probeStack(config: MlopsConfig): Promise<{ healthy: boolean; parts: PartStatus[] }> {
  const groups = await Promise.all([
    probeTemporal(config),
    probePostgres(config),
    probeLedger(config),
    probeWorkers(config),
    probeApi(config),
    probeGateway(config),
    probeMetrics(config),
    probeGuard(config),
    probeSource(config),
  ]);
  const parts = groups.flat();
  return { healthy: parts.every(({ state }) => state === 'up'), parts };
}

async function probe(
  config: MlopsConfig,
  name: string,
  address: string,
  look: () => Promise<string | Seen>,
): Promise<PartStatus[]> {
  const pid = await readLivePid(pidFileOf(config.stateDirectory, name));
  try {
    const seen = await look();
    const { state, detail, fix } = typeof seen === 'string' ? { state: 'up' as const, detail: seen } : seen;
    return [{ name, state, pid, address, detail, fix: fix ?? (state === 'up' ? null : START) }];
  } catch (error) {
    const detail = messageOf(error).split('\n')[0] ?? '';
    if (!isMlopsError(error) || error.retryable) return [{ name, state: 'down', pid, address, detail, fix: START }];
    // Starting it once more would not help.
    return [{ name, state: 'degraded', pid, address, detail: `${detail} (${error.code})`, fix: error.remedy }];
  }
}

async function probeTemporal(config: MlopsConfig): Promise<PartStatus[]> {
  const { address } = connectionOptionsOf(config);
  return await probe(config, 'temporal', address, async () => {
    return await withConnection(config, async (connection, namespace) => {
      const { config: settings } = await connection.workflowService.describeNamespace({ namespace });
      const days = Number(settings?.workflowExecutionRetentionTtl?.seconds ?? 0) / 86_400;
      return `namespace ${namespace}, retention ${days} days, Web UI http://127.0.0.1:${config.ports.temporalUi}`;
    });
  });
}

async function probePostgres(config: MlopsConfig): Promise<PartStatus[]> {
  const address = config.databaseUrl === null ? `127.0.0.1:${config.ports.postgres}` : new URL(config.databaseUrl).host;
  return await probe(config, 'postgres', address, async () => {
    const { level, wanted } = await readLevel(databaseUrlOf(config));
    return level === wanted
      ? `migration ${level}`
      : { state: 'degraded', detail: `migration ${level}, wanted ${wanted}: run \`mlops up\`` };
  });
}

async function probeLedger(config: MlopsConfig): Promise<PartStatus[]> {
  return await probe(config, LEDGER_PART, config.auditDirectory, async () => await examineLedger(config));
}

async function probeWorkers(config: MlopsConfig): Promise<PartStatus[]> {
  const found = await findPollers(config).catch((error: unknown) => messageOf(error));
  if (typeof found === 'string') return [noWorker(found)];
  const live = found
    .map(({ identity }) => ({ identity, pid: Number(/^worker-(\d+)@/.exec(identity)?.[1] ?? Number.NaN) }))
    .filter(({ pid }) => Number.isNaN(pid) || isAlive(pid));
  if (live.length === 0) return [noWorker('nobody polls the queue')];
  return live.map(({ identity, pid }) => ({
    name: 'worker',
    state: 'up',
    pid: Number.isNaN(pid) ? null : pid,
    address: 'queue mlops',
    detail: identity,
    fix: null,
  }));
}

function noWorker(detail: string): PartStatus {
  return { name: 'worker', state: 'down', pid: null, address: 'queue mlops', detail, fix: START };
}

async function probeApi(config: MlopsConfig): Promise<PartStatus[]> {
  const address = `http://127.0.0.1:${config.ports.api}`;
  return await probe(config, 'api', address, async () => {
    await expectOk(`${address}/readyz`);
    return 'ready';
  });
}

async function probeGateway(config: MlopsConfig): Promise<PartStatus[]> {
  return await probe(config, 'gateway', config.gateway.url, async () => {
    const { splits } = (await callAdmin(config, '/v1/splits')) as {
      splits: { split: { model: string; canaryBasisPoints: number; stable: { version: string } } }[];
    };
    const shown = splits.map(
      ({ split }) => `${split.model} ${split.stable.version} (${split.canaryBasisPoints / 100} % canary)`,
    );
    return shown.length === 0 ? 'no model yet' : shown.join(', ');
  });
}

async function probeMetrics(config: MlopsConfig): Promise<PartStatus[]> {
  return await probe(config, 'metrics', config.monitoringEndpoint, async () => {
    await expectMetrics(config.monitoringEndpoint);
    const { splits } = (await callAdmin(config, '/v1/splits')) as { splits: { split: { model: string } }[] };
    for (const { split } of splits) await callAdmin(config, `/v1/snapshot/${encodeURIComponent(split.model)}`);
    return `readings of ${splits.length} models`;
  });
}

/** @throws when the address does not answer with the counters that decisions are made of */
async function expectMetrics(url: string): Promise<void> {
  const response = await fetch(url, { signal: AbortSignal.timeout(PROBE_MS) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  if (!text.includes(COUNTER)) throw new Error(`${url} has no ${COUNTER}: set MONITORING_ENDPOINT`);
}

async function probeGuard(config: MlopsConfig): Promise<PartStatus[]> {
  const id = scheduleId('traffic-guard', config.environment);
  return await probe(config, 'traffic-guard', id, async () => {
    return await withConnection(config, async (connection, namespace) => {
      const { state } = await new Client({
        connection,
        namespace,
        dataConverter: await loadDataConverter(config.stateDirectory),
      }).schedule
        .getHandle(id)
        .describe();
      return state.paused ? { state: 'degraded' as const, detail: 'the schedule is paused' } : 'every minute';
    });
  });
}

/** Only where versions come from another registry. What it has that cannot be taken over stops nothing here. */
async function probeSource(config: MlopsConfig): Promise<PartStatus[]> {
  const url = sourceUrlOf(config);
  if (url === null) return [];
  return await probe(config, 'registry-source', url, async () => {
    const { conflicts, readUntil } = await examineSource(config, url);
    const detail = readUntil === null ? 'not read yet' : `read until ${readUntil}`;
    if (conflicts === 0) return detail;
    return {
      state: 'up',
      detail: `${detail}, ${conflicts} version${conflicts === 1 ? '' : 's'} not taken over`,
      fix: 'see what could not be taken over, and what mends it: mlops model import --conflicts',
    };
  });
}

async function withConnection<T>(
  config: MlopsConfig,
  work: (connection: Connection, namespace: string) => Promise<T>,
): Promise<T> {
  const { connectionOptions, namespace } = connectionOptionsOf(config);
  const connection = await Connection.connect({ ...connectionOptions, connectTimeout: '2s' });
  try {
    return await work(connection, namespace);
  } finally {
    await connection.close();
  }
}
