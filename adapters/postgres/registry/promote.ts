import { MlopsError } from '../../../domain/errors.ts';
import type { EventActor } from '../../../domain/governance/event-draft.ts';
import type { Dependency } from '../../../domain/registry/dependency.ts';
import { indexProblem } from '../../../domain/registry/index-match.ts';
import type { StageOutcome } from '../../../domain/registry/records.ts';
import { resourceOfPromotion, resourceOfVersion } from '../../../domain/registry/resource-names.ts';
import { weightOf } from '../../../domain/registry/traffic-weight.ts';
import { isSameVersion } from '../../../domain/registry/semver.ts';
import { isLegal, legalInWords } from '../../../domain/registry/stages.ts';
import type { LiveSplit } from '../../../domain/rollout/split.ts';
import type { LedgerTransaction } from '../ledger/ledger.ts';
import { archiveOthers } from './archive-others.ts';
import { approvalFor, consumeApproval } from './approve.ts';
import { changeStage, type StageChange, type UsedApproval } from './change-stage.ts';
import { outcomeOf } from './outcome-of.ts';
import type { RegistryParts } from './parts.ts';
import { refusalsRecorded } from './refusals.ts';
import { earlierApprovalOf } from './earlier-approval.ts';
import { assertNotHeld } from './held-by-rollout.ts';
import { liveSplitOf, routedSplitOf } from './live-split.ts';
import { outcomeAwaiting } from './request-stage.ts';
import { assertVerified, isOf, noteVerified, type Verified } from './verify-artifact.ts';
import { productionOf, requireVersion, run, type Queries, type VersionRow } from './versions.ts';

/** Who wants which version in which stage. */
export interface PromoteOrder {
  readonly model: string;
  readonly version: string;
  readonly to: 'staging' | 'production';
  /** The version that is believed to be in production, null for none: when it is another one, nothing happens. */
  readonly expectedProduction: string | null;
  readonly approvalId: string | null;
  /** Every other version that stands in staging is retired by the same act; what is in production is replaced in any case. */
  readonly archiveOthers?: boolean;
  readonly reason: string;
  readonly actor: string;
  /** A rollout has brought the users there: the stage follows. */
  readonly isByRollout?: boolean;
  /** Which rollout: once its end is recorded, nothing is promoted by it any more. */
  readonly rolloutKey?: string;
}

/**
 * Moves a version one stage up. Into production it takes the place of the version that is there, in one transaction, and that
 * one goes back to staging. What needs an approval and has none is noted, and `awaiting` says what must be approved.
 *
 * @throws VERSION_NOT_FOUND, VERSION_RETIRED, TRANSITION_ILLEGAL, STAGE_CONFLICT, ARTIFACT_MISSING, ARTIFACT_MISMATCH,
 *   INDEX_MISMATCH, APPROVAL_NOT_GRANTED, STAGE_HELD, TRAFFIC_ELSEWHERE, PROMOTION_LATE, RETIRE_REFUSED, ROUTER_UNREACHABLE, and what the approvals throw
 */
export async function promoteModel(parts: RegistryParts, order: PromoteOrder): Promise<StageOutcome> {
  const actor = await parts.principals.actor(order.actor);
  const attempt = { action: 'model.promote', resource: resourceOfVersion(order.model, order.version), actor };
  return await refusalsRecorded(parts, attempt, async () => {
    let outcome: StageOutcome | 'unverified';
    do outcome = await tryToPromote(parts, order, actor);
    while (outcome === 'unverified');
    if (order.archiveOthers === true) await parts.wakeApprovals(order.model);
    return outcome;
  });
}

/** `unverified`: since it was looked at it has changed hands, or left where it was wanted. It is looked at again. */
async function tryToPromote(
  parts: RegistryParts,
  asked: PromoteOrder,
  actor: EventActor,
): Promise<StageOutcome | 'unverified'> {
  const before = await requireVersion(parts.pool, parts.environment, asked);
  // What an alias means is settled here: what is promoted is what was read.
  const order = { ...asked, version: before.content.version };
  let verified: Verified | null = null;
  // What cannot be promoted at all is said before its artifact is read.
  if (!isThere(before, order)) {
    assertTransition(before, order);
    verified = await assertVerified(parts, before, actor);
  }
  const routed = asksRouter(order) ? await routedSplitOf(parts, before.content.model) : null;
  const entry = { order, actor, routed, verified };
  return await parts.ledger.transact(async (transaction) => await promote(parts, transaction, entry));
}

/** Whether it matters where the users are: a version that gets them is promoted by hand, or others are retired. */
function asksRouter({ approvalId, archiveOthers, isByRollout, to }: PromoteOrder): boolean {
  if (to === 'staging') return archiveOthers === true;
  return approvalId !== null && isByRollout !== true;
}

async function promote(
  parts: RegistryParts,
  transaction: LedgerTransaction,
  entry: {
    readonly order: PromoteOrder;
    readonly actor: EventActor;
    readonly routed: LiveSplit | null;
    readonly verified: Verified | null;
  },
): Promise<StageOutcome | 'unverified'> {
  const { actor, order, routed, verified } = entry;
  const { client } = transaction;
  const { environment } = parts;
  const row = await requireVersion(client, environment, order);
  const archiveAsOrdered = async (): Promise<void> => {
    if (order.archiveOthers !== true || order.to !== 'staging') return;
    await archiveOthers(parts, transaction, { row, routed, actor, reason: order.reason });
  };
  // The answer to an earlier try was lost.
  if (isThere(row, order)) {
    await archiveAsOrdered();
    return outcomeOf(row, environment, { from: row.stage });
  }
  if (!isOf(verified, row)) return 'unverified';
  assertTransition(row, order);
  await assertOpen(client, order);
  await assertIndex(client, row);
  const current = order.to === 'production' ? await productionOf(client, environment, row.model_id) : null;
  if (order.to === 'production') assertExpected(row, current, order, environment);
  if (lacksApproval(row, order)) {
    const awaiting = neededFor(parts, row, order);
    return await outcomeAwaiting(parts, transaction, { row, to: order.to, actor, awaiting });
  }
  // Before an approval is used: the event that follows is that of the change that it is used for.
  await noteVerified(transaction, row, verified, actor);
  // A rollout back to what was in production before goes by the approval that it had.
  const earlier = order.isByRollout === true ? await earlierApprovalOf(parts, client, row) : null;
  const approval = await approvalOf(parts, transaction, { row, order, earlier });
  // Asked for it may be; it is done by whoever brings the users there.
  if (order.to === 'production' && order.isByRollout !== true) await assertByHand(client, environment, row, routed);
  const isWayBack = earlier !== null && approval === earlier;
  await enterStage(transaction, {
    row,
    current,
    environment,
    actor,
    approval,
    order,
    act: isWayBack ? 'gone-back' : 'promoted',
    facts: broughtBy(order),
  });
  await archiveAsOrdered();
  const after = await requireVersion(client, environment, order);
  return outcomeOf(after, environment, { from: row.stage, replaced: current?.content.version ?? null });
}

/** By which rollout, so that this one takes it back and no other: null by none. Orders of before it was kept say nothing. */
function broughtBy({ isByRollout, rolloutKey, to }: PromoteOrder): NonNullable<StageChange['facts']> {
  if (to !== 'production' || (isByRollout === true && rolloutKey === undefined)) return {};
  return { rollout: isByRollout === true ? (rolloutKey ?? null) : null };
}

/** A version takes its new stage, and in production the place of the one before, which stays verified in staging. */
export async function enterStage(
  transaction: LedgerTransaction,
  entry: {
    readonly row: VersionRow;
    readonly current: VersionRow | null;
    readonly environment: string;
    readonly actor: EventActor;
    readonly approval: UsedApproval | null;
    readonly order: Pick<PromoteOrder, 'to' | 'reason'>;
    readonly act: 'promoted' | 'gone-back';
    /** More for programs to know this change by. */
    readonly facts?: StageChange['facts'];
  },
): Promise<void> {
  const { act, actor, approval, current, environment, facts: more = {}, order, row } = entry;
  const { reason, to } = order;
  const change = { environment, actor };
  if (current !== null) {
    const facts = { by: row.content.version };
    await changeStage(transaction, {
      ...change,
      version: current,
      to: 'staging',
      act: 'replaced',
      approval: null,
      reason: '',
      facts,
    });
  }
  const facts = { ...(to === 'production' ? { replaced: current?.content.version ?? null } : {}), ...more };
  await changeStage(transaction, { ...change, version: row, to, act, approval, reason, facts });
}

/** @throws STAGE_CONFLICT */
export function assertExpected(
  { content }: Pick<VersionRow, 'content'>,
  current: VersionRow | null,
  { expectedProduction }: Pick<PromoteOrder, 'expectedProduction'>,
  environment: string,
): void {
  const there = current?.content.version ?? null;
  const isExpected =
    there === null || expectedProduction === null
      ? there === expectedProduction
      : isSameVersion(there, expectedProduction);
  if (isExpected) return;
  const { model, version } = content;
  throw new MlopsError('STAGE_CONFLICT', {
    model,
    version,
    environment,
    current: there ?? 'no version',
    expected: expectedProduction ?? 'none',
  });
}

/**
 * Users that are on another version are brought to this one by a rollout: the stage does not go ahead of them, nor of a rollout that is under way.
 *
 * @throws STAGE_HELD, TRAFFIC_ELSEWHERE
 */
export async function assertByHand(
  queries: Queries,
  environment: string,
  { content }: VersionRow,
  routed: LiveSplit | null,
): Promise<void> {
  const { model, version } = content;
  await assertNotHeld(queries, environment, content);
  const elsewhere = [await liveSplitOf(queries, environment, model), routed].find(
    (live) => live !== null && weightOf(live.split, version) < 10_000,
  );
  if (elsewhere === undefined || elsewhere === null) return;
  throw new MlopsError('TRAFFIC_ELSEWHERE', { model, version, environment, live: elsewhere.split.stable.version });
}

/** An attempt that outlived its rollout comes too late: what it would promote may be taken back already. @throws PROMOTION_LATE */
async function assertOpen(queries: Queries, { model, rolloutKey, version }: PromoteOrder): Promise<void> {
  if (rolloutKey === undefined) return;
  const ended = await run(queries, 'SELECT FROM rollout WHERE rollout_key = $1 AND outcome IS NOT NULL', [rolloutKey]);
  if (ended.length > 0) throw new MlopsError('PROMOTION_LATE', { model, version, rolloutKey });
}

function isThere(row: VersionRow, { to }: PromoteOrder): boolean {
  return row.stage === to;
}

/** @throws VERSION_RETIRED, TRANSITION_ILLEGAL */
function assertTransition(row: VersionRow, { to }: PromoteOrder): void {
  const { model, version } = row.content;
  if (row.retired_at !== null) throw new MlopsError('VERSION_RETIRED', { model, version, action: 'promoted' });
  if (isLegal('promote', row.stage, to)) return;
  const legal = legalInWords('promote', row.stage);
  throw new MlopsError('TRANSITION_ILLEGAL', { model, version, from: row.stage, to, legal });
}

/** @throws INDEX_MISMATCH */
export async function assertIndex(queries: Queries, { content, version_id: id }: VersionRow): Promise<void> {
  if (content.type !== 'retriever') return;
  const dependencies = await run<Dependency & Record<string, unknown>>(
    queries,
    'SELECT kind, target FROM model_dependency WHERE version_id = $1 ORDER BY kind, target',
    [id],
  );
  const problem = indexProblem(content, dependencies);
  if (problem === null) return;
  throw new MlopsError('INDEX_MISMATCH', { model: content.model, version: content.version, problem });
}

function neededFor(parts: RegistryParts, { content }: VersionRow, { to }: PromoteOrder) {
  const { model, version } = content;
  const resource = resourceOfPromotion({ model, version, environment: parts.environment, stage: to });
  return approvalFor(parts, content, { kind: 'stage-promotion', resource });
}

function needsApproval({ content }: VersionRow, { to }: PromoteOrder): boolean {
  return to === 'production' || content.approvalRequired;
}

function lacksApproval(row: VersionRow, order: PromoteOrder): boolean {
  return order.approvalId === null && needsApproval(row, order);
}

async function approvalOf(
  parts: RegistryParts,
  transaction: LedgerTransaction,
  {
    earlier,
    order,
    row,
  }: { readonly row: VersionRow; readonly order: PromoteOrder; readonly earlier: UsedApproval | null },
): Promise<UsedApproval | null> {
  const { approvalId } = order;
  if (approvalId === null || !needsApproval(row, order)) return null;
  if (earlier?.approvalId === approvalId) return earlier;
  return await consumeApproval(parts, transaction, neededFor(parts, row, order), approvalId);
}
