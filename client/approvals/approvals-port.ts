import type { ApprovalOrder, ApprovalView, DecisionAnswer, Verdict } from '../../domain/registry/approval/request.ts';

/** Somebody decides. */
export interface DecisionRequest {
  readonly approvalId: string;
  readonly verdict: Verdict;
  /** Who acts, as `currentActor` says it. */
  readonly actor: string;
  readonly reason: string;
  /** Digest of the content that was seen; null: the content as it is now. */
  readonly seen: string | null;
}

/** Somebody hands the right to decide on. */
export interface DelegationRequest {
  readonly actor: string;
  /** Name or principal id. */
  readonly to: string;
  /** One request; null: all. */
  readonly approvalId: string | null;
  readonly forSeconds: number;
  readonly reason: string;
}

/** Port: approvals of one environment, as people and programs use them. */
export interface Approvals {
  /** Newest first; from the database. @throws DATABASE_UNREACHABLE */
  list(chosen: { readonly all: boolean; readonly limit: number }): Promise<readonly ApprovalView[]>;
  /** @throws APPROVAL_NOT_FOUND, DATABASE_UNREACHABLE */
  show(approvalId: string): Promise<ApprovalView>;
  /** Asks for an approval, or takes up the one that is open for the same thing. @throws APPROVAL_UNANSWERED */
  request(
    order: Omit<ApprovalOrder, 'requestedBy' | 'environment'> & { readonly actor: string },
  ): Promise<ApprovalView>;
  /** @throws APPROVAL_REFUSED, APPROVAL_NOT_FOUND, APPROVAL_UNANSWERED */
  decide(order: DecisionRequest): Promise<DecisionAnswer>;
  /** @throws DELEGATION_INVALID, SUBJECT_UNKNOWN */
  delegate(order: DelegationRequest): Promise<{ readonly to: string; readonly until: string }>;
  /** Returns how many delegations were taken back. @throws SUBJECT_UNKNOWN */
  revoke(order: { readonly actor: string; readonly to: string; readonly reason: string }): Promise<number>;
  /** A one-time link to decide by, for who asks. @throws APPROVAL_NOT_FOUND, APPROVAL_REFUSED */
  link(order: { readonly approvalId: string; readonly actor: string }): Promise<{
    readonly url: string;
    readonly expiresAt: string;
  }>;
}
