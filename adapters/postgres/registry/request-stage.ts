import type { EventActor } from '../../../domain/governance/event-draft.ts';
import type { AwaitedApproval, StageOutcome } from '../../../domain/registry/records.ts';
import { draftOfRegistry } from '../../../domain/registry/registry-drafts.ts';
import { resourceOfVersion } from '../../../domain/registry/resource-names.ts';
import type { Stage } from '../../../domain/registry/stages.ts';
import type { LedgerTransaction } from '../ledger/ledger.ts';
import { outcomeOf } from './outcome-of.ts';
import type { RegistryParts } from './parts.ts';
import { requireVersion, type VersionRow } from './versions.ts';

/** Stages from which one can still be asked for, lowest first. */
const BEFORE: Readonly<Partial<Record<Stage, readonly Stage[]>>> = {
  staging: ['development'],
  production: ['development', 'staging'],
};

/** What a promotion comes to that lacks an approval: it is noted that it is wanted, and `awaiting` says what must be approved. */
export async function outcomeAwaiting(
  parts: Pick<RegistryParts, 'environment'>,
  transaction: LedgerTransaction,
  entry: {
    readonly row: VersionRow;
    readonly to: Stage;
    readonly actor: EventActor;
    readonly awaiting: AwaitedApproval;
  },
): Promise<StageOutcome> {
  const { actor, awaiting, row, to } = entry;
  await noteRequest(parts, transaction, row.content, to, actor);
  const noted = await requireVersion(transaction.client, parts.environment, row.content);
  return { ...outcomeOf(noted, parts.environment, { from: row.stage }), awaiting };
}

/** Notes that a version is wanted in a stage. What was noted, or is there already, changes nothing. */
export async function noteRequest(
  { environment }: Pick<RegistryParts, 'environment'>,
  transaction: LedgerTransaction,
  { model, version }: { readonly model: string; readonly version: string },
  stage: Stage,
  actor: EventActor,
): Promise<void> {
  const { append, client, next } = transaction;
  const { rowCount } = await client.query(
    `INSERT INTO version_stage (version_id, environment, model_id, stage, requested_stage, ledger_sequence)
     SELECT v.version_id, $1, v.model_id, 'development', $4, $5
     FROM model m JOIN model_version v USING (model_id)
     WHERE m.name = $2 AND m.retired_at IS NULL AND v.version = $3 AND v.retired_at IS NULL
     ON CONFLICT (version_id, environment)
     DO UPDATE SET requested_stage = EXCLUDED.requested_stage, ledger_sequence = EXCLUDED.ledger_sequence
     WHERE version_stage.requested_stage IS DISTINCT FROM EXCLUDED.requested_stage AND version_stage.stage = ANY ($6)`,
    [environment, model, version, stage, next, BEFORE[stage] ?? []],
  );
  if (rowCount !== 1) return;
  const facts = { environment, version, requested: stage };
  append(draftOfRegistry('stage-requested', { resource: resourceOfVersion(model, version), facts }, actor));
}
