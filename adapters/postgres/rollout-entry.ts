import type { RolloutEventRecord } from '../../activities/ports.ts';
import { draftOfEntry, type RolloutSubject } from '../../domain/governance/rollout-drafts.ts';
import { appendAct, assertNobodyErased, blankDetails, endForgetting, readErased } from './erased-while-running.ts';
import type { LedgerTransaction } from './ledger/ledger.ts';
import { createGrantedApprovals } from './registry/granted-approvals.ts';
import type { EvidenceParts } from './rollout-store.ts';

/** Writes an entry of a rollout's story with its event, once. @throws APPROVAL_NOT_GRANTED when it would use an approval that does not allow it */
export async function recordEntry(
  { ledger, pool, principals }: EvidenceParts,
  record: RolloutEventRecord,
): Promise<void> {
  const { rolloutKey } = record;
  const erased = await readErased(pool, rolloutKey);
  const [id, writerId] = [erased.idOf(record.actor), erased.idOf(record.details['writer'])];
  const name = id ?? record.actor;
  const actor = await principals.actor(name);
  const writer = writerId ?? record.details['writer'];
  const told = typeof writer === 'string' ? await principals.actor(writer) : actor;
  await ledger.transact(async (transaction) => {
    await assertNobodyErased(transaction, rolloutKey, erased);
    const isErased = id !== null || writerId !== null;
    const endedAs = isErased ? await endOf(transaction, record) : null;
    const said = isErased ? blankDetails(record.details, { endedAs, writer: writerId }) : record.details;
    const details = JSON.stringify(said);
    const { rowCount } = await transaction.client.query(
      `INSERT INTO rollout_event (rollout_key, idempotency_key, at, event, actor, details, ledger_sequence)
       VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (idempotency_key) DO NOTHING`,
      [rolloutKey, record.idempotencyKey, record.at, record.event, name, details, transaction.next],
    );
    await endForgetting(transaction, rolloutKey, erased);
    if (rowCount !== 1) return;
    const rollout = await subjectOf(transaction, rolloutKey);
    const plain = JSON.parse(details) as Record<string, unknown>;
    const draft = draftOfEntry(rollout, { ...record, details: plain }, actor, told);
    const sequence = appendAct(transaction, draft, isErased);
    // What is done and the approval that it uses up are one: both are there, or neither.
    if (record.uses !== undefined)
      await createGrantedApprovals().assertGranted(transaction.client, { ...record.uses, sequence });
  });
}

/** The reason of how a rollout ended, where an entry is the one that repeats it; null for any other. */
async function endOf({ client }: LedgerTransaction, { event, rolloutKey }: RolloutEventRecord): Promise<string | null> {
  const { rows } = await client.query<{ reason: string }>(
    'SELECT reason FROM rollout WHERE rollout_key = $1 AND outcome = $2',
    [rolloutKey, event],
  );
  return rows[0]?.reason ?? null;
}

/** The rollout that an event is of. */
export async function subjectOf({ client }: LedgerTransaction, rolloutKey: string): Promise<RolloutSubject> {
  const { rows } = await client.query<{ environment: string; model: string; to_version: string }>(
    'SELECT environment, model, to_version FROM rollout WHERE rollout_key = $1',
    [rolloutKey],
  );
  const [row] = rows;
  if (row === undefined) throw new Error(`rollout ${rolloutKey} was never opened`);
  return { rolloutKey, environment: row.environment, model: row.model, toVersion: row.to_version };
}
