import type { EventActor, Json } from '../../../domain/governance/event-draft.ts';
import type { BoundContent } from '../../../domain/registry/bound-content.ts';
import type { StageChangeRecord } from '../../../domain/registry/records.ts';
import { draftOfRegistry, type RegistryAct } from '../../../domain/registry/registry-drafts.ts';
import { resourceOfVersion } from '../../../domain/registry/resource-names.ts';
import type { Stage } from '../../../domain/registry/stages.ts';
import type { LedgerTransaction } from '../ledger/ledger.ts';
import type { VersionRow } from './versions.ts';

/** By which approval something is done. */
export interface UsedApproval {
  readonly approvalId: string;
  readonly approvers: readonly string[];
  readonly bound: BoundContent;
}

/** One transition that is to be written. */
export interface StageChange {
  readonly version: Pick<VersionRow, 'version_id' | 'model_id' | 'content' | 'stage'>;
  readonly environment: string;
  readonly to: Stage;
  readonly act: StageChangeRecord['act'];
  readonly actor: EventActor;
  readonly approval: UsedApproval | null;
  readonly reason: string;
  readonly facts?: { readonly [name: string]: Json };
}

const EVENT: Readonly<Record<StageChange['act'], RegistryAct>> = {
  promoted: 'promoted',
  'gone-back': 'went-back',
  replaced: 'replaced',
  demoted: 'demoted',
  retired: 'retired',
};

/** Writes a transition: where the version stands, the line of its history, and the event of both. */
export async function changeStage(transaction: LedgerTransaction, change: StageChange): Promise<void> {
  const { act, actor, approval, environment, facts = {}, reason, to, version } = change;
  const { content, model_id: modelId, stage: from, version_id: id } = version;
  const sequence = transaction.next;
  await transaction.client.query(
    `INSERT INTO version_stage (version_id, environment, model_id, stage, ledger_sequence) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (version_id, environment)
     DO UPDATE SET stage = EXCLUDED.stage, requested_stage = NULL, ledger_sequence = EXCLUDED.ledger_sequence`,
    [id, environment, modelId, to, sequence],
  );
  // The log's times never go back, and no more do these.
  await transaction.client.query(
    `WITH head AS (SELECT date_trunc('milliseconds', GREATEST(recorded_at, clock_timestamp())) AS at FROM ledger_head),
     version AS (UPDATE model_version SET changed_at = at, ledger_sequence = $11 FROM head WHERE version_id = $1),
     model AS (UPDATE model SET changed_at = at, ledger_sequence = $11 FROM head WHERE model_id = $2)
     INSERT INTO stage_change (version_id, model_id, environment, act, from_stage, to_stage, at, actor, approval_id, approvers, bound, ledger_sequence)
     SELECT $1, $2, $3, $4, $5, $6, at, $7, $8, $9, $10, $11 FROM head`,
    [
      id,
      modelId,
      environment,
      act,
      from,
      to,
      actor.id,
      approval?.approvalId ?? null,
      approval?.approvers ?? [],
      approval === null ? null : JSON.stringify(approval.bound),
      sequence,
    ],
  );
  transaction.append(
    draftOfRegistry(
      EVENT[act],
      {
        resource: resourceOfVersion(content.model, content.version),
        facts: { environment, version: content.version, from, to, ...approvalFacts(approval), ...facts },
        ...(reason === '' ? {} : { words: { reason } }),
      },
      actor,
    ),
  );
}

function approvalFacts(approval: UsedApproval | null): { readonly [name: string]: Json } {
  if (approval === null) return {};
  const { approvalId, approvers, bound } = approval;
  return { approvalId, approvers: [...approvers], bound: { ...bound } };
}
