import { MlopsError } from '../../../domain/errors.ts';
import type { EventActor } from '../../../domain/governance/event-draft.ts';
import type { StageOutcome } from '../../../domain/registry/records.ts';
import { resourceOfVersion } from '../../../domain/registry/resource-names.ts';
import { isLegal, legalInWords, type Stage } from '../../../domain/registry/stages.ts';
import type { LiveSplit } from '../../../domain/rollout/split.ts';
import type { LedgerTransaction } from '../ledger/ledger.ts';
import { archiveOthers } from './archive-others.ts';
import { changeStage } from './change-stage.ts';
import { routedSplitOf } from './live-split.ts';
import type { RegistryParts } from './parts.ts';
import { outcomeOf } from './outcome-of.ts';
import { refusalsRecorded } from './refusals.ts';
import { usersServedBy } from './users-served.ts';
import { requireVersion, type VersionRow } from './versions.ts';

/** Who takes which version back. */
export interface DemoteOrder {
  readonly model: string;
  readonly version: string;
  /** `deprecated`: still served, not for new use. */
  readonly to: Extract<Stage, 'development' | 'staging' | 'deprecated'>;
  /** To staging: every other version that stands there is retired by the same act. */
  readonly archiveOthers?: boolean;
  readonly reason: string;
  readonly actor: string;
}

/**
 * Takes a version back, or out of new use. Needs no approval: nothing new comes to anybody by it. While users are served by it, it can only
 * be deprecated, which says that it is still served.
 *
 * @throws VERSION_NOT_FOUND, TRANSITION_ILLEGAL, DEMOTE_REFUSED, ROUTER_UNREACHABLE while nobody can say where the users of a model are that
 *   has some; with `archiveOthers` RETIRE_REFUSED, and nothing is changed then
 */
export async function demoteModel(parts: RegistryParts, order: DemoteOrder): Promise<StageOutcome> {
  const actor = await parts.principals.actor(order.actor);
  const attempt = { action: 'model.demote', resource: resourceOfVersion(order.model, order.version), actor };
  return await refusalsRecorded(parts, attempt, async () => {
    const archives = order.archiveOthers === true && order.to === 'staging';
    const routed = archives || asksForUsers(order) ? await routedSplitOf(parts, order.model) : null;
    const outcome = await parts.ledger.transact(async (transaction) => {
      const row = await requireVersion(transaction.client, parts.environment, order);
      await demote(parts, transaction, { row, order, actor, routed });
      if (archives) await archiveOthers(parts, transaction, { row, routed, actor, reason: order.reason });
      const after = await requireVersion(transaction.client, parts.environment, order);
      return outcomeOf(after, parts.environment, { from: row.stage });
    });
    if (archives) await parts.wakeApprovals(order.model);
    return outcome;
  });
}

/** Whether it matters where the users are. */
function asksForUsers({ to }: DemoteOrder): boolean {
  return to !== 'deprecated';
}

async function demote(
  parts: RegistryParts,
  transaction: LedgerTransaction,
  {
    actor,
    order,
    routed,
    row,
  }: {
    readonly row: VersionRow;
    readonly order: DemoteOrder;
    readonly actor: EventActor;
    readonly routed: LiveSplit | null;
  },
): Promise<void> {
  const { environment } = parts;
  const { reason, to } = order;
  if (row.stage === to) return;
  const { model, version } = row.content;
  if (!isLegal('demote', row.stage, to))
    throw new MlopsError('TRANSITION_ILLEGAL', {
      model,
      version,
      from: row.stage,
      to,
      legal: legalInWords('demote', row.stage),
    });
  if (asksForUsers(order)) {
    const users = await usersServedBy(parts, transaction.client, { model, version, routed, only: environment });
    if (users.length > 0)
      throw new MlopsError('DEMOTE_REFUSED', { model, version, to, problem: users.join('; '), environment });
  }
  await changeStage(transaction, { version: row, environment, to, act: 'demoted', actor, approval: null, reason });
}
