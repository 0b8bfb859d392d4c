import { ownValue } from '../../own-value.ts';
import type { ApprovalDecision, ApprovalRecord, ApprovalState, DecisionAnswer, Verdict } from './request.ts';
import { isFinal } from './request.ts';

/** Handing a right on is one step: who has it by delegation does not delegate it. */
export const MOST_HANDOVERS = 1;

export const MOST_DELEGATED_DAYS = 90;

/** What is wrong with how long a right is handed on, in words; null when nothing is. */
export function problemOfDelegation(seconds: number): string | null {
  if (seconds > 0 && seconds <= MOST_DELEGATED_DAYS * 86_400) return null;
  return `its time is ${seconds} s, wanted more than 0 and at most ${MOST_DELEGATED_DAYS} days`;
}

/** Somebody whose right a candidate may use: at 0 handovers the candidate itself. */
export interface Authority {
  readonly principal: string;
  readonly roles: readonly string[];
  readonly handovers: number;
}

/** Somebody who wants to decide. */
export interface Candidate {
  readonly principal: string;
  readonly verdict: Verdict;
  readonly seen: string;
  /** Own and delegated rights; null when they are not known here, and are looked at later. */
  readonly authorities: readonly Authority[] | null;
}

/** The right that a decision is made by. */
export type Standing =
  { readonly problem: string; readonly authority: null } | { readonly problem: null; readonly authority: Authority };

type Rights = Pick<ApprovalRecord, 'decisions' | 'excluded' | 'roles'>;

/** Says in words why somebody may not decide now, or null. `nowMs` is null where the time is not known. */
export function problemOfDecision(record: ApprovalRecord, candidate: Candidate, nowMs: number | null): string | null {
  const { decisions, excluded, expiresAt, state } = record;
  // Whoever lost the answer sends it again, and what came of it may have ended the request.
  if (ownDecision(record, candidate) !== null) return null;
  if (isFinal(state)) return problemOfEnd(state);
  if (nowMs !== null && nowMs >= Date.parse(expiresAt)) return `it expired at ${expiresAt}`;
  const as = ownValue(excluded, candidate.principal);
  if (as !== undefined) return `${withArticle(as)} of what is asked for may not decide about it`;
  const before = decisions.find(({ principal }) => principal === candidate.principal);
  if (before !== undefined && before.verdict !== candidate.verdict)
    return `you have decided already: ${before.verdict} at ${before.at}`;
  if (state === 'approved' && candidate.verdict === 'approve') return 'it is approved already';
  const unseen = problemOfSeen(record, candidate.seen);
  if (unseen !== null || candidate.authorities === null) return unseen;
  return chooseAuthority(record, candidate.authorities).problem;
}

/** Says in words that somebody has seen another content than what is asked for; null when it is that. */
export function problemOfSeen({ contentDigest }: Pick<ApprovalRecord, 'contentDigest'>, seen: string): string | null {
  if (seen === contentDigest) return null;
  return `what you have seen (${seen.slice(0, 12)}) is not what is asked for now (${contentDigest.slice(0, 12)}): look at it again`;
}

/** The decision of this round that somebody sends again, about the same content; null when there is none. */
export function ownDecision(
  { decisions }: Pick<ApprovalRecord, 'decisions'>,
  { principal, seen, verdict }: Pick<Candidate, 'principal' | 'seen' | 'verdict'>,
): ApprovalDecision | null {
  const isIt = (one: ApprovalDecision) => one.principal === principal && one.verdict === verdict && one.seen === seen;
  return decisions.find(isIt) ?? null;
}

/** What is answered to a decision that is written. */
export function answerOfDecision(verdict: Verdict, record: ApprovalRecord): DecisionAnswer {
  const { quorum, round, state } = record;
  const { missing } = judgeQuorum(record, record.decisions);
  const what = state === 'pending' ? `counted, ${missing} more of ${quorum} wanted` : `counted, it is ${state}`;
  return { accepted: true, what: `${verdict}: ${what}`, state, missing, round };
}

/** How a request stands that nobody is waited for any more, in words: why nothing is decided of it. */
export function problemOfEnd(state: ApprovalState): string {
  return `it is ${state}${state === 'voided' ? ': what was asked about is not there any more' : ''}`;
}

/** The right that a candidate decides by: the own one when there is one, else one that was delegated. */
export function chooseAuthority(record: Rights, authorities: readonly Authority[]): Standing {
  const wanted = authorities.filter(({ roles }) => roles.some((role) => record.roles.includes(role)));
  const refusals = wanted.map((authority) => problemOfAuthority(record, authority));
  const at = refusals.indexOf(null);
  const authority = wanted[at];
  if (authority !== undefined) return { problem: null, authority };
  const roles = `wanted ${[...record.roles].join(' or ')}`;
  return { problem: refusals[0] ?? `you have none of the roles that may decide it, ${roles}`, authority: null };
}

/** What a set of decisions comes to. */
export interface QuorumVerdict {
  readonly verdict: 'approved' | 'denied' | 'pending';
  /** Approvals that are still missing. */
  readonly missing: number;
}

/** Judges the decisions of a round. One denial ends it; approvals of another content, and second ones by one right, do not count. */
export function judgeQuorum(
  { contentDigest, excluded, quorum }: Pick<ApprovalRecord, 'contentDigest' | 'excluded' | 'quorum'>,
  decisions: readonly ApprovalDecision[],
): QuorumVerdict {
  const counted = decisions.filter(
    (one) =>
      one.seen === contentDigest &&
      !Object.hasOwn(excluded, one.principal) &&
      !Object.hasOwn(excluded, one.onBehalfOf ?? one.principal),
  );
  const approvals = counted.filter(({ verdict }) => verdict === 'approve');
  const people = new Set(approvals.map(({ principal }) => principal)).size;
  const rights = new Set(approvals.map(({ onBehalfOf, principal }) => onBehalfOf ?? principal)).size;
  const missing = Math.max(0, quorum - Math.min(people, rights));
  if (counted.some(({ verdict }) => verdict === 'deny')) return { verdict: 'denied', missing };
  return { verdict: missing === 0 ? 'approved' : 'pending', missing };
}

function problemOfAuthority({ decisions, excluded }: Rights, authority: Authority): string | null {
  const { handovers, principal } = authority;
  if (handovers > MOST_HANDOVERS)
    return `the right of ${principal} was handed on ${handovers} times, wanted at most ${MOST_HANDOVERS}`;
  const as = ownValue(excluded, principal);
  if (as !== undefined)
    return `the right is that of ${withArticle(as)} of what is asked for, who may not decide about it`;
  const used = decisions.find(({ onBehalfOf, principal: by }) => (onBehalfOf ?? by) === principal);
  return used === undefined ? null : `the right of ${principal} was used already, at ${used.at}`;
}

function withArticle(as: string): string {
  return as === 'author' || as === 'uploader' ? `an ${as}` : `a ${as}`;
}
