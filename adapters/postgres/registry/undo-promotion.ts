import { isMlopsError } from '../../../domain/errors.ts';
import type { EventActor } from '../../../domain/governance/event-draft.ts';
import type { LedgerTransaction } from '../ledger/ledger.ts';
import { changeStage, type UsedApproval } from './change-stage.ts';
import { lastApprovalOf } from './earlier-approval.ts';
import type { RegistryParts } from './parts.ts';
import { assertIndex, enterStage } from './promote.ts';
import { assertVerified, isOf, noteVerified, type Verified } from './verify-artifact.ts';
import { requireVersion, type VersionRow } from './versions.ts';

/** Which version a rollout brought into production, and what it found there. */
export interface UndoOrder {
  readonly model: string;
  readonly version: string;
  /** What was in production when the rollout began; null for none. */
  readonly production: string | null;
  readonly actor: string;
}

const REASON = 'its rollout did not end there';

/**
 * Takes a version out of production whose rollout did not end there: its users are back on the one before, which takes its place again, that
 * one and no other. It needs no approval but that under which it was there: what the rollout changed is undone, nothing new comes to anybody.
 * Where it cannot come back (its artifact is damaged, it was taken out of staging, or only a file says who approved it), nothing is in
 * production until somebody promotes.
 *
 * @returns what was done, in words; null when the version is not in production, or was there before its rollout
 * @throws MODEL_NOT_FOUND, VERSION_NOT_FOUND, and what the artifact store throws while it cannot be asked
 */
export async function undoPromotion(parts: RegistryParts, order: UndoOrder): Promise<string | null> {
  const { environment } = parts;
  const { model, production, version } = order;
  const there = await requireVersion(parts.pool, environment, { model, version });
  const before =
    production === null ? null : await requireVersion(parts.pool, environment, { model, version: production });
  if (there.stage !== 'production' || before?.version_id === there.version_id) return null;
  const actor = await parts.principals.actor(order.actor);
  const verified = before === null ? null : await verify(parts, before, actor);
  return await parts.ledger.transact(async (transaction) => {
    const row = await requireVersion(transaction.client, environment, { model, version });
    if (row.stage !== 'production') return null;
    const left = `${row.content.version} left production`;
    const change = { environment, actor, reason: REASON };
    if (before === null) {
      await changeStage(transaction, { ...change, version: row, to: 'staging', act: 'demoted', approval: null });
      return `${left}; nothing is there, as before`;
    }
    const back = await requireVersion(transaction.client, environment, before.content);
    const approval = typeof verified === 'string' ? verified : await wayBack(transaction, environment, back);
    if (typeof approval === 'string' || !isOf(verified, back)) {
      await changeStage(transaction, { ...change, version: row, to: 'staging', act: 'demoted', approval: null });
      const problem = typeof approval === 'string' ? approval : 'it is another one now';
      return `${left}; nothing is there now, for ${back.content.version} cannot come back: ${problem}`;
    }
    await noteVerified(transaction, back, verified, actor);
    const entry = { row: back, current: row, environment, actor, approval, act: 'gone-back' } as const;
    await enterStage(transaction, { ...entry, order: { to: 'production', reason: REASON } });
    return `${left}; ${back.content.version} is there`;
  });
}

/** That its artifact is sound, or what is wrong with it, in words. @throws while nobody can say */
async function verify(parts: RegistryParts, row: VersionRow, actor: EventActor): Promise<Verified | string> {
  try {
    return await assertVerified(parts, row, actor);
  } catch (error) {
    if (isMlopsError(error, 'ARTIFACT_MISMATCH') || isMlopsError(error, 'ARTIFACT_MISSING')) return error.message;
    throw error;
  }
}

/** The approval under which a version was in production, or why it cannot be there now, in words. */
async function wayBack(
  { client }: LedgerTransaction,
  environment: string,
  row: VersionRow,
): Promise<UsedApproval | string> {
  if (row.stage !== 'staging') return `it is in ${row.stage} now`;
  try {
    await assertIndex(client, row);
  } catch (error) {
    if (isMlopsError(error, 'INDEX_MISMATCH')) return error.message;
    throw error;
  }
  return (await lastApprovalOf(client, environment, row)) ?? 'nobody here has seen an approval of it';
}
