import { existsSync } from 'node:fs';
import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { DataKeys } from '../adapters/crypto/envelope.ts';
import { createLocalDataKeys } from '../adapters/crypto/local-data-keys.ts';
import {
  activateNextWrappingKey,
  addNextWrappingKey,
  followWrappingKeys,
  loadLedgerSigner,
  type LedgerSigner,
} from '../adapters/crypto/ledger-keys.ts';
import { createPrimitives } from '../adapters/crypto/primitives.ts';
import { createSegmentFiles, segmentFolder } from '../adapters/ledger/segments.ts';
import { createLedger } from '../adapters/postgres/ledger/ledger.ts';
import { createErasure } from '../adapters/postgres/ledger/erase.ts';
import { createLegalHolds } from '../adapters/postgres/ledger/legal-holds.ts';
import { openLedger, originOf } from '../adapters/postgres/ledger/open-ledger.ts';
import { createPrincipals } from '../adapters/postgres/ledger/principals.ts';
import { createLedgerReader } from '../adapters/postgres/ledger/reader.ts';
import { readEventLines } from '../adapters/postgres/ledger/read-events.ts';
import { rewrapKeys } from '../adapters/postgres/ledger/rewrap.ts';
import { createPayloadSealer } from '../adapters/postgres/ledger/seal-payloads.ts';
import { signCheckpoint } from '../adapters/postgres/ledger/sign-checkpoint.ts';
import type { EvidenceParts } from '../adapters/postgres/rollout-store.ts';
import { runExclusively } from '../adapters/processes/exclusive.ts';
import type { MlopsConfig } from '../config/schema.ts';
import { messageOf } from '../domain/errors.ts';
import { draftOfCustody } from '../domain/governance/custody-drafts.ts';
import type { Primitives } from '../domain/governance/primitives.ts';
import { formatVerifierKey, keyLines } from '../domain/governance/verifier-key.ts';

/** Commits come in bursts: one checkpoint serves those of this long. */
const SETTLE_MS = 200;

/**
 * The ledger as a process that appends uses it. On a machine with the signing key, commits are soon covered by a signed
 * checkpoint and repeated in the segment files; the log is opened there when it is new.
 */
export async function composeLedger(
  config: Pick<MlopsConfig, 'stateDirectory' | 'auditDirectory'>,
  pool: Pool,
  log: Logger,
): Promise<EvidenceParts & { close(): Promise<void> }> {
  const primitives = createPrimitives();
  const signer = await loadLedgerSigner(config.stateDirectory, primitives);
  const keys = await openDataKeys(config.stateDirectory);
  const follower = signer === null ? null : followCommits({ pool, primitives, signer, log }, config.auditDirectory);
  const ledger = createLedger(pool, {
    primitives,
    sealer: createPayloadSealer(primitives, keys),
    ...(follower === null ? {} : { onCommit: follower.wake }),
  });
  if (signer !== null) await openLedger(pool, ledger, signer.origin);
  return {
    pool,
    ledger,
    principals: createPrincipals(pool),
    close: async () => await follower?.close(),
  };
}

/** The ledger as somebody who looks into it uses it. */
export async function composeLedgerReader(
  config: Pick<MlopsConfig, 'stateDirectory'> & { readonly governance: Pick<MlopsConfig['governance'], 'readSample'> },
  pool: Pool,
) {
  const primitives = createPrimitives();
  const keys = await openDataKeys(config.stateDirectory);
  const ledger = createLedger(pool, { primitives, sealer: createPayloadSealer(primitives, keys) });
  const signer = await loadLedgerSigner(config.stateDirectory, primitives);
  const { readSample } = config.governance;
  return createLedgerReader({ pool, ledger, principals: createPrincipals(pool), primitives, signer, keys, readSample });
}

/** The ledger as a program uses it that changes something now and then: what it appends is signed by the workers. */
export async function composeEvidence(
  { stateDirectory }: Pick<MlopsConfig, 'stateDirectory'>,
  pool: Pool,
): Promise<EvidenceParts> {
  const primitives = createPrimitives();
  const keys = await openDataKeys(stateDirectory);
  const ledger = createLedger(pool, { primitives, sealer: createPayloadSealer(primitives, keys) });
  return { pool, ledger, principals: createPrincipals(pool) };
}

/** Erasure, holds and rotation, as somebody who is responsible for the evidence uses them. */
export async function composeGovernance(config: Pick<MlopsConfig, 'stateDirectory'>, pool: Pool) {
  const { stateDirectory } = config;
  const primitives = createPrimitives();
  const keys = await openDataKeys(stateDirectory);
  const ledger = createLedger(pool, { primitives, sealer: createPayloadSealer(primitives, keys) });
  const principals = createPrincipals(pool);
  // Two that write the file of keys at once would lose one of them.
  const alone = async <T>(work: () => Promise<T>): Promise<T> =>
    await runExclusively(join(stateDirectory, 'run', 'wrapping-keys.lock'), work, () => undefined);
  return {
    ...createErasure({ pool, ledger, principals }),
    ...createLegalHolds({ pool, ledger, principals }),
    addKey: async () => await alone(async () => await addNextWrappingKey(stateDirectory)),
    rotate: async ({ actor, reason }: { readonly actor: string; readonly reason: string }) =>
      await alone(async () => {
        const key = await addNextWrappingKey(stateDirectory);
        const origin = await originOf(pool);
        // Written before: a rotation that stopped half way is known, and the next one goes on with it.
        const order = { subject: `ledger/${origin}`, reason, facts: { key } };
        await ledger.append(draftOfCustody('keys-rotated', order, await principals.actor(actor)));
        await activateNextWrappingKey(stateDirectory);
        return { key, rewrapped: await rewrapKeys(pool, keys, { origin, active: key }) };
      }),
  };
}

/** Refused at the start rather than at the first payload when the keys are not there. @throws LEDGER_KEYS_INVALID */
async function openDataKeys(stateDirectory: string): Promise<DataKeys> {
  const ring = followWrappingKeys(stateDirectory);
  await ring();
  return createLocalDataKeys(ring);
}

/** Signs and files what was committed, a little later. What fails is tried again with the next commit. */
function followCommits(
  { pool, primitives, signer, log }: { pool: Pool; primitives: Primitives; signer: LedgerSigner; log: Logger },
  auditDirectory: string,
): { readonly wake: () => void; close(): Promise<void> } {
  const segments = createSegmentFiles(segmentFolder(auditDirectory, signer.origin));
  let timer: NodeJS.Timeout | null = null;
  let running = Promise.resolve();
  const follow = async (): Promise<void> => {
    try {
      const checkpoint = await signCheckpoint(pool, primitives, signer);
      await segments.follow(checkpoint, (from, to) => readEventLines(pool, from, to));
    } catch (error) {
      log.error({ error: messageOf(error) }, 'ledger was not signed, or not repeated in its files');
    }
  };
  const run = (): void => {
    timer = null;
    running = running.then(follow);
  };
  return {
    wake: () => void (timer ??= setTimeout(run, SETTLE_MS)),
    async close() {
      if (timer !== null) {
        clearTimeout(timer);
        run();
      }
      await running;
    },
  };
}

/** The log's own verifier keys, one per line; empty on a machine that does not sign. */
export async function readVerifierKeys({ stateDirectory }: Pick<MlopsConfig, 'stateDirectory'>): Promise<string> {
  const primitives = createPrimitives();
  const signer = await loadLedgerSigner(stateDirectory, primitives);
  return (signer?.keys ?? []).map((key) => `${formatVerifierKey(primitives, key)}\n`).join('');
}

/** Adds the log's own verifier keys to those that readers of exports find. Keys of earlier logs stay until a person removes them. */
export async function writeTrustedKeys(config: Pick<MlopsConfig, 'stateDirectory' | 'auditDirectory'>): Promise<void> {
  const file = join(config.auditDirectory, 'trusted-keys');
  const there = existsSync(file) ? keyLines(await readFile(file, 'utf8')) : [];
  const missing = keyLines(await readVerifierKeys(config)).filter((line) => !there.includes(line));
  if (missing.length === 0) return;
  await mkdir(config.auditDirectory, { recursive: true, mode: 0o700 });
  await appendFile(file, missing.map((line) => `${line}\n`).join(''));
}
