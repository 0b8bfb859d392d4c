import type { Claim } from '../../domain/governance/statement.ts';
import type { CurrentIdentity } from '../identity-port.ts';
import type {
  ApprovalPage,
  ApprovalView,
  DecisionAnswer,
  ListedApprovals,
  Verdict,
} from '../../domain/registry/approval/request.ts';

/** Somebody decides. */
export interface DecisionRequest {
  readonly approvalId: string;
  readonly verdict: Verdict;
  readonly reason: string;
  /** Digest of the content that was seen. */
  readonly seen: string;
  /** For `approval.decide` of this approval, over `decisionContent`. */
  readonly claim: Claim;
}

/** Somebody hands the right to decide on. */
export interface DelegationRequest {
  /** Name or principal id. */
  readonly to: string;
  /** One request; null: all. */
  readonly approvalId: string | null;
  readonly forSeconds: number;
  readonly reason: string;
}

/** Port: approvals of one environment, as people and programs use them. Every call is authorised: NOT_AUTHENTICATED, NOT_AUTHORISED. */
export interface Approvals {
  /** Newest first; from the database. @throws APPROVAL_NOT_FOUND for a cursor that is none; DATABASE_UNREACHABLE */
  list(chosen: ListedApprovals, claim: Claim): Promise<ApprovalPage>;
  /** @throws APPROVAL_NOT_FOUND, DATABASE_UNREACHABLE */
  show(approvalId: string, claim: Claim): Promise<ApprovalView>;
  /** The answer comes after the decision is written. @throws APPROVAL_REFUSED, APPROVAL_NOT_FOUND, APPROVAL_UNANSWERED */
  decide(order: DecisionRequest): Promise<DecisionAnswer>;
  /** The worker writes it, when the signer has the right. @throws DELEGATION_INVALID, SUBJECT_UNKNOWN, HAND_OVER_UNANSWERED */
  delegate(order: DelegationRequest, signer: CurrentIdentity): Promise<{ readonly to: string; readonly until: string }>;
  /** Returns how many delegations were taken back. @throws SUBJECT_UNKNOWN, HAND_OVER_UNANSWERED */
  revoke(order: { readonly to: string; readonly reason: string }, signer: CurrentIdentity): Promise<number>;
  /** A one-time link to decide by, for who signs, about what they have seen. @throws APPROVAL_NOT_FOUND, APPROVAL_REFUSED, HAND_OVER_UNANSWERED */
  link(
    about: Pick<DecisionRequest, 'approvalId' | 'seen'>,
    signer: CurrentIdentity,
  ): Promise<{ readonly url: string; readonly expiresAt: string }>;
}
