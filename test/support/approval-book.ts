// Approval requests of rollouts in memory: who decides may be anybody, and two are wanted.
import { ApplicationFailure } from '@temporalio/common';
import type { DecideInput } from '../../activities/approval.ts';
import type { RolloutEventRecord } from '../../activities/ports.ts';
import type { AskedApproval } from '../../activities/rollout-approvals.ts';
import { judgeQuorum, problemOfDecision } from '../../domain/registry/approval/quorum.ts';
import type { ApprovalRecord, ApprovalState, Verdict } from '../../domain/registry/approval/request.ts';
import type { RolloutAsk } from '../../domain/rollout/approval-request.ts';
import { createDecision, createRecord } from './approvals.ts';

/** A request as it stands, with what was asked. */
export interface BookEntry {
  readonly order: RolloutAsk;
  record: ApprovalRecord;
}

export type ApprovalBook = ReturnType<typeof createApprovalBook>;

/** @param name tells the books of different rollouts apart */
export function createApprovalBook(name: string) {
  const entries: BookEntry[] = [];
  const find = (approvalId: string): BookEntry => {
    const entry = entries.find(({ record }) => record.approvalId === approvalId);
    if (entry === undefined) throw new Error(`no request ${approvalId}`);
    return entry;
  };
  const standing = (entry: BookEntry) => ({ record: entry.record, nowMs: Date.now() });
  const decide = (approvalId: string, principal: string, verdict: Verdict, seen: string): BookEntry => {
    const entry = find(approvalId);
    const problem = problemOfDecision(entry.record, { principal, verdict, seen, authorities: null }, Date.now());
    if (problem !== null) throw ApplicationFailure.nonRetryable(problem, 'APPROVAL_REFUSED', { approvalId, problem });
    const decisions = [...entry.record.decisions, createDecision(principal, { verdict, seen })];
    entry.record = { ...entry.record, decisions, state: judgeQuorum(entry.record, decisions).verdict };
    return entry;
  };
  return {
    entries,
    isAway: false,
    open: (): BookEntry[] => entries.filter(({ record }) => record.state === 'pending' || record.state === 'approved'),
    /** As if somebody decided by command line, HTTP or link. */
    decide: (principal: string, verdict: Verdict = 'approve', entry = entries.at(-1)): void => {
      if (entry === undefined) throw new Error('nothing was asked');
      decide(entry.record.approvalId, principal, verdict, entry.record.contentDigest);
    },
    set: (state: ApprovalState): void => {
      const entry = entries.at(-1);
      if (entry !== undefined) entry.record = { ...entry.record, state };
    },
    async ask(order: RolloutAsk): Promise<AskedApproval> {
      if (this.isAway) throw new Error('nobody can be asked');
      const { environment, kind, requestedBy, resource, startedBy } = order;
      const contentDigest = String(entries.length).padStart(64, '0');
      const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
      const record = createRecord({
        approvalId: `apr-${name}-${entries.length}`,
        contentDigest,
        environment,
        expiresAt,
        kind,
        requestedBy,
        resource,
        excluded: { [startedBy]: 'starter', [requestedBy]: 'requester' },
      });
      entries.push({ order, record });
      const { approvalId, bound, quorum } = record;
      return await Promise.resolve({ approvalId, bound, contentDigest, quorum, missing: quorum });
    },
    async withdraw(approvalId: string): Promise<void> {
      const entry = find(approvalId);
      if (['pending', 'approved'].includes(entry.record.state)) entry.record = { ...entry.record, state: 'voided' };
      await Promise.resolve();
    },
    read: async (approvalId: string) => await Promise.resolve(standing(find(approvalId))),
    take: async ({ approvalId, claim, seen, verdict }: DecideInput) =>
      await Promise.resolve(standing(decide(approvalId, claim?.actor ?? '', verdict, seen))),
    use: ({ uses }: RolloutEventRecord): void => {
      if (uses === undefined) return;
      const entry = find(uses.approvalId);
      if (entry.record.state !== 'approved')
        throw ApplicationFailure.nonRetryable(`it is ${entry.record.state}`, 'APPROVAL_NOT_GRANTED');
      entry.record = { ...entry.record, state: 'carried-out' };
    },
  };
}
