import { judgeQuorum } from '../domain/registry/approval/quorum.ts';
import type { ApprovalRecord } from '../domain/registry/approval/request.ts';
import type { ApprovalDue } from './approval-ports.ts';
import type { Notification } from './ports.ts';

type News = 'approval-requested' | 'approval-reminder' | 'approval-escalated' | 'approval-expired' | 'approval-voided';

/** What a time that came is news of; null when nothing is told. */
export function newsOfDue(due: ApprovalDue, record: ApprovalRecord): News | null {
  if (due.round !== record.round) return null;
  if (record.state === 'expired') return 'approval-expired';
  if (record.state !== 'pending') return null;
  if (due.what === 'reminder' && record.reminders >= due.number) return 'approval-reminder';
  return due.what === 'escalation' && record.isEscalated ? 'approval-escalated' : null;
}

/** What a decision is news of; null while people are waited for. An attempt that repeats one may come after it was carried out. */
export function newsOfDecision({
  state,
}: Pick<ApprovalRecord, 'state'>): 'approval-granted' | 'approval-denied' | null {
  if (state === 'denied') return 'approval-denied';
  return state === 'approved' || state === 'carried-out' ? 'approval-granted' : null;
}

const SEVERITY: Readonly<Record<string, Notification['severity']>> = {
  'approval-escalated': 'page',
  'approval-carry-out-failed': 'page',
  'approval-granted': 'info',
};

/** What people outside are told of an approval. */
export function newsOf(event: string, record: ApprovalRecord, nowMs: number, number: number): Notification {
  const { approvalId, contentDigest, environment, expiresAt, quorum, resource, risk, roles, round, state } = record;
  const { missing } = judgeQuorum(record, record.decisions);
  return {
    // Once for each: an attempt whose answer was lost tells nothing twice.
    idempotencyKey: `approval/${approvalId}/${round}/${event}/${number}`,
    event,
    rolloutId: `approval/${approvalId}`,
    model: resource,
    environment,
    at: new Date(nowMs).toISOString(),
    summary:
      state === 'pending'
        ? `${record.kind} of ${resource} needs ${missing} more of ${quorum} approvals, of ${roles.join(' or ')}, until ${expiresAt}: mlops approval show ${approvalId}`
        : `${record.kind} of ${resource} is ${state}`,
    severity: SEVERITY[event] ?? 'warning',
    details: {
      approvalId,
      kind: record.kind,
      state,
      missing,
      quorum,
      roles,
      risk: risk.score,
      content: contentDigest,
      expiresAt,
    },
  };
}
