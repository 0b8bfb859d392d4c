import { MlopsError } from '../../../domain/errors.ts';
import type { EventActor } from '../../../domain/governance/event-draft.ts';
import type { StageOutcome } from '../../../domain/registry/records.ts';
import { resourceOfVersion } from '../../../domain/registry/resource-names.ts';
import { isSameVersion } from '../../../domain/registry/semver.ts';
import type { Stage } from '../../../domain/registry/stages.ts';
import type { LiveSplit } from '../../../domain/rollout/split.ts';
import type { LedgerTransaction } from '../ledger/ledger.ts';
import { changeStage } from './change-stage.ts';
import type { RegistryParts } from './parts.ts';
import { routedSplitOf } from './live-split.ts';
import { outcomeOf } from './outcome-of.ts';
import { refusalsRecorded } from './refusals.ts';
import { usersServedBy } from './users-served.ts';
import { requireVersion, run, type Queries, type VersionRow } from './versions.ts';

/** Who takes which version out of use, for good. */
export interface RetireOrder {
  readonly model: string;
  readonly version: string;
  readonly reason: string;
  readonly actor: string;
}

/** Dependents that are named; more are counted. */
const MOST_NAMED = 10;

/**
 * Ends a version in every environment: it is hidden from lists, its evidence stays, its number is never given out again. Doing it
 * again changes nothing.
 *
 * @throws VERSION_NOT_FOUND, RETIRE_REFUSED while users, rollouts, other versions or protected aliases need it, ROUTER_UNREACHABLE while
 *   nobody can say where the users of a model are that has some
 */
export async function retireModel(parts: RegistryParts, order: RetireOrder): Promise<StageOutcome> {
  const { environment } = parts;
  const actor = await parts.principals.actor(order.actor);
  const attempt = { action: 'model.retire', resource: resourceOfVersion(order.model, order.version), actor };
  return await refusalsRecorded(parts, attempt, async () => {
    const routed = await routedSplitOf(parts, order.model);
    const outcome = await parts.ledger.transact(async (transaction) => {
      const row = await requireVersion(transaction.client, environment, order);
      if (row.retired_at !== null) return outcomeOf(row, environment, { from: 'archived' });
      await retireRow(parts, transaction, { row, routed, actor, reason: order.reason });
      const after = await requireVersion(transaction.client, environment, row.content);
      return outcomeOf(after, environment, { from: row.stage });
    });
    await parts.wakeApprovals(order.model);
    return outcome;
  });
}

/** Retires a version that nothing needs any more, within a transaction. @throws RETIRE_REFUSED */
export async function retireRow(
  parts: RegistryParts,
  transaction: LedgerTransaction,
  entry: {
    readonly row: VersionRow;
    /** As {@link routedSplitOf} found it before the transaction. */
    readonly routed: LiveSplit | null;
    readonly actor: EventActor;
    readonly reason: string;
  },
): Promise<void> {
  const { model, version } = entry.row.content;
  const problems = await needsOf(parts, transaction.client, entry);
  if (problems.length > 0) throw new MlopsError('RETIRE_REFUSED', { model, version, problems: problems.join('; ') });
  await retire(parts, transaction, entry);
}

/** Everything that still needs a version, in words. */
async function needsOf(
  parts: RegistryParts,
  queries: Queries,
  { routed, row }: { readonly row: VersionRow; readonly routed: LiveSplit | null },
): Promise<string[]> {
  const { model, version } = row.content;
  const users = await usersServedBy(parts, queries, { model, version, routed, only: null });
  const open = await run<{ rollout_id: string; versions: readonly string[] }>(
    queries,
    'SELECT rollout_id, ARRAY[from_version, to_version] AS versions FROM rollout WHERE model = $1 AND outcome IS NULL',
    [model],
  );
  const rollouts = open.filter(({ versions }) => versions.some((name) => isSameVersion(name, version)));
  const dependents = await run<{ name: string }>(
    queries,
    `SELECT DISTINCT m.name || '@' || v.version AS name FROM model_dependency d
     JOIN model_version v USING (version_id) JOIN model m USING (model_id)
     WHERE d.target_id = $1 AND v.retired_at IS NULL ORDER BY name`,
    [row.version_id],
  );
  const aliases = await run<{ name: string }>(
    queries,
    `SELECT alias || ' in ' || environment AS name FROM model_alias WHERE version_id = $1 AND lower(alias) = ANY ($2) ORDER BY name`,
    [row.version_id, parts.policy.protectedAliases.map((name) => name.toLowerCase())],
  );
  return [
    ...users,
    ...rollouts.map(({ rollout_id: id }) => `${id} is going on`),
    ...(dependents.length === 0 ? [] : [`${namesOf(dependents)} depend on it`]),
    ...aliases.map(({ name }) => `the protected alias ${name} means it`),
  ];
}

function namesOf(dependents: readonly { readonly name: string }[]): string {
  const named = dependents.slice(0, MOST_NAMED).map(({ name }) => name);
  const more = dependents.length - named.length;
  return `${named.join(', ')}${more === 0 ? '' : ` and ${more} more`}`;
}

async function retire(
  { environment }: RegistryParts,
  transaction: LedgerTransaction,
  { actor, reason, row }: { readonly row: VersionRow; readonly actor: EventActor; readonly reason: string },
): Promise<void> {
  const { client } = transaction;
  const first = transaction.next;
  const aliases = await run<{ alias: string }>(
    client,
    `UPDATE model_alias SET version_id = NULL, changed_at = date_trunc('milliseconds', clock_timestamp()), ledger_sequence = $2
     WHERE version_id = $1 RETURNING alias`,
    [row.version_id, first],
  );
  await client.query(
    `UPDATE model_version SET retired_at = date_trunc('milliseconds', clock_timestamp()), ledger_sequence = $2 WHERE version_id = $1`,
    [row.version_id, first],
  );
  const stood = await run<{ environment: string; stage: Stage }>(
    client,
    'SELECT environment, stage FROM version_stage WHERE version_id = $1 AND environment <> $2 ORDER BY environment',
    [row.version_id, environment],
  );
  const facts = { ordinal: row.ordinal, aliasesRemoved: aliases.map(({ alias }) => alias) };
  for (const place of [{ environment, stage: row.stage }, ...stood])
    await changeStage(transaction, {
      version: { ...row, stage: place.stage },
      environment: place.environment,
      to: 'archived',
      act: 'retired',
      actor,
      approval: null,
      reason,
      facts,
    });
}
