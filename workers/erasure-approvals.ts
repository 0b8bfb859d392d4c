import type { Client } from '@temporalio/client';
import { digestOf } from '../adapters/crypto/digest-of.ts';
import { createErasure, type ForgetOutside } from '../adapters/postgres/ledger/erase.ts';
import type { EvidenceParts } from '../adapters/postgres/rollout-store.ts';
import type { MlopsConfig } from '../config/schema.ts';
import type { CustodyOrder } from '../domain/governance/custody-drafts.ts';
import { composeApprovals } from './approvals.ts';
import type { Rules } from './authority.ts';
import type { Carriers } from './carriers.ts';

/** Asks for the approval of an erasure; the subject is known by its id. */
export type AskToErase = (order: CustodyOrder & { readonly payloads: number }) => Promise<string>;

/** In production nobody erases alone; elsewhere null. */
export function composeAskToErase(
  config: Rules & Pick<MlopsConfig, 'ports'>,
  parts: { readonly connect: () => Promise<Client>; readonly evidence: EvidenceParts },
): AskToErase | null {
  if (config.environment !== 'production') return null;
  const approvals = composeApprovals(config, parts);
  return async ({ actor, payloads, reason, subject }) => {
    const { id: requestedBy } = await parts.evidence.principals.actor(actor);
    const { approvalId } = await approvals.request({
      kind: 'erasure',
      resource: `erasure/${subject}`,
      requestedBy,
      // Nobody decides about the evidence of what they did themselves.
      excluded: { [subject]: 'data owner' },
      bound: { artifact: null, tests: digestOf(subject), policy: digestOf('erasure') },
      evidence: [{ name: 'payloads', value: payloads, baseline: null, limit: null, unit: '', better: 'lower' }],
      action: { subject },
      risk: {
        trafficPercent: 0,
        modelType: 'none',
        daysSinceLastChange: 1,
        failedGates: [],
        changeSize: 'patch',
        signed: null,
      },
      reason,
    });
    return approvalId;
  };
}

/** What follows when an erasure was approved. A hold that was placed meanwhile still forbids it. */
export function composeErasureCarriers(evidence: EvidenceParts, forgetOutside: ForgetOutside): Carriers {
  const erasure = createErasure(evidence, forgetOutside);
  return {
    erasure: {
      async apply({ action, approvalId, requestedBy: actor }) {
        const { subject } = action;
        if (typeof subject !== 'string') return { isDone: false, what: 'it names no subject' };
        const { keys, payloads } = await erasure.erase({ subject, actor, reason: '', approvalId });
        return { isDone: true, what: `keys ${keys}, payloads ${payloads}` };
      },
    },
  };
}
