// A PostgreSQL of its own for a test file, with the ledger open in it.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { newDataKey } from '../../adapters/crypto/envelope.ts';
import type { KeyRing } from '../../adapters/crypto/key-ring.ts';
import { createLocalDataKeys } from '../../adapters/crypto/local-data-keys.ts';
import { ensureDatabase } from '../../adapters/postgres/create-database.ts';
import { prepareEmbeddedPostgres } from '../../adapters/postgres/embedded.ts';
import { createLedger } from '../../adapters/postgres/ledger/ledger.ts';
import { openLedger } from '../../adapters/postgres/ledger/open-ledger.ts';
import { createPrincipals } from '../../adapters/postgres/ledger/principals.ts';
import { createPayloadSealer } from '../../adapters/postgres/ledger/seal-payloads.ts';
import type { EvidenceParts } from '../../adapters/postgres/rollout-store.ts';
import { startPart, stopPart, type Part } from '../../adapters/processes/part.ts';
import { ORIGIN, primitives } from './ledger.ts';

export interface TestDatabase {
  readonly url: string;
  readonly part: Part;
  readonly state: string;
  readonly root: string;
  remove(): Promise<void>;
}

export async function startDatabase(port: number): Promise<TestDatabase> {
  const root = mkdtempSync(join(tmpdir(), 'mlops-postgres-'));
  // The server runs as another user when tests run as root.
  chmodSync(root, 0o755);
  const state = join(root, '.mlops');
  const part: Part = {
    name: 'postgres',
    stopSignal: 'SIGINT',
    graceMs: 10_000,
    command: async () => (await prepareEmbeddedPostgres(state, port)).command,
    probe: async () => await Promise.resolve(),
  };
  const { url } = await prepareEmbeddedPostgres(state, port);
  await startPart(part, state, root);
  await ensureDatabase(url, 20_000);
  return {
    url,
    part,
    state,
    root,
    remove: async () => {
      await stopPart(part, state);
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** Keys of one test: every ledger over the same database needs the same ones. */
const testRing: KeyRing = { active: 'k1', keys: new Map([['k1', newDataKey()]]) };
export const testKeys = createLocalDataKeys(async () => await Promise.resolve(testRing));
/** The same keys, for secrets of webhooks. */
export const testSecretKeys = createLocalDataKeys(async () => await Promise.resolve(testRing), 'webhook');

/** A ledger as a process has it. The database must be migrated. */
export async function openTestLedger(pool: Pool, onCommit?: () => void): Promise<EvidenceParts> {
  const ledger = createLedger(pool, {
    primitives,
    sealer: createPayloadSealer(primitives, testKeys),
    ...(onCommit === undefined ? {} : { onCommit }),
  });
  await openLedger(pool, ledger, ORIGIN);
  return { pool, ledger, principals: createPrincipals(pool) };
}
