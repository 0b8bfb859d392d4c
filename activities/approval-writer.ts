import type { EventActor } from '../domain/governance/event-draft.ts';
import type { ApprovalPolicy } from '../domain/registry/approval/policy.ts';
import type {
  ApprovalAssessment,
  ApprovalOrder,
  ApprovalStanding,
  GoneBecause,
} from '../domain/registry/approval/request.ts';
import { newsOf } from './approval-news.ts';
import type { ApprovalStore } from './approval-ports.ts';
import type { Outbox } from './ports.ts';

interface WriterPorts {
  readonly approvals: ApprovalStore;
  readonly approvalPolicy: ApprovalPolicy;
  readonly outbox: Outbox;
}

/** Writes requests, and what is new of them, and tells people after. */
export interface ApprovalWriter {
  /** Writes a request, once, with its risk and what that needs. @throws APPROVAL_REFUSED */
  open(approvalId: string, order: ApprovalOrder, requester: EventActor): Promise<ApprovalStanding>;
  /** Another content voids what was given, and so does somebody more who may not decide; null: it is gone. */
  change(approvalId: string, found: ApprovalAssessment | null, why?: GoneBecause): Promise<ApprovalStanding>;
  tell(event: string, standing: ApprovalStanding, number?: number): Promise<void>;
}

/** One for the activities of approvals, and for those of rollouts that ask for one. */
export function createApprovalWriter({ approvalPolicy: policy, approvals, outbox }: WriterPorts): ApprovalWriter {
  const tell: ApprovalWriter['tell'] = async (event, { nowMs, record }, number = 1) =>
    await outbox.send(newsOf(event, record, nowMs, number), null);
  return {
    tell,
    async open(approvalId, order, requester) {
      const standing = await approvals.open(approvalId, order, policy, requester);
      await tell('approval-requested', standing);
      return standing;
    },
    async change(approvalId, found, why) {
      const standing = await approvals.changeContent(approvalId, found, policy, why);
      const { round, state } = standing.record;
      if (state === 'voided') await tell('approval-voided', standing);
      else if (state === 'pending' && round > 1) await tell('approval-requested', standing);
      return standing;
    },
  };
}
