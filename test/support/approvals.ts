import type { Authority } from '../../domain/registry/approval/quorum.ts';
import type { ApprovalDecision, ApprovalOrder, ApprovalRecord } from '../../domain/registry/approval/request.ts';

export const DIGEST = { a: 'a'.repeat(64), b: 'b'.repeat(64), c: 'c'.repeat(64) };

/** A request for a promotion to production, of high risk. */
export function createOrder(change: Partial<ApprovalOrder> = {}): ApprovalOrder {
  return {
    kind: 'stage-promotion',
    resource: 'model/rag_api/2.1.0/stage/production/production',
    environment: 'production',
    requestedBy: 'principal:engineer',
    excluded: { 'principal:author': 'author', 'principal:owner': 'data owner' },
    bound: { artifact: DIGEST.a, tests: DIGEST.b, policy: DIGEST.c },
    evidence: [
      { name: 'recall@5', value: 0.89, baseline: 0.87, limit: 0.85, unit: '', better: 'higher' },
      { name: 'latency p95', value: 212, baseline: 198, limit: 300, unit: 'ms', better: 'lower' },
    ],
    action: { model: 'rag_api', version: '2.1.0', stage: 'production' },
    risk: {
      trafficPercent: 100,
      modelType: 'embedding',
      daysSinceLastChange: 20,
      failedGates: [],
      changeSize: 'minor',
      signed: true,
    },
    reason: 'release 2.1',
    ...change,
  };
}

/** A request that waits for two approvers. */
export function createRecord(change: Partial<ApprovalRecord> = {}): ApprovalRecord {
  const { bound, environment, excluded, kind, requestedBy, resource } = createOrder();
  return {
    approvalId: 'apr-test',
    kind,
    resource,
    environment,
    requestedBy,
    excluded: { ...excluded, [requestedBy]: 'requester' },
    bound,
    contentDigest: DIGEST.a,
    risk: { score: 70, band: 'high' },
    quorum: 2,
    roles: ['approver'],
    remindEverySeconds: 3600,
    state: 'pending',
    round: 1,
    decisions: [],
    askedAt: '2026-01-01T00:00:00.000Z',
    escalateAt: '2026-01-03T00:00:00.000Z',
    expiresAt: '2026-01-08T00:00:00.000Z',
    reminders: 0,
    isEscalated: false,
    ...change,
  };
}

export function createDecision(principal: string, change: Partial<ApprovalDecision> = {}): ApprovalDecision {
  const at = '2026-01-01T01:00:00.000Z';
  return { principal, verdict: 'approve', onBehalfOf: null, seen: DIGEST.a, roles: ['approver'], at, ...change };
}

export function createAuthority(principal: string, change: Partial<Authority> = {}): Authority {
  return { principal, roles: ['approver'], handovers: 0, ...change };
}
