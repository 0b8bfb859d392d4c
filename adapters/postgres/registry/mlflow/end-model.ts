import type { EventActor } from '../../../../domain/governance/event-draft.ts';
import { refusal } from '../../../../domain/registry/mlflow/refusal.ts';
import type { MlflowModel } from '../../../../domain/registry/mlflow/shapes.ts';
import type { LedgerTransaction } from '../../ledger/ledger.ts';
import { run, type Queries } from '../versions.ts';
import { alreadyThere, getModel, say } from './models.ts';
import { requireMlflowModel } from './model-rows.ts';
import type { MlflowParts } from './parts.ts';

/**
 * Gives a model another name, from which everything about it is found then. What is in the ledger keeps the name of its time.
 *
 * @throws MODEL_NOT_FOUND, MLFLOW_REFUSED (RESOURCE_ALREADY_EXISTS, PERMISSION_DENIED)
 */
export async function renameModel(
  parts: MlflowParts,
  { actor, name, newName }: { readonly name: string; readonly newName: string; readonly actor: EventActor },
): Promise<MlflowModel> {
  await parts.ledger.transact(async (transaction) => {
    const { client, next } = transaction;
    const row = await requireMlflowModel(client, parts.environment, name);
    if (await isTaken(client, newName)) throw alreadyThere(newName);
    await assertUnused(parts, client, { name, modelId: row.model_id, act: 'renamed' });
    await client.query(
      `UPDATE model SET name = $2, changed_at = date_trunc('milliseconds', clock_timestamp()), ledger_sequence = $3
       WHERE model_id = $1`,
      [row.model_id, newName, next],
    );
    say(transaction, 'renamed', { name, actor, facts: { to: newName } });
  });
  return await getModel(parts, newName);
}

/**
 * Retires a model with all its versions. They are kept as evidence; the name is free for another model, which is a new identity.
 *
 * @throws MODEL_NOT_FOUND, MLFLOW_REFUSED (PERMISSION_DENIED)
 */
export async function deleteModel(
  parts: MlflowParts,
  { actor, name }: { readonly name: string; readonly actor: EventActor },
): Promise<void> {
  await parts.ledger.transact(async (transaction) => {
    const { client } = transaction;
    const row = await requireMlflowModel(client, parts.environment, name);
    await assertUnused(parts, client, { name, modelId: row.model_id, act: 'deleted' });
    await retireAll(transaction, row.model_id, { name, actor });
  });
  await parts.wakeApprovals(name);
}

async function retireAll(
  transaction: LedgerTransaction,
  modelId: string,
  { actor, name }: { readonly name: string; readonly actor: EventActor },
): Promise<void> {
  const { client, next } = transaction;
  const now = `date_trunc('milliseconds', clock_timestamp())`;
  await client.query(OUT_OF_EVERY_STAGE, [modelId, next, actor.id]);
  await client.query(
    `UPDATE model_alias SET version_id = NULL, changed_at = ${now}, ledger_sequence = $2 WHERE model_id = $1 AND version_id IS NOT NULL`,
    [modelId, next],
  );
  const { rowCount } = await client.query(
    `UPDATE model_version SET retired_at = COALESCE(retired_at, ${now}), deleted_at = ${now}, changed_at = ${now}, ledger_sequence = $2
     WHERE model_id = $1 AND deleted_at IS NULL`,
    [modelId, next],
  );
  await client.query(
    `UPDATE model SET retired_at = ${now}, changed_at = ${now}, ledger_sequence = $2 WHERE model_id = $1`,
    [modelId, next],
  );
  say(transaction, 'deleted', { name, actor, facts: { modelId, versions: rowCount ?? 0 } });
}

/** Those that never left development have no history: their end is that of the model. The log's times never go back, and no more do these. */
const OUT_OF_EVERY_STAGE = `
  WITH head AS (SELECT date_trunc('milliseconds', GREATEST(recorded_at, clock_timestamp())) AS at FROM ledger_head),
  standing AS (
    SELECT s.version_id, s.environment, s.stage FROM version_stage s JOIN model_version v USING (version_id)
    WHERE s.model_id = $1 AND v.retired_at IS NULL AND s.stage <> 'archived'
  ),
  left_behind AS (
    UPDATE version_stage s SET stage = 'archived', requested_stage = NULL, ledger_sequence = $2 FROM standing
    WHERE s.version_id = standing.version_id AND s.environment = standing.environment
  )
  INSERT INTO stage_change (version_id, model_id, environment, act, from_stage, to_stage, at, actor, approvers, ledger_sequence)
  SELECT version_id, $1, environment, 'retired', stage, 'archived', at, $3, '{}', $2 FROM standing, head ORDER BY version_id, environment`;

async function isTaken(queries: Queries, name: string): Promise<boolean> {
  const rows = await run(queries, 'SELECT FROM model WHERE name = $1 AND retired_at IS NULL', [name]);
  return rows.length > 0;
}

/** Everything that goes by the name of a model, in words. */
const USES = `
  SELECT 'a version is in production in ' || environment AS use FROM version_stage s JOIN model_version v USING (version_id)
  WHERE s.model_id = $1 AND s.stage = 'production' AND v.retired_at IS NULL
  UNION ALL SELECT rollout_id || ' is going on' FROM rollout WHERE model = $2 AND outcome IS NULL
  UNION ALL SELECT 'users of ' || environment || ' are served by it' FROM (
    SELECT DISTINCT ON (environment) environment, observed FROM traffic_write
    WHERE model = $2 AND applied_at IS NOT NULL ORDER BY environment, generation DESC
  ) AS live WHERE observed -> 'split' IS NOT NULL AND observed -> 'split' <> 'null'
  UNION ALL SELECT DISTINCT m.name || '@' || v.version || ' rests on it' FROM model_dependency d
    JOIN model_version t ON t.version_id = d.target_id
    JOIN model_version v ON v.version_id = d.version_id JOIN model m ON m.model_id = v.model_id
  WHERE t.model_id = $1 AND v.model_id <> $1 AND v.retired_at IS NULL
  UNION ALL SELECT 'the approval ' || approval_id || ' is open' FROM approval_request
  -- What is deleted is approved no more; what has another name could be approved by the old one.
  WHERE $3 AND starts_with(resource, 'model/' || $2 || '/') AND state IN ('pending', 'approved')
  -- It keeps its aliases under another name, and loses them when it is deleted: protected ones go by an approval only.
  UNION ALL SELECT 'the protected alias ' || alias || ' in ' || environment || ' means ' || v.version
    FROM model_alias a JOIN model_version v USING (version_id)
  WHERE NOT $3 AND a.model_id = $1 AND lower(alias) = ANY ($4)
  LIMIT 5`;

/** @throws MLFLOW_REFUSED (PERMISSION_DENIED) */
async function assertUnused(
  { policy }: Pick<MlflowParts, 'policy'>,
  queries: Queries,
  { act, modelId, name }: { readonly name: string; readonly modelId: string; readonly act: 'renamed' | 'deleted' },
): Promise<void> {
  const protectedAliases = policy.protectedAliases.map((alias) => alias.toLowerCase());
  const uses = await run<{ use: string }>(queries, USES, [modelId, name, act === 'renamed', protectedAliases]);
  if (uses.length === 0) return;
  const words = uses.map(({ use }) => use).join('; ');
  throw refusal('PERMISSION_DENIED', `Registered Model (name=${name}) cannot be ${act}: ${words}. Nothing was changed`);
}
