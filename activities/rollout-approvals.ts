import type { OpenRequest, RolloutAsk } from '../domain/rollout/approval-request.ts';

/** A request that is open now. */
export type AskedApproval = Pick<OpenRequest, 'approvalId' | 'bound' | 'contentDigest' | 'missing' | 'quorum'>;

/** Port: approvals as rollouts ask for them. */
export interface RolloutApprovals {
  /** Opens a request, or takes up the one that is open for the same thing. @throws APPROVAL_UNANSWERED, DATABASE_UNREACHABLE */
  ask(order: RolloutAsk): Promise<AskedApproval>;
  /** Ends a request whose rollout has moved on; one that has ended stays what it is. @throws DATABASE_UNREACHABLE */
  withdraw(approvalId: string): Promise<void>;
}

/** What rollouts ask of approvals. */
export function createRolloutApprovalActivities({ rolloutApprovals }: { readonly rolloutApprovals: RolloutApprovals }) {
  return {
    /** Asks people about a gate, a hold or a promotion; with what the registry knows of the version. */
    async askForApproval(order: RolloutAsk): Promise<AskedApproval> {
      return await rolloutApprovals.ask(order);
    },

    /** What was asked is no question any more. */
    async withdrawRequest({ approvalId }: { readonly approvalId: string }): Promise<void> {
      await rolloutApprovals.withdraw(approvalId);
    },
  };
}
