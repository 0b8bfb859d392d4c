import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Pool } from 'pg';
import {
  addSigningKey,
  loadLedgerSigner,
  retireSigningKey,
  signingFileOf,
  type LedgerSigner,
} from '../adapters/crypto/ledger-signer.ts';
import { createPrimitives } from '../adapters/crypto/primitives.ts';
import { awaitCheckpoint } from '../adapters/postgres/ledger/await-checkpoint.ts';
import { originOf } from '../adapters/postgres/ledger/open-ledger.ts';
import type { EvidenceParts } from '../adapters/postgres/rollout-store.ts';
import { runExclusively } from '../adapters/processes/exclusive.ts';
import type { MlopsConfig } from '../config/schema.ts';
import { MlopsError } from '../domain/errors.ts';
import { checkNote, parseNote } from '../domain/governance/checkpoint.ts';
import { draftOfCustody } from '../domain/governance/custody-drafts.ts';
import type { Claim } from '../domain/governance/statement.ts';
import { formatVerifierKey, type VerifierKey } from '../domain/governance/verifier-key.ts';
import { writeTrustedKeys } from './ledger.ts';

/** Throws where somebody may not, or this login may not write it. */
export type Permission = (claim: Claim, action: string, content: unknown) => Promise<void>;

type Order = Claim & { readonly reason: string };
/** Older and newer. */
type Pair = readonly [VerifierKey, VerifierKey];
type Signing = Pick<MlopsConfig, 'stateDirectory' | 'auditDirectory'>;

const primitives = createPrimitives();

/**
 * The keys that sign checkpoints: a newer one beside the one in use, and the older one's end. Each step can be repeated: one that was
 * stopped half way is completed by the next, and nothing happens twice.
 */
export function createCheckpointKeys(
  config: Signing,
  { mayWrite, parts, pool }: { readonly pool: Pool; readonly parts: EvidenceParts; readonly mayWrite: Permission },
) {
  const alone = async <T>(work: () => Promise<T>): Promise<T> =>
    await runExclusively(join(config.stateDirectory, 'run', 'signing-keys.lock'), work, () => undefined);
  const record = async (
    act: 'checkpoint-key-added' | 'checkpoint-key-retired',
    { actor, reason }: Order,
    facts: { readonly key: string } & Readonly<Record<string, string>>,
  ): Promise<boolean> => {
    const draft = { subject: `ledger/${await originOf(pool)}`, reason, facts };
    const event = draftOfCustody(act, draft, await parts.principals.actor(actor));
    return await parts.ledger.append(event, `governance.${act}/${facts.key}`);
  };
  /** Where a reader of exports finds the newer key. An addition that stopped half way is completed by it. */
  const announce = async (order: Order, [older, newer]: Pair) => {
    await writeTrustedKeys(config);
    const facts = { key: newer.id, verifierKey: formatVerifierKey(primitives, newer), beside: older.id };
    return { ...facts, isNew: await record('checkpoint-key-added', order, facts) };
  };
  return {
    /** Makes a key that signs beside the one in use. `isNew` is false where one did so already. */
    async addCheckpointKey(order: Order) {
      await mayWrite(order, 'governance.rotate', { checkpointKey: 'add', reason: order.reason });
      return await alone(async () => {
        await signerOf(config, pool);
        await addSigningKey(config.stateDirectory);
        return await announce(order, pairOf(await signerOf(config, pool)));
      });
    },
    /** Ends the older of two keys. The last checkpoint that it signs covers the event of its end. */
    async retireCheckpointKey(order: Order) {
      await mayWrite(order, 'governance.rotate', { checkpointKey: 'retire', reason: order.reason });
      return await alone(async () => {
        const [older, newer] = pairOf(await signerOf(config, pool));
        await announce(order, [older, newer]);
        // Before the event: a machine that signs without the newer key would sign no more that anybody believes.
        await assertSigned(pool, newer);
        const facts = { key: older.id, inUse: newer.id };
        await record('checkpoint-key-retired', order, facts);
        await assertSigned(pool, newer);
        await retireSigningKey(config.stateDirectory, primitives);
        return { ...facts, verifierKey: formatVerifierKey(primitives, newer) };
      });
    },
  };
}

/** @throws CHECKPOINT_KEY_ELSEWHERE, LEDGER_KEYS_INVALID, LEDGER_KEY_FOREIGN */
async function signerOf({ stateDirectory }: Signing, pool: Pool): Promise<LedgerSigner> {
  const file = signingFileOf(stateDirectory);
  const signer = existsSync(file) ? await loadLedgerSigner(stateDirectory, primitives) : null;
  if (signer === null) throw new MlopsError('CHECKPOINT_KEY_ELSEWHERE', { file });
  const ledger = await originOf(pool);
  if (signer.origin !== ledger) throw new MlopsError('LEDGER_KEY_FOREIGN', { ledger, key: signer.origin });
  return signer;
}

/** @throws CHECKPOINT_KEY_ALONE */
function pairOf({ keys: [older, newer] }: LedgerSigner): Pair {
  if (older === undefined || newer === undefined)
    throw new MlopsError('CHECKPOINT_KEY_ALONE', { key: older?.id ?? 'none' });
  return [older, newer];
}

/** A checkpoint over everything that is committed is signed by that key. @throws LEDGER_UNSIGNED, CHECKPOINT_KEY_UNUSED */
async function assertSigned(pool: Pool, key: VerifierKey): Promise<void> {
  const note = parseNote(primitives, (await awaitCheckpoint(pool)).note);
  if (note === null || checkNote(primitives, note, [key]).problem !== null)
    throw new MlopsError('CHECKPOINT_KEY_UNUSED', { key: key.id });
}
