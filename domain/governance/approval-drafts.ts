import type { ApprovalDecision, ApprovalRecord } from '../registry/approval/request.ts';
import type { EventActor, EventDraft, Json } from './event-draft.ts';

/** Who may change what, and who agreed, is what these events are evidence of. */
const FRAMEWORKS = ['gdpr', 'hipaa', 'iso27001', 'soc2'];

/** What happens to an approval, decisions apart. */
export const APPROVAL_STEPS = [
  'requested',
  'reminded',
  'escalated',
  'granted',
  'denied',
  'expired',
  'voided',
  'content-changed',
  'carried-out',
  'carry-out-failed',
  'signal-refused',
  'link-issued',
] as const;
export type ApprovalStep = (typeof APPROVAL_STEPS)[number];

type Members = { readonly [name: string]: Json };
type Subject = Pick<ApprovalRecord, 'approvalId' | 'kind' | 'resource' | 'round' | 'contentDigest' | 'risk'>;

/** An event of an approval. What people wrote is sealed under the key of who wrote it. */
export function draftOfApproval(
  step: ApprovalStep,
  subject: Subject,
  more: { readonly facts?: Members; readonly words?: string; readonly sealed?: Members },
  actor: EventActor,
): EventDraft {
  const { facts = {}, sealed = {}, words = '' } = more;
  return {
    type: `approval.${step}`,
    category: 'access_control',
    actor,
    resource: `approval/${subject.approvalId}`,
    risk: riskOf(subject),
    frameworks: FRAMEWORKS,
    facts: { ...factsOf(subject), ...facts },
    ...payloadOf(words, sealed, actor),
  };
}

/** Somebody decided: with what was seen, whose right it was, and by which roles. */
export function draftOfDecision(
  subject: Subject,
  decision: Omit<ApprovalDecision, 'at'> & { readonly reason: string; readonly linkId: string | null },
  actor: EventActor,
): EventDraft {
  const { linkId, onBehalfOf, reason, roles, seen, verdict } = decision;
  return {
    ...draftOfApproval('granted', subject, { words: reason }, actor),
    type: verdict === 'approve' ? 'approval.approve' : 'approval.deny',
    facts: { ...factsOf(subject), seen, onBehalfOf, roles: [...roles], link: linkId },
  };
}

function factsOf({ contentDigest, kind, resource, risk, round }: Subject): Members {
  return { kind, of: resource, round, content: contentDigest, riskScore: risk.score };
}

function riskOf({ risk }: Subject): EventDraft['risk'] {
  return risk.band;
}

/** A right was handed on, or taken back. */
export function draftOfDelegation(
  act: 'delegated' | 'delegation-revoked',
  delegation: {
    readonly to: string;
    readonly approvalId: string | null;
    readonly until: string;
    readonly reason: string;
    /** What its owner has signed. */
    readonly sealed?: Members;
  },
  actor: EventActor,
): EventDraft {
  const { approvalId, reason, sealed = {}, to, until } = delegation;
  return {
    type: `approval.${act}`,
    category: 'access_control',
    actor,
    resource: approvalId === null ? 'approval' : `approval/${approvalId}`,
    risk: 'medium',
    frameworks: FRAMEWORKS,
    facts: { to, until },
    ...payloadOf(reason, sealed, actor),
  };
}

/** What people wrote and signed, under the key of who acted. */
function payloadOf(reason: string, sealed: Members, actor: EventActor): Pick<EventDraft, 'payload' | 'subject'> {
  const payload = { ...(reason === '' ? {} : { reason }), ...sealed };
  return Object.keys(payload).length === 0 ? {} : { payload, subject: actor.id };
}
