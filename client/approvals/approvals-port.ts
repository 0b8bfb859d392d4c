import type { Claim } from '../../domain/governance/statement.ts';
import type { ApprovalView, DecisionAnswer, Verdict } from '../../domain/registry/approval/request.ts';

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
  /** Newest first; from the database. @throws DATABASE_UNREACHABLE */
  list(chosen: { readonly all: boolean; readonly limit: number }, claim: Claim): Promise<readonly ApprovalView[]>;
  /** @throws APPROVAL_NOT_FOUND, DATABASE_UNREACHABLE */
  show(approvalId: string, claim: Claim): Promise<ApprovalView>;
  /** The answer comes after the decision is written. @throws APPROVAL_REFUSED, APPROVAL_NOT_FOUND, APPROVAL_UNANSWERED */
  decide(order: DecisionRequest): Promise<DecisionAnswer>;
  /** @throws DELEGATION_INVALID, SUBJECT_UNKNOWN */
  delegate(order: DelegationRequest, claim: Claim): Promise<{ readonly to: string; readonly until: string }>;
  /** Returns how many delegations were taken back. @throws SUBJECT_UNKNOWN */
  revoke(order: { readonly to: string; readonly reason: string }, claim: Claim): Promise<number>;
  /** A one-time link to decide by, for who asks. @throws APPROVAL_NOT_FOUND, APPROVAL_REFUSED */
  link(approvalId: string, claim: Claim): Promise<{ readonly url: string; readonly expiresAt: string }>;
}
