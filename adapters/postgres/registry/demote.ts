import { MlopsError } from '../../../domain/errors.ts';
import type { StageOutcome } from '../../../domain/registry/records.ts';
import { resourceOfVersion } from '../../../domain/registry/resource-names.ts';
import { isLegal, legalInWords, type Stage } from '../../../domain/registry/stages.ts';
import { changeStage } from './change-stage.ts';
import type { RegistryParts } from './parts.ts';
import { outcomeOf } from './outcome-of.ts';
import { refusalsRecorded } from './refusals.ts';
import { requireVersion } from './versions.ts';

/** Who takes which version back. */
export interface DemoteOrder {
  readonly model: string;
  readonly version: string;
  /** `deprecated`: still served, not for new use. */
  readonly to: Extract<Stage, 'development' | 'staging' | 'deprecated'>;
  readonly reason: string;
  readonly actor: string;
}

/**
 * Takes a version back, or out of new use. Needs no approval: nothing new comes to anybody by it.
 *
 * @throws VERSION_NOT_FOUND, TRANSITION_ILLEGAL
 */
export async function demoteModel(parts: RegistryParts, order: DemoteOrder): Promise<StageOutcome> {
  const { environment } = parts;
  const { reason, to } = order;
  const actor = await parts.principals.actor(order.actor);
  const attempt = { action: 'model.demote', resource: resourceOfVersion(order.model, order.version), actor };
  return await refusalsRecorded(
    parts,
    attempt,
    async () =>
      await parts.ledger.transact(async (transaction) => {
        const row = await requireVersion(transaction.client, environment, order);
        const { model, version } = row.content;
        if (row.stage === to) return outcomeOf(row, environment, { from: to });
        if (!isLegal('demote', row.stage, to))
          throw new MlopsError('TRANSITION_ILLEGAL', {
            model,
            version,
            from: row.stage,
            to,
            legal: legalInWords('demote', row.stage),
          });
        await changeStage(transaction, {
          version: row,
          environment,
          to,
          act: 'demoted',
          actor,
          approval: null,
          reason,
        });
        return outcomeOf(await requireVersion(transaction.client, environment, order), environment, {
          from: row.stage,
        });
      }),
  );
}
