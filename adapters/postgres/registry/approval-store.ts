import type { ApprovalDue, ApprovalNote, ApprovalStore } from '../../../activities/approval-ports.ts';
import { MlopsError } from '../../../domain/errors.ts';
import { draftOfRefusal } from '../../../domain/governance/access-drafts.ts';
import { draftOfApproval, type ApprovalStep } from '../../../domain/governance/approval-drafts.ts';
import type { EventActor, Json } from '../../../domain/governance/event-draft.ts';
import type { ApprovalPolicy } from '../../../domain/registry/approval/policy.ts';
import {
  isFinal,
  resourceOfApproval,
  shownContentOf,
  type ApprovalAssessment,
  type ApprovalContent,
  type ApprovalOrder,
  type ApprovalRecord,
  type ApprovalStanding,
  type GoneBecause,
} from '../../../domain/registry/approval/request.ts';
import { assessRisk, type RiskInputs } from '../../../domain/registry/approval/risk.ts';
import { digestOf } from '../../crypto/digest-of.ts';
import type { LedgerTransaction } from '../ledger/ledger.ts';
import type { EvidenceParts } from '../rollout-store.ts';
import { createApprovalLinks } from './approval-links.ts';
import { createApprovalReader } from './approval-reader.ts';
import { lockRow, recordOf, requireRow, standingOf } from './approval-rows.ts';
import { findAuthorities } from './delegations.ts';
import { decide } from './record-decision.ts';

/** Who carries an approval on, between what people do. */
export const APPROVAL_ACTOR: EventActor = { id: 'system:approval', kind: 'workflow', authentication: 'process' };

/** The evidence of approvals in PostgreSQL. The rules of who may decide hold in the database as well (migration 0010). */
export function createApprovalStore(parts: EvidenceParts): ApprovalStore {
  const { ledger, pool } = parts;
  const reader = createApprovalReader(pool);
  return {
    standing: reader.standing,
    view: reader.view,
    open: async (approvalId, order, policy, requester) => await open(parts, approvalId, { order, policy, requester }),
    decide: async (order) => await decide(parts, order),
    pass: async (approvalId, due) =>
      await ledger.transact(async (transaction) => await pass(transaction, approvalId, due)),
    changeContent: async (...change) =>
      await ledger.transact(async (transaction) => await changeContent(transaction, ...change)),
    openLink: async (code, verdict) => await createApprovalLinks(parts).open(code, verdict),
    carriedOut: async (approvalId, what) =>
      await ledger.transact(async (transaction) => await carriedOut(transaction, approvalId, what)),
    refuse: async ({ actor, approvalId, occasion, problem, verdict }) => {
      const resource = resourceOfApproval(approvalId);
      const refused = { action: `approval.${verdict}`, resource, code: 'APPROVAL_REFUSED', problem };
      await ledger.append(draftOfRefusal(refused, actor), `${resource}/refused/${occasion}`);
    },
    note: async (approvalId, note) => await writeNote(parts, approvalId, note),
    authorities: async (approvalId, principal, directory) =>
      await findAuthorities(pool, directory, { approvalId, principal }),
  };
}

async function open(
  { ledger }: EvidenceParts,
  approvalId: string,
  {
    order,
    policy,
    requester,
  }: { readonly order: ApprovalOrder; readonly policy: ApprovalPolicy; readonly requester: EventActor },
): Promise<ApprovalStanding> {
  const risk = assessRisk(order.kind, order.environment, order.risk);
  const terms = policy[risk.band];
  const asked = { ...order, approvalId, quorum: terms.quorum, roles: terms.roles };
  return await ledger.transact(async (transaction) => {
    const there = await lockRow(transaction.client, approvalId);
    if (there !== null) return standingOf(there);
    await assertNoneIsOpen(transaction, approvalId, order);
    await transaction.client.query(
      `INSERT INTO approval_request (approval_id, kind, resource, environment, requested_by, excluded, artifact_digest, tests_digest,
         policy_digest, evidence, action, content_digest, risk_score, risk_band, risk_inputs, risk_reasons, quorum, roles,
         remind_seconds, escalate_seconds, expire_seconds, state, ledger_sequence, expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, 'pending', $22,
         clock_timestamp() + make_interval(secs => $21))`,
      [
        approvalId,
        order.kind,
        order.resource,
        order.environment,
        order.requestedBy,
        JSON.stringify({ ...order.excluded, [order.requestedBy]: order.excluded[order.requestedBy] ?? 'requester' }),
        ...contentColumns(order, asked),
        risk.score,
        risk.band,
        JSON.stringify(order.risk),
        JSON.stringify(risk.reasons),
        terms.quorum,
        terms.roles,
        terms.remindEverySeconds,
        terms.escalateAfterSeconds,
        terms.expireAfterSeconds,
        transaction.next,
      ],
    );
    const row = await requireRow(transaction.client, approvalId);
    const { artifact, policy: policyDigest, tests } = order.bound;
    const facts = {
      artifact,
      tests,
      policy: policyDigest,
      quorum: terms.quorum,
      roles: [...terms.roles],
      terms: digestOf(policy),
    };
    transaction.append(draftOfApproval('requested', recordOf(row), { facts, words: order.reason }, requester));
    return standingOf(row);
  });
}

/** @throws APPROVAL_REFUSED */
async function assertNoneIsOpen(
  { client }: LedgerTransaction,
  approvalId: string,
  { environment, kind, resource }: ApprovalOrder,
): Promise<void> {
  const { rows } = await client.query<{ approval_id: string }>(
    `SELECT approval_id FROM approval_request
     WHERE environment = $1 AND kind = $2 AND resource = $3 AND state IN ('pending', 'approved')`,
    [environment, kind, resource],
  );
  const [other] = rows;
  if (other === undefined) return;
  const problem = `${other.approval_id} is open for ${resource} already`;
  throw new MlopsError('APPROVAL_REFUSED', { action: 'Opening', approvalId, problem });
}

/** What time brings is written once, and only when the database's clock agrees. */
async function pass(transaction: LedgerTransaction, approvalId: string, due: ApprovalDue): Promise<ApprovalStanding> {
  const { append, client } = transaction;
  const row = await requireRow(client, approvalId);
  const { record, nowMs } = standingOf(row);
  if (isFinal(record.state) || record.round !== due.round) return standingOf(row);
  const step = { reminder: 'reminded', escalation: 'escalated', expiry: 'expired' } as const;
  const change = {
    reminder: record.state === 'pending' && record.reminders < due.number ? 'reminders = $2' : null,
    escalation: record.state === 'pending' && !record.isEscalated ? 'escalated = true' : null,
    expiry: nowMs >= Date.parse(record.expiresAt) ? `state = 'expired', decided_at = clock_timestamp()` : null,
  }[due.what];
  if (change === null) return standingOf(row);
  const missing = record.quorum - record.decisions.filter(({ verdict }) => verdict === 'approve').length;
  const facts = due.what === 'reminder' ? { number: due.number, missing } : { missing };
  const sequence = append(draftOfApproval(step[due.what], record, { facts }, APPROVAL_ACTOR));
  await client.query(
    `UPDATE approval_request SET ${change}, ledger_sequence = $3 WHERE approval_id = $1 AND $2::integer IS NOT NULL`,
    [approvalId, due.number, sequence],
  );
  return standingOf(await requireRow(client, approvalId));
}

async function changeContent(
  { append, client }: LedgerTransaction,
  approvalId: string,
  found: ApprovalAssessment | null,
  policy: ApprovalPolicy,
  why?: GoneBecause,
): Promise<ApprovalStanding> {
  const row = await requireRow(client, approvalId);
  const record = recordOf(row);
  if (isFinal(record.state)) return standingOf(row);
  if (found === null) {
    const facts = { gone: true, ...(why === undefined ? {} : { why }) };
    const sequence = append(draftOfApproval('voided', record, { facts }, APPROVAL_ACTOR));
    await client.query(
      `UPDATE approval_request SET state = 'voided', decided_at = clock_timestamp(), ledger_sequence = $2 WHERE approval_id = $1`,
      [approvalId, sequence],
    );
    return standingOf(await requireRow(client, approvalId));
  }
  const needs = needsOf(record, found.risk, policy);
  const columns = contentColumns(found, { ...record, ...needs });
  // Who was left out stays left out.
  const excluded = { ...found.excluded, ...record.excluded };
  const newcomers = Object.keys(excluded).filter((id) => !Object.hasOwn(record.excluded, id));
  if (columns.at(-1) === record.contentDigest && newcomers.length === 0) return standingOf(row);
  const facts = {
    before: { ...record.bound, content: record.contentDigest },
    after: { ...found.bound, content: columns.at(-1) ?? '' },
    voided: record.decisions.map(({ principal }) => principal),
    risk: needs.score,
    quorum: needs.quorum,
    excluded: newcomers,
  };
  const sequence = append(draftOfApproval('content-changed', record, { facts }, APPROVAL_ACTOR));
  await client.query(
    `UPDATE approval_request SET artifact_digest = $2, tests_digest = $3, policy_digest = $4, evidence = $5, action = $6,
       content_digest = $7, state = 'pending', round = round + 1, decided_at = NULL, asked_at = clock_timestamp(), reminders = 0,
       escalated = false, expires_at = clock_timestamp() + make_interval(secs => expire_seconds), ledger_sequence = $8,
       risk_score = $9, risk_band = $10, quorum = $11, roles = $12,
       risk_inputs = coalesce($13, risk_inputs), risk_reasons = coalesce($14, risk_reasons), excluded = $15
     WHERE approval_id = $1`,
    [
      approvalId,
      ...columns,
      sequence,
      needs.score,
      needs.band,
      needs.quorum,
      needs.roles,
      needs.reasons === null ? null : JSON.stringify(found.risk),
      needs.reasons === null ? null : JSON.stringify(needs.reasons),
      JSON.stringify(excluded),
    ],
  );
  return standingOf(await requireRow(client, approvalId));
}

/** What another content needs: more when its risk is higher, never less than before. */
function needsOf(record: ApprovalRecord, inputs: RiskInputs | null, policy: ApprovalPolicy) {
  const { quorum, roles } = record;
  const before = { ...record.risk, quorum, roles, reasons: null };
  if (inputs === null) return before;
  const found = assessRisk(record.kind, record.environment, inputs);
  if (found.score <= record.risk.score) return before;
  const terms = policy[found.band];
  return { ...found, quorum: Math.max(quorum, terms.quorum), roles: terms.roles };
}

async function carriedOut(
  { append, client }: LedgerTransaction,
  approvalId: string,
  what: string,
): Promise<ApprovalStanding> {
  const row = await requireRow(client, approvalId);
  const record = recordOf(row);
  // By an attempt whose answer was lost, or by what was approved itself.
  if (record.state !== 'approved') return standingOf(row);
  const sequence = append(draftOfApproval('carried-out', record, { facts: { what } }, APPROVAL_ACTOR));
  await client.query(
    `UPDATE approval_request SET state = 'carried-out', carried_out_at = clock_timestamp(), ledger_sequence = $2 WHERE approval_id = $1`,
    [approvalId, sequence],
  );
  return standingOf(await requireRow(client, approvalId));
}

async function writeNote({ ledger, pool }: EvidenceParts, approvalId: string, note: ApprovalNote): Promise<void> {
  const { record } = await createApprovalReader(pool).standing(approvalId);
  const actor = note.step === 'signal-refused' ? UNKNOWN_SENDER : APPROVAL_ACTOR;
  const draft = draftOfApproval(note.step satisfies ApprovalStep, record, { words: note.words }, actor);
  await ledger.append({ ...draft, subject: draft.resource }, `approval/${approvalId}/${note.key}`);
}

const UNKNOWN_SENDER: EventActor = { id: 'unknown:signal', kind: 'human', authentication: 'none' };

/** Artifact, tests and policy digest, evidence, action, and the digest of all that is shown. */
function contentColumns(
  content: ApprovalContent,
  asked: Parameters<typeof shownContentOf>[0],
): [string | null, string, string, string, string, string] {
  const { artifact, policy, tests } = content.bound;
  const evidence = JSON.stringify(content.evidence);
  const action = JSON.stringify(content.action);
  // As the row will give it back: what JSON does not know is not shown either.
  const plain = {
    ...content,
    evidence: JSON.parse(evidence) as never,
    action: JSON.parse(action) as { [name: string]: Json },
  };
  const digest = digestOf(shownContentOf(asked, plain));
  return [artifact, tests, policy, evidence, action, digest];
}
