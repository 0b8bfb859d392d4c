import { MlopsError } from '../domain/errors.ts';
import type { EventActor } from '../domain/governance/event-draft.ts';
import { isAllowed } from '../domain/governance/permissions.ts';
import type { ApprovalPolicy } from '../domain/registry/approval/policy.ts';
import { rolloutOfResource } from '../domain/rollout/approval-request.ts';
import {
  decisionContent,
  resourceOfApproval,
  type ApprovalOrder,
  type ApprovalRenewal,
  type ApprovalStanding,
  type DecisionInput,
  type Verdict,
} from '../domain/registry/approval/request.ts';
import type {
  ApprovalDue,
  ApprovalNote,
  ApprovalStore,
  BoundContent,
  CarryOut,
  IdentityDirectory,
} from './approval-ports.ts';
import { newsOf, newsOfDue } from './approval-news.ts';
import type { Authority, Outbox } from './ports.ts';

/** What approvals need from outside. */
export interface ApprovalActivityPorts {
  readonly approvals: ApprovalStore;
  readonly approvalPolicy: ApprovalPolicy;
  readonly identities: IdentityDirectory;
  readonly authority: Authority;
  readonly boundContent: BoundContent;
  readonly carryOut: CarryOut;
  readonly outbox: Outbox;
}

/** What an approval comes to when it is carried out. */
export interface CarriedOut {
  readonly standing: ApprovalStanding;
  /** False: it is used by who asked for it. */
  readonly isDone: boolean;
}

type Tell = (event: string, standing: ApprovalStanding, number?: number) => Promise<void>;

/** Activities of approvals: each writes first, and tells people after. */
export function createApprovalActivities(ports: ApprovalActivityPorts) {
  const tell: Tell = async (event, { nowMs, record }, number = 1) =>
    await ports.outbox.send(newsOf(event, record, nowMs, number), null);
  return {
    ...createDecisionActivities(ports, tell),
    ...createContentActivities(ports, tell),
    ...createTimeActivities(ports, tell),
  };
}

/** What somebody decides about which approval. */
export interface DecideInput extends DecisionInput {
  readonly approvalId: string;
  readonly verdict: Verdict;
  /** Names this one call, the same on each of its attempts. */
  readonly occasion: string;
  /** It came by the rollout that waits for it: the statement is about that, with this content. */
  readonly rollout?: { readonly rolloutId: string; readonly content: object };
}

/** What people do. */
function createDecisionActivities(ports: ApprovalActivityPorts, tell: Tell) {
  const { approvals, approvalPolicy } = ports;
  return {
    /** Writes the request, once, with its risk and what that needs. @throws APPROVAL_REFUSED */
    async openApproval({ approvalId, order }: { approvalId: string; order: ApprovalOrder }): Promise<ApprovalStanding> {
      const standing = await approvals.open(approvalId, order, approvalPolicy);
      await tell('approval-requested', standing);
      return standing;
    },

    /**
     * Looks who decides and by which right, and writes the decision and what it comes to.
     *
     * @throws NOT_AUTHENTICATED, NOT_AUTHORISED, APPROVAL_REFUSED, APPROVAL_LINK_INVALID
     */
    async decideApproval(input: DecideInput): Promise<ApprovalStanding> {
      const { approvalId, reason, verdict } = input;
      const { actor, linkId, seen } = await whoDecides(ports, input);
      const known = await ports.identities.principal(actor.id);
      if (known?.kind === 'service') throw refusal(input, 'people decide, and you are a program');
      const authorities = await approvals.authorities(approvalId, actor.id, ports.identities);
      const standing = await approvals.decide({ approvalId, verdict, reason, seen, linkId, actor, authorities });
      const { state } = standing.record;
      if (state === 'approved' || state === 'denied')
        await tell(state === 'approved' ? 'approval-granted' : 'approval-denied', standing);
      return standing;
    },
  };
}

/** Who it is that decides, and what he has seen: a signed claim says it, or the code of a link. */
async function whoDecides(
  { approvals, authority, identities }: ApprovalActivityPorts,
  input: DecideInput,
): Promise<{ readonly actor: EventActor; readonly linkId: string | null; readonly seen: string }> {
  const { approvalId, claim, code, occasion, rollout, seen, verdict } = input;
  if (claim !== null && rollout !== undefined) {
    const { record } = await approvals.standing(approvalId);
    if (rolloutOfResource(record.resource) !== rollout.rolloutId)
      throw refusal(input, `it is not of ${rollout.rolloutId}`);
    const asked = { action: `rollout.${verdict}`, resource: rollout.rolloutId, content: rollout.content, occasion };
    return { actor: await authority.authorise(claim, asked), linkId: null, seen };
  }
  if (claim !== null) {
    const resource = resourceOfApproval(approvalId);
    const content = decisionContent(verdict, input);
    const actor = await authority.authorise(claim, { action: 'approval.decide', resource, content, occasion });
    return { actor, linkId: null, seen };
  }
  const link = await approvals.openLink(code ?? '');
  if (link.approvalId !== approvalId)
    throw new MlopsError('APPROVAL_LINK_INVALID', { problem: 'it is of another approval' });
  // A link is no more than who it is for: a role that was taken is gone for the link too.
  const roles = (await identities.principal(link.principal))?.roles ?? [];
  if (!isAllowed('approval.decide', roles)) throw refusal(input, 'whose link it is has no role that decides any more');
  const actor = { id: link.principal, kind: 'human', authentication: 'one-time-link' } as const;
  // A signal has seen what its link is about.
  return { actor, linkId: link.linkId, seen: seen === '' ? link.seen : seen };
}

function refusal({ approvalId, verdict }: DecideInput, problem: string): MlopsError {
  return new MlopsError('APPROVAL_REFUSED', {
    action: verdict === 'approve' ? 'Approval' : 'Denial',
    approvalId,
    problem,
  });
}

/** What it is about, and what follows from it. */
function createContentActivities(
  { approvalPolicy, approvals, boundContent, carryOut }: ApprovalActivityPorts,
  tell: Tell,
) {
  const change = async (...changed: Parameters<ApprovalStore['changeContent']>): Promise<ApprovalStanding> => {
    const standing = await approvals.changeContent(...changed);
    const { round, state } = standing.record;
    if (state === 'voided') await tell('approval-voided', standing);
    else if (state === 'pending' && round > 1) await tell('approval-requested', standing);
    return standing;
  };
  return {
    /** Somebody says what is new about it: another content voids what was given, and its risk is assessed anew. */
    async renewApproval({
      approvalId,
      renewal,
    }: {
      approvalId: string;
      renewal: ApprovalRenewal;
    }): Promise<ApprovalStanding> {
      const { risk: inputs, ...content } = renewal;
      return await change(approvalId, content, { inputs, policy: approvalPolicy });
    },

    /** What is there now is compared with what is bound. */
    async checkApproval({ approvalId }: { approvalId: string }): Promise<ApprovalStanding> {
      const before = await approvals.standing(approvalId);
      const found = await boundContent.current(before.record);
      return found === 'unknown' ? before : await change(approvalId, found);
    },

    /** Does what was approved. @throws what the deed throws */
    async carryOutApproval({ approvalId }: { approvalId: string }): Promise<CarriedOut> {
      const approval = await approvals.view(approvalId);
      if (approval.state !== 'approved') return { standing: await approvals.standing(approvalId), isDone: true };
      const { isDone, what } = await carryOut.apply(approval);
      const standing = isDone ? await approvals.carriedOut(approvalId, what) : await approvals.standing(approvalId);
      return { standing, isDone };
    },
  };
}

/** What time brings, and what is noted. */
function createTimeActivities({ approvals }: ApprovalActivityPorts, tell: Tell) {
  return {
    /** A reminder, the escalation or the end by time, when the database says that it is due. */
    async passApprovalTime({ approvalId, due }: { approvalId: string; due: ApprovalDue }): Promise<ApprovalStanding> {
      const standing = await approvals.pass(approvalId, due);
      const event = newsOfDue(due, standing.record);
      if (event !== null) await tell(event, standing, due.number);
      return standing;
    },

    async noteApproval({ approvalId, note }: { approvalId: string; note: ApprovalNote }): Promise<void> {
      await approvals.note(approvalId, note);
      if (note.step === 'carry-out-failed')
        await tell('approval-carry-out-failed', await approvals.standing(approvalId));
    },

    /** How it stands: somebody may have used it. */
    async readApproval({ approvalId }: { approvalId: string }): Promise<ApprovalStanding> {
      return await approvals.standing(approvalId);
    },
  };
}

export type ApprovalActivities = ReturnType<typeof createApprovalActivities>;
