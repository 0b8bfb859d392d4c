import { existsSync } from 'node:fs';
import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { DataKeys } from '../adapters/crypto/envelope.ts';
import { followLedgerSigner, loadLedgerSigner, type LedgerSigner } from '../adapters/crypto/ledger-signer.ts';
import { createPrimitives } from '../adapters/crypto/primitives.ts';
import { createSegmentFiles, readFiledNote, segmentFolder } from '../adapters/ledger/segments.ts';
import { createLedger } from '../adapters/postgres/ledger/ledger.ts';
import { openLedger } from '../adapters/postgres/ledger/open-ledger.ts';
import { createPrincipals } from '../adapters/postgres/ledger/principals.ts';
import { readEventLines } from '../adapters/postgres/ledger/read-events.ts';
import { createPayloadSealer } from '../adapters/postgres/ledger/seal-payloads.ts';
import { signCheckpoint, sizeOfLog, type CheckpointSigner } from '../adapters/postgres/ledger/sign-checkpoint.ts';
import type { EvidenceParts } from '../adapters/postgres/rollout-store.ts';
import type { MlopsConfig } from '../config/schema.ts';
import type { Primitives } from '../domain/governance/primitives.ts';
import { formatVerifierKey, keyLines } from '../domain/governance/verifier-key.ts';
import { sourceOfCall, sourceOfCommand, type SourceOfAct } from './act-source.ts';
import { createProblemTeller } from './ledger-problem.ts';
import { requestOfCall, requestOfProgram } from './request-id.ts';
import { wrappingKeysOf, type KeyPlace } from './wrapping-keys.ts';

/** Commits come in bursts: one checkpoint serves those of this long. */
const SETTLE_MS = 200;
/** How often it is looked whether another process has appended: commands and the API append too, and sign nothing. */
const LOOK_MS = 300;

/**
 * The ledger as a process that appends uses it. On a machine with the signing key, commits of every process are soon covered by a
 * signed checkpoint and repeated in the segment files; the log is opened there when it is new.
 */
export async function composeLedger(
  config: KeyPlace & Pick<MlopsConfig, 'auditDirectory'>,
  pool: Pool,
  log: Logger,
): Promise<EvidenceParts & { close(): Promise<void> }> {
  const primitives = createPrimitives();
  const signer = followLedgerSigner(config.stateDirectory, primitives);
  const origin = (await signer?.())?.origin ?? null;
  const keys = await openDataKeys(config);
  const follower =
    signer === null || origin === null
      ? null
      : followCommits(
          { pool, primitives, signer: checkpointSigner(config, signer), log },
          segmentFolder(config.auditDirectory, origin),
        );
  const ledger = createLedger(pool, {
    primitives,
    sealer: createPayloadSealer(primitives, keys),
    // What a worker does is the system's own, but for orders that came from elsewhere.
    source: sourceOfCall,
    request: requestOfCall,
    ...(follower === null ? {} : { onCommit: follower.wake }),
  });
  if (origin !== null) await openLedger(pool, ledger, origin);
  return {
    pool,
    ledger,
    principals: createPrincipals(pool),
    close: async () => await follower?.close(),
  };
}

/**
 * The ledger as a program uses it that appends now and then: its events are signed by whoever has the key. Acts come from where
 * `source` says: a command's from this machine.
 */
export async function composeEvidence(
  config: KeyPlace,
  pool: Pool,
  source: SourceOfAct = sourceOfCommand,
): Promise<EvidenceParts> {
  const primitives = createPrimitives();
  const sealer = createPayloadSealer(primitives, await openDataKeys(config));
  const ledger = createLedger(pool, { primitives, sealer, source, request: requestOfProgram });
  return { pool, ledger, principals: createPrincipals(pool) };
}

/** Refused at the start rather than at the first payload when the keys are not there. @throws as `WrappingKeys.active` */
export async function openDataKeys(config: KeyPlace): Promise<DataKeys> {
  const keys = wrappingKeysOf(config);
  await keys.active();
  return keys.dataKeys('ledger_key');
}

/** The signer with what this machine has filed: a log that does not continue that is not signed. */
export function checkpointSigner(
  { auditDirectory }: Pick<MlopsConfig, 'auditDirectory'>,
  signer: () => Promise<LedgerSigner>,
): () => Promise<CheckpointSigner> {
  return async () => {
    const keys = await signer();
    return { ...keys, filed: async () => await readFiledNote(segmentFolder(auditDirectory, keys.origin)) };
  };
}

/** Signs and files what was committed, by whomever, a little later. What fails is tried again with the next look. */
function followCommits(
  {
    pool,
    primitives,
    signer,
    log,
  }: { pool: Pool; primitives: Primitives; signer: () => Promise<CheckpointSigner>; log: Logger },
  folder: string,
): { readonly wake: () => void; close(): Promise<void> } {
  const segments = createSegmentFiles(folder);
  const problem = createProblemTeller(folder, log);
  let timer: NodeJS.Timeout | null = null;
  let following: Promise<void> | null = null;
  let isBehind = false;
  let followed: number | null = null;
  const follow = async (): Promise<void> => {
    try {
      const checkpoint = await signCheckpoint(pool, primitives, await signer());
      await segments.follow(checkpoint, (from, to) => readEventLines(pool, from, to));
      await problem.takeBack();
      followed = checkpoint.size;
    } catch (error) {
      // Where not even that can be written, it shows by what is not signed or filed.
      await problem.tell(error);
    }
  };
  const catchUp = async (): Promise<void> => {
    while (isBehind) {
      isBehind = false;
      await follow();
    }
    following = null;
  };
  const run = (): void => {
    timer = null;
    isBehind = true;
    following ??= catchUp();
  };
  const wake = (): void => void (timer ??= setTimeout(run, SETTLE_MS));
  // A database that is away is said by those who need it.
  const look = async (): Promise<void> => {
    const size = await sizeOfLog(pool).catch(() => followed);
    if ((size !== followed || problem.isTelling()) && following === null && timer === null) run();
  };
  const looking = setInterval(() => void look(), LOOK_MS).unref();
  return {
    wake,
    async close() {
      clearInterval(looking);
      if (timer !== null) {
        clearTimeout(timer);
        run();
      }
      await following;
      await problem.takeBack().catch(() => undefined);
    },
  };
}

/** The log's own verifier keys, one per line, those that signed before among them; empty on a machine that does not sign. */
export async function readVerifierKeys({ stateDirectory }: Pick<MlopsConfig, 'stateDirectory'>): Promise<string> {
  const primitives = createPrimitives();
  const signer = await loadLedgerSigner(stateDirectory, primitives);
  return [...(signer?.retired ?? []), ...(signer?.keys ?? [])]
    .map((key) => `${formatVerifierKey(primitives, key)}\n`)
    .join('');
}

/** Adds the log's own verifier keys to those that readers of exports find. Keys of earlier logs stay until a person removes them. */
export async function writeTrustedKeys(config: Pick<MlopsConfig, 'stateDirectory' | 'auditDirectory'>): Promise<void> {
  const file = join(config.auditDirectory, 'trusted-keys');
  const text = existsSync(file) ? await readFile(file, 'utf8') : '';
  const there = keyLines(text);
  const missing = keyLines(await readVerifierKeys(config)).filter((line) => !there.includes(line));
  if (missing.length === 0) return;
  await mkdir(config.auditDirectory, { recursive: true, mode: 0o700 });
  // A person may have left the last line without its end.
  const begin = text === '' || text.endsWith('\n') ? '' : '\n';
  await appendFile(file, begin + missing.map((line) => `${line}\n`).join(''));
}
