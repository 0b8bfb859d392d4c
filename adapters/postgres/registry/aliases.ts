import { MlopsError } from '../../../domain/errors.ts';
import type { EventActor } from '../../../domain/governance/event-draft.ts';
import { ALIAS_NAME, WANTED_ALIAS } from '../../../domain/registry/alias.ts';
import { isProtectedAlias } from '../../../domain/registry/policy.ts';
import type { AliasOutcome } from '../../../domain/registry/records.ts';
import { draftOfRegistry } from '../../../domain/registry/registry-drafts.ts';
import { resourceOfAlias, resourceOfModel, resourceOfVersion } from '../../../domain/registry/resource-names.ts';
import type { LedgerTransaction } from '../ledger/ledger.ts';
import { approvalFor, consumeApproval } from './approve.ts';
import type { UsedApproval } from './change-stage.ts';
import type { RegistryParts } from './parts.ts';
import { refusalsRecorded } from './refusals.ts';
import { assertVerified, isOf, noteVerified } from './verify-artifact.ts';
import { requireModel, requireVersion, run, type Queries, type VersionRow } from './versions.ts';

/** Who wants an alias to mean which version. */
export interface AliasOrder {
  readonly model: string;
  readonly alias: string;
  /** Null removes the alias. */
  readonly version: string | null;
  /** For protected aliases. */
  readonly approvalId: string | null;
  readonly reason: string;
  readonly actor: string;
}

/**
 * Makes an alias mean a version, or nothing. A protected alias needs an approval and a version whose artifact is sound; what has no
 * approval changes nothing, and `awaiting` says what must be approved.
 *
 * @throws USAGE_INVALID, VERSION_NOT_FOUND, VERSION_RETIRED, ALIAS_PROTECTED, ARTIFACT_MISSING, ARTIFACT_MISMATCH, APPROVAL_NOT_GRANTED
 */
export async function setAlias(parts: RegistryParts, order: AliasOrder): Promise<AliasOutcome> {
  if (!ALIAS_NAME.test(order.alias))
    throw new MlopsError('USAGE_INVALID', {
      problem: `Alias is ${JSON.stringify(order.alias)}, wanted ${WANTED_ALIAS}`,
      hint: 'For example `mlops model alias rag_api candidate 1.1.0`',
    });
  const actor = await parts.principals.actor(order.actor);
  const attempt = { action: 'model.alias', resource: resourceOfModel(order.model), actor };
  return await refusalsRecorded(parts, attempt, async () =>
    order.version === null
      ? await removeAlias(parts, order, actor)
      : await moveAlias(parts, { ...order, version: order.version }, actor),
  );
}

type Move = AliasOrder & { readonly version: string };

async function moveAlias(parts: RegistryParts, asked: Move, actor: EventActor): Promise<AliasOutcome> {
  const { environment, policy } = parts;
  const isProtected = isProtectedAlias(policy, asked.alias);
  const meant = await requireVersion(parts.pool, environment, asked);
  // What another alias means is settled here: what this one means is what was read.
  const order = { ...asked, version: meant.content.version };
  const verified = isProtected ? await assertVerified(parts, meant, actor) : null;
  const outcomeNow = await parts.ledger.transact(async (transaction) => {
    const row = await requireVersion(transaction.client, environment, order);
    const { model, version } = row.content;
    if (isProtected && !isOf(verified, row)) return null;
    if (row.retired_at !== null) throw new MlopsError('VERSION_RETIRED', { model, version, action: 'given an alias' });
    const before = await meaningOf(transaction.client, environment, row.model_id, order.alias);
    const outcome = { alias: order.alias, version, before, awaiting: null };
    if (before === version) return outcome;
    if (!isProtected) {
      await writeAlias(transaction, { environment, order, actor, row, before, approval: null });
      return outcome;
    }
    const resource = resourceOfAlias({ model, version, environment, alias: order.alias });
    const needed = approvalFor(parts, row.content, { kind: 'protected-alias', resource });
    if (order.approvalId === null) {
      const facts = { environment, alias: order.alias, version };
      transaction.append(
        draftOfRegistry('alias-requested', { resource: resourceOfVersion(model, version), facts }, actor),
      );
      return { ...outcome, version: before, awaiting: needed };
    }
    if (verified !== null) await noteVerified(transaction, row, verified, actor);
    const approval = await consumeApproval(parts, transaction, needed, order.approvalId);
    await writeAlias(transaction, { environment, order, actor, row, before, approval });
    return outcome;
  });
  // The model was made anew since it was read.
  return outcomeNow ?? (await moveAlias(parts, asked, actor));
}

/** @throws ALIAS_PROTECTED */
async function removeAlias(parts: RegistryParts, order: AliasOrder, actor: EventActor): Promise<AliasOutcome> {
  const { environment, policy } = parts;
  const { alias, model } = order;
  if (isProtectedAlias(policy, alias)) throw new MlopsError('ALIAS_PROTECTED', { model, alias });
  return await parts.ledger.transact(async (transaction) => {
    const modelId = await requireModel(transaction.client, model);
    const before = await meaningOf(transaction.client, environment, modelId, alias);
    if (before !== null)
      await writeAlias(transaction, { environment, order, actor, row: { model_id: modelId }, before, approval: null });
    return { alias, version: null, before, awaiting: null };
  });
}

async function meaningOf(
  queries: Queries,
  environment: string,
  modelId: string,
  alias: string,
): Promise<string | null> {
  const [row] = await run<{ version: string }>(
    queries,
    `SELECT version FROM model_alias JOIN model_version USING (version_id)
     WHERE model_alias.model_id = $1 AND environment = $2 AND alias = $3`,
    [modelId, environment, alias],
  );
  return row?.version ?? null;
}

async function writeAlias(
  { append, client, next }: LedgerTransaction,
  entry: {
    readonly environment: string;
    readonly order: AliasOrder;
    readonly actor: EventActor;
    readonly row: Pick<VersionRow, 'model_id'> & Partial<Pick<VersionRow, 'version_id' | 'content' | 'ordinal'>>;
    readonly before: string | null;
    readonly approval: UsedApproval | null;
  },
): Promise<void> {
  const { actor, approval, before, environment, order, row } = entry;
  const { alias, model, reason } = order;
  await client.query(
    `INSERT INTO model_alias (model_id, environment, alias, version_id, changed_at, ledger_sequence)
     VALUES ($1, $2, $3, $4, date_trunc('milliseconds', clock_timestamp()), $5)
     ON CONFLICT (model_id, environment, alias) DO UPDATE
     SET version_id = EXCLUDED.version_id, changed_at = EXCLUDED.changed_at, ledger_sequence = EXCLUDED.ledger_sequence`,
    [row.model_id, environment, alias, row.version_id ?? null, next],
  );
  const version = row.content?.version ?? null;
  const approved =
    approval === null
      ? {}
      : { approvalId: approval.approvalId, approvers: [...approval.approvers], bound: { ...approval.bound } };
  append(
    draftOfRegistry(
      version === null ? 'alias-removed' : 'alias-set',
      {
        resource: version === null ? resourceOfModel(model) : resourceOfVersion(model, version),
        facts: { environment, alias, version, ...numberOf(row), before, ...approved },
        ...(reason === '' ? {} : { words: { reason } }),
      },
      actor,
    ),
  );
}

function numberOf({ ordinal }: { readonly ordinal?: number }): { readonly ordinal?: number } {
  return ordinal === undefined ? {} : { ordinal };
}
