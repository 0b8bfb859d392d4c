import { isMlopsError, MlopsError } from '../../../domain/errors.ts';
import type { EventActor } from '../../../domain/governance/event-draft.ts';
import type { StageOutcome } from '../../../domain/registry/records.ts';
import { resourceOfModel, resourceOfPromotion } from '../../../domain/registry/resource-names.ts';
import { wayBack, type ProductionChange } from '../../../domain/registry/way-back.ts';
import type { LiveSplit } from '../../../domain/rollout/split.ts';
import type { LedgerTransaction } from '../ledger/ledger.ts';
import { approvalFor, consumeApproval } from './approve.ts';
import { earlierApprovalOf } from './earlier-approval.ts';
import { routedSplitOf } from './live-split.ts';
import { outcomeOf } from './outcome-of.ts';
import type { RegistryParts } from './parts.ts';
import { assertByHand, assertExpected, assertIndex, enterStage } from './promote.ts';
import { refusalsRecorded } from './refusals.ts';
import { outcomeAwaiting } from './request-stage.ts';
import { assertVerified, isOf, noteVerified, type Verified } from './verify-artifact.ts';
import { productionOf, requireModel, requireVersion, run, type Queries, type VersionRow } from './versions.ts';

/** Who goes back from what. */
export interface GoBackOrder {
  readonly model: string;
  /** The version that is believed to be in production, null for none. */
  readonly expectedProduction: string | null;
  /** Needed only when the version's content or the rules have changed since it was approved. */
  readonly approvalId: string | null;
  readonly reason: string;
  readonly actor: string;
}

/**
 * Puts the production version before back whose artifact is still what was registered, in one act; again, the one before that, never one that
 * somebody went back from. The approval it was promoted under still counts while what it was given for is the same: artifact, tests and rules.
 *
 * @throws MODEL_NOT_FOUND, PREVIOUS_UNKNOWN, STAGE_CONFLICT, STAGE_HELD, TRAFFIC_ELSEWHERE, and as a promotion
 */
export async function goBack(parts: RegistryParts, order: GoBackOrder): Promise<StageOutcome> {
  const actor = await parts.principals.actor(order.actor);
  const attempt = { action: 'model.promote', resource: resourceOfModel(order.model), actor };
  return await refusalsRecorded(parts, attempt, async () => {
    const { verified, version } = await findVerified(parts, order, actor);
    const routed = await routedSplitOf(parts, order.model);
    const entry = { order, version, verified, actor, routed };
    return await parts.ledger.transact(async (transaction) => await enter(parts, transaction, entry));
  });
}

/** The newest of the earlier ones whose artifact is sound; what is found of the others is written down. */
async function findVerified(
  parts: RegistryParts,
  { model }: GoBackOrder,
  actor: EventActor,
): Promise<{ readonly version: string; readonly verified: Verified }> {
  const modelId = await requireModel(parts.pool, model);
  const unsound: string[] = [];
  for (const version of await earlierOf(parts.pool, parts.environment, modelId)) {
    const row = await requireVersion(parts.pool, parts.environment, { model, version });
    try {
      return { version, verified: await assertVerified(parts, row, actor) };
    } catch (error) {
      if (!isMlopsError(error, 'ARTIFACT_MISMATCH')) throw error;
      unsound.push(version);
    }
  }
  const problem =
    unsound.length === 0
      ? 'none was there before that nobody left, or all were taken out of staging since'
      : `${unsound.join(', ')} cannot be verified`;
  throw new MlopsError('PREVIOUS_UNKNOWN', { model, environment: parts.environment, problem });
}

/** Versions that can be gone back to and wait in staging now, the nearest first. */
async function earlierOf(queries: Queries, environment: string, modelId: string): Promise<string[]> {
  const changes = await run<{ version_id: string; act: ProductionChange['act'] }>(
    queries,
    `SELECT version_id, act FROM stage_change
     WHERE model_id = $1 AND environment = $2 AND (to_stage = 'production' OR (from_stage = 'production' AND act = 'demoted'))
     ORDER BY change_id`,
    [modelId, environment],
  );
  const ids = wayBack(changes.map(({ act, version_id: versionId }) => ({ act, versionId })));
  const rows = await run<{ version: string }>(
    queries,
    `SELECT v.version FROM unnest($1::bigint[]) WITH ORDINALITY AS way (version_id, place)
     JOIN model_version v USING (version_id) JOIN version_stage s USING (version_id)
     WHERE s.environment = $2 AND s.stage = 'staging' AND v.retired_at IS NULL ORDER BY place LIMIT 10`,
    [ids, environment],
  );
  return rows.map(({ version }) => version);
}

async function enter(
  parts: RegistryParts,
  transaction: LedgerTransaction,
  {
    actor,
    order,
    routed,
    verified,
    version,
  }: {
    readonly actor: EventActor;
    readonly order: GoBackOrder;
    readonly version: string;
    readonly verified: Verified;
    readonly routed: LiveSplit | null;
  },
): Promise<StageOutcome> {
  const { environment } = parts;
  const { client } = transaction;
  const name = { model: order.model, version };
  const row = await requireVersion(client, environment, name);
  const current = await productionOf(client, environment, row.model_id);
  assertExpected(row, current, order, environment);
  const problem = isOf(verified, row) ? `${version} is in ${row.stage} now` : `${version} is another one now`;
  if (row.stage !== 'staging' || !isOf(verified, row))
    throw new MlopsError('PREVIOUS_UNKNOWN', { model: order.model, environment, problem });
  await assertIndex(client, row);
  const needed = neededFor(parts, row);
  const earlier = await earlierApprovalOf(parts, client, row);
  const approvalId = earlier?.approvalId ?? order.approvalId;
  if (approvalId === null)
    return await outcomeAwaiting(parts, transaction, { row, to: 'production', actor, awaiting: needed });
  await noteVerified(transaction, row, verified, actor);
  const approval = earlier ?? (await consumeApproval(parts, transaction, needed, approvalId));
  // What users are not back on is gone back to by a rollout, which moves both.
  await assertByHand(client, environment, row, routed);
  await enterStage(transaction, {
    row,
    current,
    environment,
    actor,
    approval,
    order: { to: 'production', reason: order.reason },
    act: 'gone-back',
    facts: { rollout: null },
  });
  const after = await requireVersion(client, environment, name);
  return outcomeOf(after, environment, { from: row.stage, replaced: current?.content.version ?? null });
}

function neededFor(parts: RegistryParts, { content }: VersionRow) {
  const { model, version } = content;
  const resource = resourceOfPromotion({ model, version, environment: parts.environment, stage: 'production' });
  return approvalFor(parts, content, { kind: 'stage-promotion', resource });
}
