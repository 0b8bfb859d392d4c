import type { BoundContent } from '../../../domain/registry/bound-content.ts';
import type { HistoryPage, StageChangeRecord } from '../../../domain/registry/records.ts';
import { resourceOfModel } from '../../../domain/registry/resource-names.ts';
import type { Stage } from '../../../domain/registry/stages.ts';
import { sampleRegistryRead } from './find.ts';
import type { RegistryParts } from './parts.ts';
import { requireModel, run, type Queries } from './versions.ts';

interface ChangeRow extends Record<string, unknown> {
  readonly model_id: string;
  readonly change_id: string;
  readonly version: string;
  readonly act: StageChangeRecord['act'];
  readonly from_stage: Stage;
  readonly to_stage: Stage;
  readonly at: Date;
  readonly actor: string;
  readonly approvers: readonly string[];
  readonly approval_id: string | null;
  readonly bound: BoundContent | null;
  readonly ledger_sequence: string;
  readonly is_imported: boolean;
}

const CHANGES = `SELECT c.model_id, c.change_id, v.version, c.act, c.from_stage, c.to_stage, c.at, c.actor, c.approvers, c.approval_id, c.bound,
  c.ledger_sequence, e.type = 'model.imported' AS is_imported
  FROM stage_change c JOIN model_version v USING (version_id) JOIN ledger_event e ON e.sequence = c.ledger_sequence
  WHERE c.model_id = asked.id AND c.environment = $2`;

/** The same of several models, one by one: each from its own index. */
const ofModels = (changes: string, order: string): string =>
  `SELECT changes.* FROM unnest($1::bigint[]) AS asked (id) CROSS JOIN LATERAL (${changes} ORDER BY ${order}) AS changes`;

/**
 * Transitions of a model's versions, newest first; pages go on from the last one. Models that had the name one after the other are told apart
 * by their id.
 *
 * @throws MODEL_NOT_FOUND
 */
export async function readHistory(
  parts: RegistryParts,
  asked: { readonly model: string; readonly after: number | null; readonly limit: number; readonly actor: string },
): Promise<HistoryPage> {
  const { actor, after, limit, model } = asked;
  const ids = await idsOf(parts.pool, model);
  await sampleRegistryRead(parts, resourceOfModel(model), { verb: 'history' }, actor);
  const rows = await run<ChangeRow>(
    parts.pool,
    `${ofModels(`${CHANGES} AND ($3::bigint IS NULL OR c.change_id < $3)`, 'c.change_id DESC LIMIT $4')}
     ORDER BY change_id DESC LIMIT $4`,
    [ids, parts.environment, after, limit],
  );
  const changes = rows.map(changeOf);
  return { changes, cursor: rows.length < limit ? null : (changes.at(-1)?.change ?? null) };
}

/** The transition by which a version was in production at a moment; null when none was. @throws MODEL_NOT_FOUND */
export async function readProductionAt(
  parts: RegistryParts,
  { actor, at, model }: { readonly model: string; readonly at: Date; readonly actor: string },
): Promise<StageChangeRecord | null> {
  const ids = await idsOf(parts.pool, model);
  await sampleRegistryRead(parts, resourceOfModel(model), { verb: 'history', at: at.toISOString() }, actor);
  const [row] = await run<ChangeRow>(
    parts.pool,
    `${ofModels(
      `${CHANGES} AND c.at <= $3 AND (c.from_stage = 'production' OR c.to_stage = 'production')`,
      'c.at DESC, c.change_id DESC LIMIT 1',
    )} ORDER BY at DESC, change_id DESC LIMIT 1`,
    [ids, parts.environment, at],
  );
  // The last thing that happened to production was that somebody came, or that somebody left.
  return row === undefined || row.to_stage !== 'production' ? null : changeOf(row);
}

/** Every model that has the name, or had it when it ended. @throws MODEL_NOT_FOUND */
async function idsOf(queries: Queries, model: string): Promise<readonly string[]> {
  const rows = await run<{ model_id: string }>(queries, 'SELECT model_id FROM model WHERE name = $1', [model]);
  return rows.length > 0 ? rows.map(({ model_id: id }) => id) : [await requireModel(queries, model)];
}

function changeOf(row: ChangeRow): StageChangeRecord {
  return {
    change: Number(row.change_id),
    modelId: row.model_id,
    version: row.version,
    act: row.act,
    from: row.from_stage,
    to: row.to_stage,
    at: row.at.toISOString(),
    actor: row.actor,
    approvers: row.approvers,
    approvalId: row.approval_id,
    bound: row.bound,
    ledgerSequence: Number(row.ledger_sequence),
    isImported: row.is_imported,
  };
}
