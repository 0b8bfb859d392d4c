import type { EventActor } from '../domain/governance/event-draft.ts';
import type { ApprovalPolicy } from '../domain/registry/approval/policy.ts';
import type { Authority } from '../domain/registry/approval/quorum.ts';
import type {
  ApprovalAsk,
  ApprovalAssessment,
  ApprovalOrder,
  ApprovalStanding,
  ApprovalView,
  DecisionInput,
  GoneBecause,
  Verdict,
} from '../domain/registry/approval/request.ts';

/** Port: who a principal is, and what it may. */
export interface IdentityDirectory {
  /** Null when there is none of that id. @throws DATABASE_UNREACHABLE */
  principal(id: string): Promise<{
    readonly id: string;
    readonly kind: 'human' | 'service';
    readonly roles: readonly string[];
  } | null>;
}

/** A decision of somebody who is known, with the rights that it may be made by. */
export interface DecisionOrder extends Pick<DecisionInput, 'reason' | 'seen'> {
  readonly approvalId: string;
  readonly verdict: Verdict;
  readonly actor: EventActor;
  readonly authorities: readonly Authority[];
  /** The one-time link that it came by; null for none. */
  readonly linkId: string | null;
}

/** Port: the evidence of approvals. Every write is idempotent, and has its event in the ledger. */
export interface ApprovalStore {
  /** Writes a request once. Risk and terms are of the caller. @throws APPROVAL_REFUSED when another is open for the same thing */
  open(
    approvalId: string,
    order: ApprovalOrder,
    policy: ApprovalPolicy,
    requester: EventActor,
  ): Promise<ApprovalStanding>;
  /** @throws APPROVAL_NOT_FOUND */
  standing(approvalId: string): Promise<ApprovalStanding>;
  /** @throws APPROVAL_NOT_FOUND */
  view(approvalId: string): Promise<ApprovalView>;
  /** Writes a decision, and what it comes to, before it is answered. @throws APPROVAL_REFUSED, APPROVAL_LINK_INVALID */
  decide(order: DecisionOrder): Promise<ApprovalStanding>;
  /** Notes a reminder, the escalation, or the end by time, when it is due. */
  pass(approvalId: string, due: ApprovalDue): Promise<ApprovalStanding>;
  /**
   * Content that differs from what is bound begins another round, and so does somebody more who may not decide; null ends it: what it
   * was about is gone, and the event says why where that is known. With a risk, what it needs is fixed anew, and never lower.
   */
  changeContent(
    approvalId: string,
    found: ApprovalAssessment | null,
    policy: ApprovalPolicy,
    why?: GoneBecause,
  ): Promise<ApprovalStanding>;
  /** Whose link a code is of, and what it lets him decide about. One that this very verdict has used up is its answer that was lost. @throws APPROVAL_LINK_INVALID */
  openLink(code: string, verdict: Verdict): Promise<OpenedLink>;
  /** It was carried out, now or before. */
  carriedOut(approvalId: string, what: string): Promise<ApprovalStanding>;
  /** Somebody wanted to decide and may not, or not now: an event, once per occasion. */
  refuse(refused: RefusedDecision): Promise<void>;
  /** It could not be carried out, or a signal was refused: written once per key. */
  note(approvalId: string, note: ApprovalNote): Promise<void>;
  /** The own right of a principal and those that were handed on to it. */
  authorities(approvalId: string, principal: string, directory: IdentityDirectory): Promise<readonly Authority[]>;
}

/** What time brings. */
export interface ApprovalDue {
  readonly round: number;
  readonly what: 'reminder' | 'escalation' | 'expiry';
  /** Number of the reminder, from 1 */
  readonly number: number;
}

/** A decision that does not count, by whom it is known to be. */
export interface RefusedDecision {
  readonly approvalId: string;
  readonly verdict: Verdict;
  readonly actor: EventActor;
  /** In words; sealed. */
  readonly problem: string;
  readonly occasion: string;
}

export interface ApprovalNote {
  readonly key: string;
  readonly step: 'carry-out-failed' | 'signal-refused';
  readonly words: string;
}

/** What a one-time link lets its holder do: decide once, as one principal, about one content. */
export interface OpenedLink {
  readonly linkId: string;
  readonly approvalId: string;
  readonly principal: string;
  readonly seen: string;
}

/** What an approval is about, as it is named. */
export type AskedThing = Pick<ApprovalAsk, 'action' | 'environment' | 'kind' | 'requestedBy' | 'resource'>;

/** Port: what there is to approve now, who may not decide about it, and how risky it is, as the worker itself finds it. */
export interface BoundContent {
  /**
   * @param before the request as it stands; null for one that is not written yet
   * @returns null when there is no such thing, or it is gone; `unknown` when nobody here can say
   */
  assess(asked: AskedThing, before: ApprovalView | null): Promise<ApprovalAssessment | null | 'unknown'>;
  /** Why what was asked about is not there any more; null while it is, and where nobody here can say. Reads no artifact. */
  whyGone(asked: Pick<AskedThing, 'kind' | 'resource'>): Promise<GoneBecause | null>;
}

/** Port: does what was approved. Safe to repeat: it may be called again after a lost answer. */
export interface CarryOut {
  /** False: nobody here carries out this kind, it is used by who asked for it. */
  apply(approval: ApprovalView): Promise<{ readonly isDone: boolean; readonly what: string }>;
}
