import type { ActSource } from '../../governance/act-source.ts';
import type { Json } from '../../governance/event-draft.ts';
import type { Claim } from '../../governance/statement.ts';
import type { RiskAssessment, RiskInputs } from './risk.ts';

/** What an approval is asked for. */
export const APPROVAL_KINDS = [
  'stage-promotion',
  'protected-alias',
  'rollout-gate',
  'erasure',
  'gate-skip',
  'recorded-action',
] as const;
export type ApprovalKind = (typeof APPROVAL_KINDS)[number];

/** `approved` waits to be carried out; the last four are final. */
export const APPROVAL_STATES = ['pending', 'approved', 'denied', 'expired', 'voided', 'carried-out'] as const;
export type ApprovalState = (typeof APPROVAL_STATES)[number];

export type Verdict = 'approve' | 'deny';

/** SHA-256 digests, in hex, of what is approved: a change of one of them voids what was given. */
export interface BoundDigests {
  /** Of the artifact; null where none is involved. */
  readonly artifact: string | null;
  /** Of the test results that are shown. */
  readonly tests: string;
  /** Of the policy under which it was tested. */
  readonly policy: string;
}

/** One measured figure, as approvers see it. */
export interface EvidenceFigure {
  readonly name: string;
  readonly value: number;
  /** The same of what it replaces; null when there is none. */
  readonly baseline: number | null;
  /** What was wanted; null when nothing was. */
  readonly limit: number | null;
  /** `ms`, `%`, or '' for a plain number. */
  readonly unit: string;
  readonly better: 'higher' | 'lower';
}

/** What may be changed by content that is new; everything that approvers are shown. */
export interface ApprovalContent {
  readonly bound: BoundDigests;
  readonly evidence: readonly EvidenceFigure[];
  /** What will be done, for who carries it out: ids, versions, numbers. Never personal data. */
  readonly action: { readonly [name: string]: Json };
}

/** Why a principal may not decide. */
export type ExcludedAs = 'author' | 'uploader' | 'data owner' | 'starter' | 'requester';

/**
 * What somebody asks to have approved, as they say it. What it consists of, who may not decide about it and how risky it is says no
 * asker: the worker finds that out.
 */
export interface ApprovalAsk {
  readonly kind: ApprovalKind;
  /** `model/rag_api/2.1.0/stage/production/production`, `erasure/principal:1f` */
  readonly resource: string;
  readonly environment: string;
  /** Principal id of who asks; never an approver. */
  readonly requestedBy: string;
  /** Why it is asked for, in words: sealed. */
  readonly reason: string;
  /** Of an event that was recorded elsewhere: what only who asks knows of it. Absent for anything else. */
  readonly action?: { readonly [name: string]: Json };
  /** Signed over `contentOfAsk` by who asks, or by a program that vouches for them. Absent: nobody has signed, and in production it is refused. */
  readonly claim?: Claim;
}

/** Why there is nothing to approve any more, as its event says it. */
export type GoneBecause = 'version-retired' | 'version-not-there' | 'model-not-there';

/** What is there to approve, as the worker has found it. */
export interface ApprovalAssessment extends ApprovalContent {
  /** Principal ids that may not decide, and what they are. */
  readonly excluded: Readonly<Record<string, ExcludedAs>>;
  /** Null: as it was assessed when it was asked for. */
  readonly risk: RiskInputs | null;
}

/** A request with everything that was found out about it: what is written. */
export interface ApprovalOrder extends Omit<ApprovalAsk, 'action' | 'claim'>, Omit<ApprovalAssessment, 'risk'> {
  readonly risk: RiskInputs;
}

/** What an approval needs, fixed when it was asked for. */
export interface ApprovalTerms {
  /** Distinct approvers. */
  readonly quorum: number;
  /** An approver has one of these. */
  readonly roles: readonly string[];
  readonly expireAfterSeconds: number;
  readonly remindEverySeconds: number;
  readonly escalateAfterSeconds: number;
}

/** A decision that was written. */
export interface ApprovalDecision {
  readonly principal: string;
  readonly verdict: Verdict;
  /** Whose right was used, when it was delegated; null: the own. */
  readonly onBehalfOf: string | null;
  /** Digest of the content that was seen. */
  readonly seen: string;
  /** Roles that counted, at the time. */
  readonly roles: readonly string[];
  /** ISO 8601, UTC */
  readonly at: string;
}

/** A request as it stands: what decides whether somebody may decide. */
export interface ApprovalRecord extends Omit<ApprovalTerms, 'expireAfterSeconds' | 'escalateAfterSeconds'> {
  readonly approvalId: string;
  readonly kind: ApprovalKind;
  readonly resource: string;
  readonly environment: string;
  readonly requestedBy: string;
  readonly excluded: Readonly<Record<string, ExcludedAs>>;
  readonly bound: BoundDigests;
  /** Digest of everything that approvers are shown. */
  readonly contentDigest: string;
  readonly risk: Pick<RiskAssessment, 'score' | 'band'>;
  readonly state: ApprovalState;
  /** Counts from 1; content that changed begins another. */
  readonly round: number;
  /** Of this round, oldest first. */
  readonly decisions: readonly ApprovalDecision[];
  /** When this round began; ISO 8601, UTC. */
  readonly askedAt: string;
  readonly escalateAt: string;
  readonly expiresAt: string;
  /** Reminders sent in this round. */
  readonly reminders: number;
  readonly isEscalated: boolean;
}

/** A record with the time at which it was read, by the clock of the database. */
export interface ApprovalStanding {
  readonly record: ApprovalRecord;
  /** Milliseconds since 1970 */
  readonly nowMs: number;
  /** The newest event of it: a clock may be put back, the log is not. Absent from what earlier versions have read. */
  readonly version?: number;
}

/** Whether what was read of a request is not older than what is known. */
export function isAsNew(read: ApprovalStanding, known: ApprovalStanding): boolean {
  if (read.version !== undefined && known.version !== undefined) return read.version >= known.version;
  return read.nowMs >= known.nowMs;
}

/** A request with everything that approvers are shown. */
export interface ApprovalView extends ApprovalRecord {
  readonly evidence: readonly EvidenceFigure[];
  readonly action: { readonly [name: string]: Json };
  readonly riskReasons: RiskAssessment['reasons'];
  /** Names behind principal ids, as far as they were not erased. */
  readonly names: Readonly<Record<string, string>>;
  readonly createdAt: string;
  /** The event of its newest change: the reason is sealed there. */
  readonly ledgerSequence: number;
  /** It is what an imported registry says of another installation: evidence of what came with it, and good for nothing else. */
  readonly isImported: boolean;
}

/** What statements about approvals at large are about. */
export const APPROVALS_RESOURCE = 'approval';
/** A page of a list of approvals has no more than this. */
export const MOST_LISTED = 100;

/** Which approvals are listed, newest first. */
export interface ListedApprovals {
  /** Those that ended too, not only those that wait. */
  readonly all: boolean;
  /** 1 to MOST_LISTED */
  readonly limit: number;
  /** The cursor of the page before; null: from the newest on. */
  readonly after: string | null;
}

/** One page of approvals. */
export interface ApprovalPage {
  readonly approvals: readonly ApprovalView[];
  /** `after` of the next page: the approval that this one ends with; null: there are no more. */
  readonly cursor: string | null;
}

/** What somebody decides. Who it is says a claim, or else the code of a one-time link; whoever carries it on looks at that. */
export interface DecisionInput {
  /** Over `decisionContent`. */
  readonly claim: Claim | null;
  readonly code: string | null;
  readonly reason: string;
  /** Digest of the content that was seen. */
  readonly seen: string;
  /** Where it came from, as the program says that took it. */
  readonly source?: ActSource;
}

/** What the statement of a decision is about, beside the approval itself. */
export function decisionContent(verdict: Verdict, { reason, seen }: Pick<DecisionInput, 'reason' | 'seen'>): Json {
  return { verdict, seen, reason };
}

/** Name of an approval in statements, in the ledger and among workflows. */
export function resourceOfApproval(approvalId: string): string {
  return `approval/${approvalId}`;
}

/** The answer to a decision: it is written. */
export interface DecisionAnswer {
  readonly accepted: true;
  /** In words. */
  readonly what: string;
  readonly state: ApprovalState;
  /** Approvals that are still missing. */
  readonly missing: number;
  readonly round: number;
}

/** Whether nothing can change any more. */
export function isFinal(state: ApprovalState): boolean {
  return state !== 'pending' && state !== 'approved';
}

/** Everything that approvers are shown, as it is hashed to `contentDigest`. */
export function shownContentOf(
  asked: Pick<ApprovalRecord, 'approvalId' | 'kind' | 'resource' | 'environment' | 'quorum' | 'roles'>,
  { action, bound, evidence }: ApprovalContent,
): Json {
  const { approvalId, environment, kind, quorum, resource, roles } = asked;
  return {
    approvalId,
    environment,
    kind,
    resource,
    quorum,
    roles: [...roles].sort(),
    bound: { ...bound },
    evidence: evidence.map((figure) => ({ ...figure })),
    action,
  };
}
