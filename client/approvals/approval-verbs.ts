import { z } from 'zod';
import { MlopsError } from '../../domain/errors.ts';
import { MOST_DELEGATED_DAYS, problemOfDecision } from '../../domain/registry/approval/quorum.ts';
import {
  APPROVALS_RESOURCE,
  decisionContent,
  MOST_LISTED,
  resourceOfApproval,
  type ApprovalPage,
  type ApprovalState,
  type ApprovalView,
  type DecisionAnswer,
  type Verdict,
} from '../../domain/registry/approval/request.ts';
import type { CurrentIdentity } from '../identity-port.ts';
import { NAME, parseInput, TEXT } from '../parse-input.ts';
import type { Approvals } from './approvals-port.ts';

/** Somebody decides about one approval. */
export interface DecisionOrder {
  readonly approvalId: string;
  /** Why, in words; sealed in the ledger. Empty by default, but a denial has one. */
  readonly reason?: string;
  /** Digest of the content that was seen (`contentDigest`): another one by now is refused. By default what is there when it is called. */
  readonly seen?: string;
}

/** A decision that was counted. */
export interface Decided extends DecisionAnswer {
  readonly verdict: Verdict;
  readonly seen: string;
  readonly stateBefore: ApprovalState;
  /** As it stands after the decision. */
  readonly approval: ApprovalView;
}

/** Somebody lets somebody else decide. */
export interface DelegationInput {
  /** A name, or a principal id. */
  readonly to: string;
  /** Seconds from now, more than 0 and at most 90 days. Three days by default. */
  readonly forSeconds?: number;
  /** One approval; without it every one. */
  readonly approvalId?: string;
  /** Why, in words; sealed in the ledger. Empty by default. */
  readonly reason?: string;
}

/**
 * Approvals for programs: what the commands of `approval` do. Who decides is who runs the program, signed by its key, never a text of the call.
 * Every verb may throw USAGE_INVALID, NOT_AUTHENTICATED, NOT_AUTHORISED and DATABASE_UNREACHABLE.
 */
export interface ApprovalVerbs {
  /**
   * One page of what waits for an approval, newest first; with `all` those that ended too. `limit` is 1 to 100, 100 by default; `after` is the
   * `cursor` of the page before, which is null on the last one.
   *
   * @throws APPROVAL_NOT_FOUND for a cursor that is none
   */
  list(asked?: { readonly all?: boolean; readonly limit?: number; readonly after?: string }): Promise<ApprovalPage>;
  /** Everything that approvers are shown. @throws APPROVAL_NOT_FOUND */
  show(approvalId: string): Promise<ApprovalView>;
  /**
   * Approves; the answer comes after the decision is written. `missing` says how many others have to approve too.
   *
   * @throws APPROVAL_NOT_FOUND, APPROVAL_REFUSED, APPROVAL_UNANSWERED
   */
  approve(order: DecisionOrder): Promise<Decided>;
  /** Denies, by `reason`, which is not empty: one denial ends it. @throws APPROVAL_NOT_FOUND, APPROVAL_REFUSED, APPROVAL_UNANSWERED */
  deny(order: DecisionOrder): Promise<Decided>;
  /**
   * What a decision would be about, and nothing is changed: the approval as it stands.
   *
   * @throws APPROVAL_NOT_FOUND, and APPROVAL_REFUSED for what is known to be refused
   */
  foresee(verdict: Verdict, order: DecisionOrder): Promise<ApprovalView>;
  /**
   * Lets somebody else decide on behalf of who runs the program, until `until` (ISO 8601, UTC). Nobody hands that on further.
   *
   * @throws DELEGATION_INVALID, SUBJECT_UNKNOWN, APPROVAL_NOT_FOUND, HAND_OVER_UNANSWERED
   */
  delegate(order: DelegationInput): Promise<{ readonly to: string; readonly until: string }>;
  /** Takes back all that was handed to somebody; returns how many delegations that were. @throws SUBJECT_UNKNOWN, HAND_OVER_UNANSWERED */
  undelegate(order: Pick<DelegationInput, 'to' | 'reason'>): Promise<number>;
  /**
   * A link to decide by once, as who runs the program, on another device; `expiresAt` is ISO 8601, UTC.
   *
   * @throws APPROVAL_NOT_FOUND, APPROVAL_REFUSED, HAND_OVER_UNANSWERED
   */
  link(approvalId: string): Promise<{ readonly url: string; readonly expiresAt: string }>;
}

const DAY_SECONDS = 86_400;

const LISTED = z.strictObject({
  all: z.boolean().exactOptional(),
  limit: z.int().min(1).max(MOST_LISTED).exactOptional(),
  after: NAME.exactOptional(),
});
const VERDICT = z.enum(['approve', 'deny']);
const DECISION = z.strictObject({
  approvalId: NAME,
  reason: TEXT.exactOptional(),
  seen: NAME.exactOptional(),
}) satisfies z.ZodType<DecisionOrder>;
/** Who asked is to know what to do about it; the page of a link wants it too. */
const DENIAL = DECISION.required({ reason: true }).refine(({ reason }) => reason.trim() !== '', {
  path: ['reason'],
  error: 'wanted why it is denied',
});
const DELEGATION = z.strictObject({
  to: NAME,
  forSeconds: z
    .number()
    .gt(0)
    .max(MOST_DELEGATED_DAYS * DAY_SECONDS)
    .exactOptional(),
  approvalId: NAME.exactOptional(),
  reason: TEXT.exactOptional(),
}) satisfies z.ZodType<DelegationInput>;
const UNDELEGATION = DELEGATION.pick({ to: true, reason: true });

/** What approvals need of the system. */
export interface ApprovalVerbParts {
  approvals(): Promise<Approvals>;
  identity(): Promise<CurrentIdentity>;
}

/** The verbs of approvals, for the command line and for programs. */
export function createApprovalVerbs(parts: ApprovalVerbParts): ApprovalVerbs {
  const look = async (approvalId: string): Promise<ApprovalView> => {
    const resource = resourceOfApproval(approvalId);
    const claim = (await parts.identity()).claim({ action: 'approval.read', resource, content: null });
    return await (await parts.approvals()).show(approvalId, claim);
  };
  return {
    list: async (asked = {}) => {
      const { after = null, all = false, limit = MOST_LISTED } = parseInput('approvals.list', LISTED, asked);
      const about = { action: 'approval.read', resource: APPROVALS_RESOURCE, content: null };
      const claim = (await parts.identity()).claim(about);
      return await (await parts.approvals()).list({ after, all, limit }, claim);
    },
    show: async (approvalId) => await look(parseInput('approvals.show', NAME, approvalId)),
    approve: async (order) => await decide(parts, look, 'approve', parseInput('approvals.approve', DECISION, order)),
    deny: async (order) => await decide(parts, look, 'deny', parseInput('approvals.deny', DENIAL, order)),
    foresee: async (verdict, order) => {
      const about = parseInput('approvals.foresee', DECISION, order);
      return await foresee(parts, look, parseInput('approvals.foresee', VERDICT, verdict), about);
    },
    delegate: async (given) => {
      const read = parseInput('approvals.delegate', DELEGATION, given);
      const order = { approvalId: null, forSeconds: 3 * DAY_SECONDS, reason: '', ...read };
      return await (await parts.approvals()).delegate(order, await parts.identity());
    },
    undelegate: async (given) => {
      const order = { reason: '', ...parseInput('approvals.undelegate', UNDELEGATION, given) };
      return await (await parts.approvals()).revoke(order, await parts.identity());
    },
    link: async (given) => {
      const { approvalId, contentDigest: seen } = await look(parseInput('approvals.link', NAME, given));
      return await (await parts.approvals()).link({ approvalId, seen }, await parts.identity());
    },
  };
}

type Look = (approvalId: string) => Promise<ApprovalView>;

/** What was decided about is what was looked at: nobody decides about content that they have not seen. */
async function decide(
  parts: ApprovalVerbParts,
  look: Look,
  verdict: Verdict,
  { approvalId, reason = '', seen }: DecisionOrder,
): Promise<Decided> {
  const before = await look(approvalId);
  const order = { reason, seen: seen ?? before.contentDigest };
  const claim = (await parts.identity()).claim({
    action: 'approval.decide',
    resource: resourceOfApproval(approvalId),
    content: decisionContent(verdict, order),
  });
  const answer = await (await parts.approvals()).decide({ approvalId, verdict, ...order, claim });
  return { ...answer, verdict, seen: order.seen, stateBefore: before.state, approval: await look(approvalId) };
}

async function foresee(
  parts: ApprovalVerbParts,
  look: Look,
  verdict: Verdict,
  { approvalId, seen }: DecisionOrder,
): Promise<ApprovalView> {
  const approval = await look(approvalId);
  const { actor: principal } = await parts.identity();
  const wanted = { principal, verdict, seen: seen ?? approval.contentDigest, authorities: null };
  const problem = problemOfDecision(approval, wanted, Date.now());
  if (problem === null) return approval;
  const action = verdict === 'approve' ? 'Approval' : 'Denial';
  throw new MlopsError('APPROVAL_REFUSED', { action, approvalId, problem });
}
