import { isMlopsError, MlopsError } from '../domain/errors.ts';
import type { EventActor } from '../domain/governance/event-draft.ts';
import type { Claim } from '../domain/governance/statement.ts';
import { isAllowed } from '../domain/governance/permissions.ts';
import type { ApprovalPolicy } from '../domain/registry/approval/policy.ts';
import { problemOfEnd } from '../domain/registry/approval/quorum.ts';
import { rolloutOfResource } from '../domain/rollout/approval-request.ts';
import {
  decisionContent,
  isFinal,
  resourceOfApproval,
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
import { alive } from './alive.ts';
import { newsOfDecision, newsOfDue } from './approval-news.ts';
import { createRequestActivities } from './approval-requests.ts';
import { createApprovalWriter, type ApprovalWriter } from './approval-writer.ts';
import { endIfGone } from './end-if-gone.ts';
import { assertOwnEnvironment } from './own-environment.ts';
import type { Authority, Outbox } from './ports.ts';

/** What approvals need from outside. */
export interface ApprovalActivityPorts {
  /** Whose approvals these are: those of another environment are left alone. */
  readonly environment: string;
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

/** Activities of approvals: each writes first, and tells people after. */
export function createApprovalActivities(ports: ApprovalActivityPorts) {
  const writer = createApprovalWriter(ports);
  return {
    ...createRequestActivities(ports, writer),
    ...createDecisionActivities(ports, writer),
    ...createCarryOutActivities(ports),
    ...createTimeActivities(ports, writer),
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
function createDecisionActivities(ports: ApprovalActivityPorts, writer: ApprovalWriter) {
  const { approvals, environment } = ports;
  return {
    /**
     * Looks who decides and by which right, and writes the decision and what it comes to, or that it was refused: it is written here, for here it
     * is known who wanted it. What is not there any more is not decided: the request ends `voided`, and who sent this refuses it by that.
     *
     * @throws ENVIRONMENT_FOREIGN, NOT_AUTHENTICATED, NOT_AUTHORISED, APPROVAL_REFUSED, APPROVAL_LINK_INVALID
     */
    async decideApproval(input: DecideInput): Promise<ApprovalStanding> {
      const { record: before } = await approvals.standing(input.approvalId);
      assertOwnEnvironment(environment, before.environment);
      const who = await whoDecides(ports, input);
      return await writingRefusals(ports, { input, actor: who.actor }, async () => {
        await assertDecides(ports, input, who);
        const now = await endIfGone(ports, writer, input.approvalId);
        if (!isFinal(before.state) && now.record.state === 'voided') return now;
        return await writeDecision(ports, writer, { input, who });
      });
    },
  };
}

/** Who decides, and by what it is known. */
interface Decider {
  readonly actor: EventActor;
  readonly linkId: string | null;
  readonly seen: string;
}

async function writeDecision(
  { approvals, identities }: ApprovalActivityPorts,
  writer: ApprovalWriter,
  { input, who }: { readonly input: DecideInput; readonly who: Decider },
): Promise<ApprovalStanding> {
  const { approvalId, reason, verdict } = input;
  const authorities = await approvals.authorities(approvalId, who.actor.id, identities);
  const standing = await approvals.decide({ approvalId, verdict, reason, ...who, authorities });
  const news = newsOfDecision(standing.record);
  if (news !== null) await writer.tell(news, standing);
  return standing;
}

/** That somebody tried is evidence, and what access is watched by: who approves their own is told by it. */
async function writingRefusals(
  { approvals }: ApprovalActivityPorts,
  { actor, input }: { readonly actor: EventActor; readonly input: DecideInput },
  decide: () => Promise<ApprovalStanding>,
): Promise<ApprovalStanding> {
  const { approvalId, occasion, verdict } = input;
  const write = async (problem: string): Promise<void> =>
    await approvals.refuse({ approvalId, verdict, actor, problem, occasion });
  try {
    const standing = await decide();
    if (standing.record.state === 'voided') await write(refusal(input, problemOfEnd('voided')).message);
    return standing;
  } catch (error) {
    if (!isMlopsError(error, 'APPROVAL_REFUSED')) throw error;
    await write(error.message);
    // Whoever sent it need not write it down again.
    throw new MlopsError('APPROVAL_REFUSED', { ...error.details, isRecorded: true }, { cause: error.cause });
  }
}

/** @throws APPROVAL_REFUSED */
async function assertDecides(
  { identities }: ApprovalActivityPorts,
  input: DecideInput,
  { actor, linkId }: Decider,
): Promise<void> {
  const known = await identities.principal(actor.id);
  if (known?.kind === 'service') throw refusal(input, 'people decide, and you are a program');
  // A link is no more than who it is for: a role that was taken is gone for the link too.
  if (linkId !== null && !isAllowed('approval.decide', known?.roles ?? []))
    throw refusal(input, 'whose link it is has no role that decides any more');
}

/** Who it is that decides, and what he has seen: a signed claim says it, or the code of a link. */
async function whoDecides({ approvals, authority }: ApprovalActivityPorts, input: DecideInput): Promise<Decider> {
  const { approvalId, code, occasion, rollout, seen, verdict } = input;
  const claim = input.claim === null ? null : signedOf(input.claim);
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
  const link = await approvals.openLink(code ?? '', verdict);
  if (link.approvalId !== approvalId)
    throw new MlopsError('APPROVAL_LINK_INVALID', { problem: 'it is of another approval' });
  const actor = { id: link.principal, kind: 'human', authentication: 'one-time-link' } as const;
  // A signal has seen what its link is about.
  return { actor, linkId: link.linkId, seen: seen === '' ? link.seen : seen };
}

/** A token says who comes, and not what is wanted: nobody decides by one. */
function signedOf({ actor, statement }: Claim): Claim {
  return { actor, ...(statement === undefined ? {} : { statement }) };
}

function refusal({ approvalId, verdict }: DecideInput, problem: string): MlopsError {
  return new MlopsError('APPROVAL_REFUSED', {
    action: verdict === 'approve' ? 'Approval' : 'Denial',
    approvalId,
    problem,
  });
}

/** What follows from it. */
function createCarryOutActivities({ approvals, carryOut, environment }: ApprovalActivityPorts) {
  return {
    /** Does what was approved. @throws ENVIRONMENT_FOREIGN, and what the deed throws */
    async carryOutApproval({ approvalId }: { approvalId: string }): Promise<CarriedOut> {
      const approval = await approvals.view(approvalId);
      assertOwnEnvironment(environment, approval.environment);
      if (approval.state !== 'approved') return { standing: await approvals.standing(approvalId), isDone: true };
      const { isDone, what } = await alive(async () => await carryOut.apply(approval));
      const standing = isDone ? await approvals.carriedOut(approvalId, what) : await approvals.standing(approvalId);
      return { standing, isDone };
    },
  };
}

/** What time brings, and what is noted. */
function createTimeActivities(ports: ApprovalActivityPorts, writer: ApprovalWriter) {
  const { approvals } = ports;
  return {
    /** A reminder, the escalation or the end by time, when the database says that it is due. */
    async passApprovalTime({ approvalId, due }: { approvalId: string; due: ApprovalDue }): Promise<ApprovalStanding> {
      // Nobody is reminded of what is not there any more.
      const ended = await endIfGone(ports, writer, approvalId);
      if (ended.record.state === 'voided') return ended;
      const standing = await approvals.pass(approvalId, due);
      const event = newsOfDue(due, standing.record);
      if (event !== null) await writer.tell(event, standing, due.number);
      return standing;
    },

    async noteApproval({ approvalId, note }: { approvalId: string; note: ApprovalNote }): Promise<void> {
      await approvals.note(approvalId, note);
      if (note.step === 'carry-out-failed')
        await writer.tell('approval-carry-out-failed', await approvals.standing(approvalId));
    },

    /** How it stands: somebody may have used it, and what it is about may have left. */
    async readApproval({ approvalId }: { approvalId: string }): Promise<ApprovalStanding> {
      return await endIfGone(ports, writer, approvalId);
    },
  };
}

export type ApprovalActivities = ReturnType<typeof createApprovalActivities>;
