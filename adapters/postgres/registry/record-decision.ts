import type { PoolClient } from 'pg';
import type { DecisionOrder } from '../../../activities/approval-ports.ts';
import { MlopsError } from '../../../domain/errors.ts';
import { draftOfApproval, draftOfDecision } from '../../../domain/governance/approval-drafts.ts';
import {
  chooseAuthority,
  judgeQuorum,
  ownDecision,
  problemOfDecision,
  type Authority,
} from '../../../domain/registry/approval/quorum.ts';
import type { ApprovalRecord, ApprovalStanding } from '../../../domain/registry/approval/request.ts';
import { principalsOf, problemOfSamePerson } from '../../../domain/registry/approval/same-person.ts';
import type { LedgerTransaction } from '../ledger/ledger.ts';
import { plainNamesOf } from '../ledger/principals.ts';
import type { EvidenceParts } from '../rollout-store.ts';
import { useLink } from './approval-links.ts';
import { recordOf, requireRow, standingOf } from './approval-rows.ts';

const TITLE = { approve: 'Approval', deny: 'Denial' } as const;

/**
 * Writes a decision and what it comes to, in one transaction: nothing that follows from it can happen before. The same decision
 * sent again changes nothing, and is answered by how it stands, also when it has ended by it.
 *
 * @throws APPROVAL_REFUSED, APPROVAL_LINK_INVALID, APPROVAL_NOT_FOUND
 */
export async function decide({ ledger }: EvidenceParts, order: DecisionOrder): Promise<ApprovalStanding> {
  return await ledger.transact(async (transaction) => {
    const row = await requireRow(transaction.client, order.approvalId);
    const { record, nowMs } = standingOf(row);
    const candidate = { ...order, principal: order.actor.id };
    const problem = problemOfDecision(record, candidate, nowMs);
    if (problem !== null) throw refusal(order, problem);
    if (ownDecision(record, candidate) !== null) return standingOf(row);
    await writeDecision(transaction, record, order);
    const decided = recordOf(await requireRow(transaction.client, order.approvalId));
    await writeOutcome(transaction, decided, order);
    return standingOf(await requireRow(transaction.client, order.approvalId));
  });
}

async function writeDecision(
  { append, client }: LedgerTransaction,
  record: ApprovalRecord,
  order: DecisionOrder,
): Promise<void> {
  const { actor, approvalId, linkId, reason, seen, verdict } = order;
  const principal = actor.id;
  const authority = await requireAuthority(client, record, order);
  const onBehalfOf = authority.handovers === 0 ? null : authority.principal;
  const roles = authority.roles.filter((role) => record.roles.includes(role));
  const decision = { principal, verdict, onBehalfOf, seen, roles, reason, linkId };
  const sequence = append(draftOfDecision(record, decision, actor));
  await client.query(
    `INSERT INTO approval_decision (approval_id, round, principal_id, verdict, on_behalf_of, seen, roles, link_id, ledger_sequence)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [approvalId, record.round, principal, verdict, onBehalfOf, seen, roles, linkId, sequence],
  );
  if (linkId !== null) await useLink(client, { linkId, approvalId, principal, seen, sequence });
}

/** The right that it is decided by: one that the same person may use, whoever he is here besides. @throws APPROVAL_REFUSED */
async function requireAuthority(client: PoolClient, record: ApprovalRecord, order: DecisionOrder): Promise<Authority> {
  const { authorities } = order;
  const principal = order.actor.id;
  const names = await plainNamesOf(client, principalsOf(record, { principal, authorities }));
  const own = problemOfSamePerson(record, principal, names);
  if (own !== null) throw refusal(order, own);
  const problems = authorities.map((one) => problemOfSamePerson(record, one.principal, names));
  const chosen = chooseAuthority(
    record,
    authorities.filter((_, index) => problems[index] === null),
  );
  if (chosen.problem === null) return chosen.authority;
  throw refusal(order, problems.find((problem) => problem !== null) ?? chosen.problem);
}

/** With the evidence that it rests on, before it takes effect. */
async function writeOutcome(
  { append, client }: LedgerTransaction,
  record: ApprovalRecord,
  order: DecisionOrder,
): Promise<void> {
  const { verdict } = judgeQuorum(record, record.decisions);
  const isNew = verdict === 'denied' || (verdict === 'approved' && record.state === 'pending');
  if (!isNew) return;
  const facts = {
    bound: { ...record.bound },
    quorum: record.quorum,
    decisions: record.decisions.map(({ onBehalfOf, principal, roles, seen, verdict: given }) => ({
      principal,
      verdict: given,
      onBehalfOf,
      seen,
      roles: [...roles],
    })),
  };
  const step = verdict === 'denied' ? 'denied' : 'granted';
  const sequence = append(draftOfApproval(step, record, { facts }, order.actor));
  await client.query(
    'UPDATE approval_request SET state = $2, decided_at = clock_timestamp(), ledger_sequence = $3 WHERE approval_id = $1',
    [record.approvalId, verdict, sequence],
  );
}

function refusal({ approvalId, verdict }: DecisionOrder, problem: string): MlopsError {
  return new MlopsError('APPROVAL_REFUSED', { action: TITLE[verdict], approvalId, problem });
}
