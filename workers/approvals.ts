import type { Client } from '@temporalio/client';
import { subjectOf } from '../adapters/postgres/ledger/subjects.ts';
import { createApprovalLinks } from '../adapters/postgres/registry/approval-links.ts';
import { createApprovalReader } from '../adapters/postgres/registry/approval-reader.ts';
import { createDelegations } from '../adapters/postgres/registry/delegations.ts';
import type { EvidenceParts } from '../adapters/postgres/rollout-store.ts';
import { createApprovalDesk } from '../adapters/temporal/approval-desk.ts';
import type { MlopsConfig } from '../config/schema.ts';
import { isMlopsError } from '../domain/errors.ts';
import { draftOfRefusal } from '../domain/governance/access-drafts.ts';
import type { ApprovalOrder, ApprovalView, DecisionAnswer, Verdict } from '../domain/registry/approval/request.ts';
import { TASK_QUEUE } from '../workflows/messages.ts';

interface ApprovalParts {
  readonly evidence: EvidenceParts;
  /** Connected when something has to be asked of a workflow: looking needs the database alone. */
  readonly connect: () => Promise<Client>;
}

/** Approvals as people and programs use them. Who acts comes in one field, and is resolved in one place. */
export function composeApprovals(
  config: Pick<MlopsConfig, 'environment' | 'ports'>,
  { connect, evidence }: ApprovalParts,
) {
  const { ledger, principals } = evidence;
  const reader = createApprovalReader(evidence.pool);
  const desk = async () => createApprovalDesk(await connect(), reader, TASK_QUEUE);
  return {
    reader,
    list: async (chosen: { readonly all: boolean; readonly limit: number }): Promise<ApprovalView[]> =>
      await reader.list(config.environment, chosen),
    show: reader.view,

    async request({
      actor,
      ...order
    }: Omit<ApprovalOrder, 'requestedBy' | 'environment'> & { readonly actor: string }): Promise<ApprovalView> {
      const { id } = await principals.actor(actor);
      const asked = { ...order, environment: config.environment, requestedBy: id };
      const { record } = await (await desk()).request(asked);
      return await reader.view(record.approvalId);
    },

    /** Refusals are evidence too. */
    async decide(order: {
      readonly approvalId: string;
      readonly verdict: Verdict;
      readonly actor: string;
      readonly reason: string;
      readonly seen: string | null;
      readonly linkId?: string;
    }): Promise<DecisionAnswer> {
      const { approvalId, linkId = null, reason, verdict } = order;
      const who = await principals.actor(order.actor);
      const seen = order.seen ?? (await reader.standing(approvalId)).record.contentDigest;
      try {
        return await (await desk()).decide(approvalId, verdict, { principal: who.id, reason, seen, linkId });
      } catch (error) {
        if (isMlopsError(error, 'APPROVAL_REFUSED')) {
          const refusal = { action: `approval.${verdict}`, resource: `approval/${approvalId}`, code: error.code };
          await ledger.append(draftOfRefusal({ ...refusal, problem: error.message }, who));
        }
        throw error;
      }
    },

    ...composeDelegation(evidence),
    ...composeLinks(config, evidence),
  };
}

/** Rights that people hand on. */
function composeDelegation(evidence: EvidenceParts) {
  const { pool, principals } = evidence;
  const reader = createApprovalReader(pool);
  const delegations = createDelegations(evidence);
  return {
    async delegate(order: {
      readonly actor: string;
      readonly to: string;
      readonly approvalId: string | null;
      readonly forSeconds: number;
      readonly reason: string;
    }) {
      if (order.approvalId !== null) await reader.standing(order.approvalId);
      const to = await subjectOf(pool, order.to);
      return { to, ...(await delegations.delegate(await principals.actor(order.actor), { ...order, to })) };
    },

    revoke: async ({ actor, reason, to }: { readonly actor: string; readonly to: string; readonly reason: string }) =>
      await delegations.revoke(await principals.actor(actor), await subjectOf(pool, to), reason),
  };
}

/** Links to decide by. */
function composeLinks({ ports }: Pick<MlopsConfig, 'ports'>, evidence: EvidenceParts) {
  const links = createApprovalLinks(evidence);
  return {
    links,

    /** The secret stands behind the #: browsers send that to nobody. */
    async link({ actor, approvalId }: { readonly approvalId: string; readonly actor: string }) {
      const who = await evidence.principals.actor(actor);
      const { expiresAt, linkId, secret } = await links.issue(approvalId, who.id, who);
      return { url: `http://127.0.0.1:${ports.api}/approve/${linkId}#${secret}`, expiresAt };
    },
  };
}
