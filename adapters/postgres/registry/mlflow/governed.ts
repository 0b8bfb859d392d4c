import type { EventActor } from '../../../../domain/governance/event-draft.ts';
import { judgeQuorum } from '../../../../domain/registry/approval/quorum.ts';
import { refusal } from '../../../../domain/registry/mlflow/refusal.ts';
import type { MlflowVersion } from '../../../../domain/registry/mlflow/shapes.ts';
import type { StageName } from '../../../../domain/registry/mlflow/stage-names.ts';
import type { AwaitedApproval } from '../../../../domain/registry/records.ts';
import { createApprovalReader } from '../approval-reader.ts';
import { productionOf, type VersionRow } from '../versions.ts';
import type { MlflowParts } from './parts.ts';
import { requireOrdinal } from './version-rows.ts';
import { getMlflowVersion, type OrdinalName } from './versions.ts';

/** A version that is to stand in another stage. */
export interface Transition extends OrdinalName {
  readonly stage: StageName;
  /** Every other version of that stage is archived by the same act. */
  readonly archiveOthers: boolean;
  readonly actor: EventActor;
}

/**
 * Moves a version to another stage by the rules of the registry.
 *
 * @throws MLFLOW_REFUSED (RESOURCE_DOES_NOT_EXIST, INTERNAL_ERROR; PERMISSION_DENIED naming the approval that is missing), and as
 *   promotions, demotions and retirements
 */
export async function transition(parts: MlflowParts, order: Transition): Promise<MlflowVersion> {
  const { archiveOthers, stage } = order;
  if (archiveOthers && (stage === 'None' || stage === 'Archived'))
    throw refusal(
      'INTERNAL_ERROR',
      `Model version transition cannot archive existing model versions because '${stage}' is not an Active stage. Valid stages are Staging, Production`,
    );
  const row = await requireOrdinal(parts.pool, parts.environment, order);
  const missing = await move(parts, row, order);
  if (missing !== null) throw await refusalOf(parts, missing, `Transition of ${nameOf(order)} to ${stage}`);
  return await getMlflowVersion(parts, order);
}

async function move(
  { environment, pool, registry }: MlflowParts,
  row: VersionRow,
  { actor, archiveOthers, stage }: Transition,
): Promise<AwaitedApproval | null> {
  const { model, version } = row.content;
  const change = { model, version, reason: '', actor: actor.id };
  if (stage === 'None') return (await registry.demote({ ...change, to: 'development' })).awaiting;
  if (stage === 'Archived') {
    if (row.stage === 'deprecated' || row.stage === 'archived') return null;
    // What is served must stay where it is known: it is taken out of new use only.
    const outcome =
      row.stage === 'production'
        ? await registry.demote({ ...change, to: 'deprecated' })
        : await registry.retire(change);
    return outcome.awaiting;
  }
  if (stage === 'Staging') {
    if (row.stage === 'production')
      return (await registry.demote({ ...change, to: 'staging', archiveOthers })).awaiting;
    const promotion = { ...change, to: 'staging' as const, expectedProduction: null, approvalId: null, archiveOthers };
    return (await registry.promote(promotion)).awaiting;
  }
  const current = await productionOf(pool, environment, row.model_id);
  const expectedProduction = current?.content.version ?? null;
  return (await registry.promote({ ...change, to: 'production', expectedProduction, approvalId: null })).awaiting;
}

/** Makes an alias mean a version. @throws as `transition` */
export async function setMlflowAlias(
  parts: MlflowParts,
  { actor, alias, ...name }: OrdinalName & { readonly alias: string; readonly actor: EventActor },
): Promise<void> {
  const { content } = await requireOrdinal(parts.pool, parts.environment, name);
  const { model, version } = content;
  const order = { model, version, alias, approvalId: null, reason: '', actor: actor.id };
  const { awaiting } = await parts.registry.alias(order);
  if (awaiting !== null) throw await refusalOf(parts, awaiting, `Alias ${alias} for ${nameOf(name)}`);
}

function nameOf({ model, ordinal }: OrdinalName): string {
  return `Model Version (name=${model}, version=${ordinal})`;
}

/** Says which approval is missing, and what it lacks. */
async function refusalOf(
  { pool }: MlflowParts,
  { approvalId, resource }: AwaitedApproval,
  what: string,
): Promise<Error> {
  if (approvalId === undefined)
    return refusal(
      'PERMISSION_DENIED',
      `${what} needs an approval of ${resource}, which nobody has asked for. Nothing was changed`,
    );
  const view = await createApprovalReader(pool).view(approvalId);
  const { missing } = judgeQuorum(view, view.decisions);
  const lacks =
    missing === 0
      ? 'lacks nothing any more and is being carried out: ask again'
      : `lacks ${missing} of ${view.quorum} approvals by ${view.roles.join(' or ')}, and expires at ${view.expiresAt}; decide with \`mlops approval approve ${approvalId}\``;
  return refusal('PERMISSION_DENIED', `${what} needs approval ${approvalId}, which ${lacks}. Nothing was changed`);
}
