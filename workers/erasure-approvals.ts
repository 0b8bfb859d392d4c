import type { Client } from '@temporalio/client';
import { digestOf } from '../adapters/crypto/digest-of.ts';
import { createErasure, type ForgetOutside } from '../adapters/postgres/ledger/erase.ts';
import type { EvidenceParts } from '../adapters/postgres/rollout-store.ts';
import { isMlopsError } from '../domain/errors.ts';
import type { CustodyOrder } from '../domain/governance/custody-drafts.ts';
import type { ApprovalAssessment, ApprovalView } from '../domain/registry/approval/request.ts';
import { composeApprovals, type AskingRules } from './approvals.ts';
import type { Carriers } from './carriers.ts';

/** Asks for the approval of an erasure; the subject is known by its id. */
export type AskToErase = (order: CustodyOrder) => Promise<string>;

/** In production nobody erases alone; elsewhere null. */
export function composeAskToErase(
  config: AskingRules,
  parts: { readonly connect: () => Promise<Client>; readonly evidence: EvidenceParts },
): AskToErase | null {
  if (config.environment !== 'production') return null;
  const approvals = composeApprovals(config, parts);
  return async ({ actor, reason, subject }) => {
    const { id: requestedBy } = await parts.evidence.principals.actor(actor);
    const { approvalId } = await approvals.request({
      kind: 'erasure',
      resource: resourceOf(subject),
      requestedBy,
      reason,
    });
    return approvalId;
  };
}

function resourceOf(subject: string): string {
  return `erasure/${subject}`;
}

/** What follows when an erasure was approved. A hold that was placed meanwhile still forbids it. */
export function composeErasureCarriers(evidence: EvidenceParts, forgetOutside: ForgetOutside): Carriers {
  const erasure = createErasure(evidence, forgetOutside);
  return {
    erasure: {
      async assess({ resource }, before) {
        try {
          const subject = resource.slice(resourceOf('').length);
          const weighed = await erasure.weigh(subject);
          // Names mean somebody else tomorrow.
          return resource === resourceOf(weighed.subject) ? assessmentOf(weighed, before) : null;
        } catch (error) {
          if (isMlopsError(error, 'SUBJECT_UNKNOWN') || isMlopsError(error, 'SUBJECT_AMBIGUOUS')) return null;
          throw error;
        }
      },
      async apply({ action, approvalId, requestedBy: actor }) {
        const { subject } = action;
        if (typeof subject !== 'string') return { isDone: false, what: 'it names no subject' };
        const { keys, payloads } = await erasure.erase({ subject, actor, reason: '', approvalId });
        return { isDone: true, what: `keys ${keys}, payloads ${payloads}` };
      },
    },
  };
}

function assessmentOf(
  { payloads, subject }: { readonly payloads: number; readonly subject: string },
  before: ApprovalView | null,
): ApprovalAssessment {
  const counted = {
    name: 'payloads',
    value: payloads,
    baseline: null,
    limit: null,
    unit: '',
    better: 'lower',
  } as const;
  return {
    bound: { artifact: null, tests: digestOf(subject), policy: digestOf('erasure') },
    // While it waits the subject may act on: what is counted then is no other question.
    evidence: before?.evidence ?? [counted],
    action: { subject },
    // Nobody decides about the evidence of what they did themselves.
    excluded: { [subject]: 'data owner' },
    risk: {
      trafficPercent: 0,
      modelType: 'none',
      daysSinceLastChange: 1,
      failedGates: [],
      changeSize: 'patch',
      signed: null,
    },
  };
}
