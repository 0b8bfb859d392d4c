import type { EventActor } from '../../../domain/governance/event-draft.ts';
import type { LiveSplit } from '../../../domain/rollout/split.ts';
import type { LedgerTransaction } from '../ledger/ledger.ts';
import type { RegistryParts } from './parts.ts';
import { retireRow } from './retire.ts';
import { run, STAGE_JOIN, VERSION_COLUMNS, type VersionRow } from './versions.ts';

/** Retires every other version of the model that stands in staging, by the act that brought this one there. @throws RETIRE_REFUSED */
export async function archiveOthers(
  parts: RegistryParts,
  transaction: LedgerTransaction,
  {
    row,
    ...entry
  }: {
    readonly row: Pick<VersionRow, 'model_id' | 'version_id'>;
    /** As `routedSplitOf` found it before the transaction. */
    readonly routed: LiveSplit | null;
    readonly actor: EventActor;
    readonly reason: string;
  },
): Promise<void> {
  const others = await run<VersionRow>(
    transaction.client,
    `SELECT ${VERSION_COLUMNS} FROM model_version v ${STAGE_JOIN}
     WHERE s.model_id = $2 AND s.stage = 'staging' AND v.retired_at IS NULL AND v.version_id <> $3 ORDER BY v.ordinal`,
    [parts.environment, row.model_id, row.version_id],
  );
  for (const other of others) await retireRow(parts, transaction, { ...entry, row: other });
}
