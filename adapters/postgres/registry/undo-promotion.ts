import { isMlopsError, MlopsError } from '../../../domain/errors.ts';
import type { EventActor } from '../../../domain/governance/event-draft.ts';
import type { LedgerTransaction } from '../ledger/ledger.ts';
import { changeStage, type UsedApproval } from './change-stage.ts';
import { lastApprovalOf } from './earlier-approval.ts';
import type { RegistryParts } from './parts.ts';
import { assertIndex, enterStage } from './promote.ts';
import { assertVerified, isOf, noteVerified, type Verified } from './verify-artifact.ts';
import { requireVersion, run, type Queries, type VersionRow } from './versions.ts';

/** Which version a rollout brought into production, and what it found there. */
export interface UndoOrder {
  readonly model: string;
  readonly version: string;
  /** What was in production when the rollout began; null for none. */
  readonly production: string | null;
  readonly actor: string;
  /** Names this undoing: it is made once, and asked for again it is answered in the same words. Absent in orders of before it was kept. */
  readonly key?: string;
  /** Whose undoing it is: what somebody else brought into production stays. Absent in orders of before it was kept. */
  readonly rolloutKey?: string;
}

const REASON = 'its rollout did not end there';

/**
 * Takes a version out of production whose rollout did not end there: the one before takes its place again, that one and no other. Its users
 * are back there, or the traffic guard brings them as soon as it is healthy. It needs no approval but that under which it was there: what the
 * rollout changed is undone, nothing new comes to anybody. Where it cannot come back (its artifact is damaged, it was taken out of staging, or
 * only a file says who approved it), nothing is in production until somebody promotes.
 *
 * @returns what was done, in words, also when an earlier attempt of this order did it; null when the version is not in production, was there
 *   before its rollout, or was put there by somebody else
 * @throws MODEL_NOT_FOUND, VERSION_NOT_FOUND, and what the artifact store throws while it cannot be asked
 */
export async function undoPromotion(parts: RegistryParts, order: UndoOrder): Promise<string | null> {
  const { environment, pool } = parts;
  const { key, model, production, version } = order;
  const there = await requireVersion(pool, environment, { model, version });
  const before = production === null ? null : await requireVersion(pool, environment, { model, version: production });
  if (before?.version_id === there.version_id) return null;
  if (there.stage !== 'production') return await wordsOfEarlier(pool, environment, { row: there, back: before }, key);
  const actor = await parts.principals.actor(order.actor);
  const verified = before === null ? null : await verify(parts, before, actor);
  return await parts.ledger.transact(
    async (transaction) => await undo(transaction, { order, environment, actor, before, verified }),
  );
}

async function undo(
  transaction: LedgerTransaction,
  entry: {
    readonly order: UndoOrder;
    readonly environment: string;
    readonly actor: EventActor;
    readonly before: VersionRow | null;
    readonly verified: Verified | string | null;
  },
): Promise<string | null> {
  const { actor, before, environment, order, verified } = entry;
  const { client } = transaction;
  const row = await requireVersion(client, environment, { model: order.model, version: order.version });
  const back = before === null ? null : await requireVersion(client, environment, before.content);
  const earlier = await wordsOfEarlier(client, environment, { row, back }, order.key);
  if (earlier !== null || row.stage !== 'production') return earlier;
  if (await isOfOthers(client, environment, row, order.rolloutKey)) return null;
  const change = { environment, actor, facts: order.key === undefined ? {} : { undoing: order.key } };
  const demoted = { ...change, version: row, to: 'staging', act: 'demoted', approval: null, reason: REASON } as const;
  if (back === null) {
    await changeStage(transaction, demoted);
    return inWords({ row, back }, null);
  }
  const approval = typeof verified === 'string' ? verified : await wayBack(client, environment, back);
  if (typeof approval === 'string' || !isOf(verified, back)) {
    await changeStage(transaction, demoted);
    return inWords({ row, back }, typeof approval === 'string' ? approval : 'it is another one now');
  }
  await noteVerified(transaction, back, verified, actor);
  const stages = { ...change, row: back, current: row, approval, act: 'gone-back' } as const;
  await enterStage(transaction, { ...stages, order: { to: 'production', reason: REASON } });
  return inWords({ row, back }, null);
}

/** Whether it was put there by hand, or by another rollout. Of changes by an earlier release nobody can say. */
async function isOfOthers(
  queries: Queries,
  environment: string,
  { version_id: id }: VersionRow,
  rolloutKey: string | undefined,
): Promise<boolean> {
  if (rolloutKey === undefined) return false;
  const [last] = await run<{ said: { readonly rollout?: string | null } }>(
    queries,
    `SELECT e.canonical::json -> 'facts' AS said FROM stage_change c JOIN ledger_event e ON e.sequence = c.ledger_sequence
     WHERE c.version_id = $1 AND c.environment = $2 AND c.to_stage = 'production' ORDER BY c.change_id DESC LIMIT 1`,
    [id, environment],
  );
  return last?.said.rollout !== undefined && last.said.rollout !== rolloutKey;
}

/** What left production, and what was there before it. */
interface Undone {
  readonly row: VersionRow;
  readonly back: VersionRow | null;
}

/** @param problem why the version of before cannot come back */
function inWords({ back, row }: Undone, problem: string | null): string {
  const left = `${row.content.version} left production`;
  if (back === null) return `${left}; nothing is there, as before`;
  const { version } = back.content;
  return problem === null
    ? `${left}; ${version} is there`
    : `${left}; nothing is there now, for ${version} cannot come back: ${problem}`;
}

/** What an earlier attempt did, whose answer was lost; null when none did anything. */
async function wordsOfEarlier(
  queries: Queries,
  environment: string,
  undone: Undone,
  key: string | undefined,
): Promise<string | null> {
  if (key === undefined) return null;
  const { back, row } = undone;
  const [change] = await run<{ act: string }>(
    queries,
    `SELECT c.act FROM stage_change c JOIN ledger_event e ON e.sequence = c.ledger_sequence
     WHERE c.model_id = $1 AND c.environment = $2 AND c.act IN ('gone-back', 'demoted')
       AND e.canonical::json -> 'facts' ->> 'undoing' = $3`,
    [row.model_id, environment, key],
  );
  if (change === undefined) return null;
  if (back === null || change.act === 'gone-back') return inWords(undone, null);
  // Words are not kept in the log: what kept it from coming back is looked up again.
  const problem = problemKnownOf(back) ?? (await wayBack(queries, environment, back));
  return inWords(undone, typeof problem === 'string' ? problem : 'what was wrong with it then is not any more');
}

/** What its last check has found wrong with its artifact, in the words of that. */
function problemKnownOf({ artifact_problem: problem, content }: VersionRow): string | null {
  const { artifact: digest, model, version } = content;
  if (digest === null) return new MlopsError('ARTIFACT_MISSING', { model, version }).message;
  return problem === null ? null : new MlopsError('ARTIFACT_MISMATCH', { model, version, digest, problem }).message;
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
async function wayBack(queries: Queries, environment: string, row: VersionRow): Promise<UsedApproval | string> {
  if (row.stage !== 'staging') return `it is in ${row.stage} now`;
  try {
    await assertIndex(queries, row);
  } catch (error) {
    if (isMlopsError(error, 'INDEX_MISMATCH')) return error.message;
    throw error;
  }
  return (await lastApprovalOf(queries, environment, row)) ?? 'nobody here has seen an approval of it';
}
