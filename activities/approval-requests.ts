import { MlopsError } from '../domain/errors.ts';
import type { EventActor } from '../domain/governance/event-draft.ts';
import { isAllowed } from '../domain/governance/permissions.ts';
import { ACTION_OF_KIND, contentOfAsk, parseAsk } from '../domain/registry/approval/ask.ts';
import {
  isFinal,
  resourceOfApproval,
  type ApprovalAsk,
  type ApprovalAssessment,
  type ApprovalStanding,
  type ApprovalView,
} from '../domain/registry/approval/request.ts';
import { alive } from './alive.ts';
import type { ApprovalStore, AskedThing, BoundContent, IdentityDirectory } from './approval-ports.ts';
import type { ApprovalWriter } from './approval-writer.ts';
import { endIfGone } from './end-if-gone.ts';
import { assertOwnEnvironment } from './own-environment.ts';
import type { Authority } from './ports.ts';

interface RequestPorts {
  readonly environment: string;
  readonly approvals: ApprovalStore;
  readonly authority: Authority;
  readonly boundContent: BoundContent;
  readonly identities: IdentityDirectory;
}

/** What somebody asks of an approval, when the server took it. */
export interface AskInput {
  readonly approvalId: string;
  readonly order: ApprovalAsk;
  /** ISO 8601; absent from workflows that began before it was said. */
  readonly askedAt?: string;
}

/**
 * What approvals are about. Whoever reaches the engine may send an order: the worker looks who asks, and finds out itself what is there
 * to approve, who may not decide about it, and how risky it is.
 */
export function createRequestActivities(ports: RequestPorts, writer: ApprovalWriter) {
  const { approvals, boundContent, environment } = ports;
  const lookAgain = async (asked: AskedThing, before: ApprovalView): Promise<ApprovalStanding> => {
    const ended = await endIfGone(ports, writer, before.approvalId);
    if (isFinal(ended.record.state)) return ended;
    const found = await alive(async () => await boundContent.assess(asked, before));
    const { approvalId } = before;
    return found === 'unknown' ? await approvals.standing(approvalId) : await writer.change(approvalId, found);
  };
  return {
    /** Writes the request, once. @throws APPROVAL_REFUSED, ENVIRONMENT_FOREIGN, NOT_AUTHENTICATED, NOT_AUTHORISED */
    async openApproval(input: AskInput): Promise<ApprovalStanding> {
      const { approvalId } = input;
      const ask = requireAsk(ports, input, 'Opening');
      const requester = await whoAsks(ports, ask, { ...input, occasion: 'open' });
      const found = await alive(async () => await boundContent.assess(ask, null));
      const { kind, reason, resource } = ask;
      if (found === null || found === 'unknown')
        throw refusal(approvalId, 'Opening', `${resource} is not there, or not of a ${kind}`);
      const order = { ...requireRisk(found), kind, resource, environment, reason, requestedBy: requester.id };
      return await writer.open(approvalId, order, requester);
    },

    /** Somebody asks again: what is there now is looked at, by another content what was given is void. @throws as `openApproval` */
    async renewApproval({
      approvalId,
      occasion = 'renew',
      renewal,
      askedAt,
    }: {
      readonly approvalId: string;
      readonly renewal: ApprovalAsk;
      readonly occasion?: string;
      readonly askedAt?: string;
    }): Promise<ApprovalStanding> {
      const input = { approvalId, order: renewal, ...(askedAt === undefined ? {} : { askedAt }) };
      const ask = requireAsk(ports, input, 'Renewal');
      const before = await approvals.view(approvalId);
      assertOwnEnvironment(environment, before.environment);
      const { id } = await whoAsks(ports, ask, { ...input, occasion });
      if (ask.kind !== before.kind || ask.resource !== before.resource)
        throw refusal(approvalId, 'Renewal', `it is for ${before.kind} of ${before.resource}`);
      // What they alone know is recorded in their name.
      if (ask.action !== undefined && id !== before.requestedBy)
        throw refusal(approvalId, 'Renewal', `${before.requestedBy} has asked for it`);
      return await lookAgain(ask, before);
    },

    /** What is there now is compared with what is bound. @throws ENVIRONMENT_FOREIGN */
    async checkApproval({ approvalId }: { approvalId: string }): Promise<ApprovalStanding> {
      const before = await approvals.view(approvalId);
      assertOwnEnvironment(environment, before.environment);
      if (isFinal(before.state)) return await approvals.standing(approvalId);
      return await lookAgain(before, before);
    },
  };
}

/** @throws APPROVAL_REFUSED, ENVIRONMENT_FOREIGN */
function requireAsk({ environment }: RequestPorts, { approvalId, order }: AskInput, action: string): ApprovalAsk {
  const ask = parseAsk(order);
  if (typeof ask === 'string') throw refusal(approvalId, action, ask);
  assertOwnEnvironment(environment, ask.environment);
  return ask;
}

/**
 * Who asks: the one who signed it. A program that signs vouches for somebody else, whom it has authenticated. Who signs nothing is a
 * user of this machine, where those are believed.
 *
 * @throws NOT_AUTHENTICATED, NOT_AUTHORISED, APPROVAL_REFUSED
 */
async function whoAsks(
  { authority, identities }: RequestPorts,
  ask: ApprovalAsk,
  { approvalId, askedAt, occasion }: AskInput & { readonly occasion: string },
): Promise<EventActor> {
  const { claim, kind, requestedBy, resource } = ask;
  const action = ACTION_OF_KIND[kind];
  if (action === null)
    throw refusal(approvalId, 'Request', `a ${kind} is asked for by its rollout alone, through no workflow`);
  const signer = await authority.authorise(claim ?? { actor: requestedBy }, {
    action,
    resource,
    content: contentOfAsk(ask),
    occasion: `${resourceOfApproval(approvalId)}/${occasion}`,
    ...(askedAt === undefined ? {} : { receivedAt: askedAt }),
  });
  if (signer.id === requestedBy) return signer;
  const named = await identities.principal(requestedBy);
  if (signer.kind !== 'service' || named === null || !isAllowed(action, named.roles))
    throw refusal(approvalId, 'Request', `${signer.id} may not ask for it in the name of ${requestedBy}`);
  return { id: requestedBy, kind: named.kind, authentication: `vouched-by:${signer.id}` };
}

function requireRisk({ risk, ...found }: ApprovalAssessment) {
  if (risk === null) throw new Error('a new request has no risk');
  return { ...found, risk };
}

function refusal(approvalId: string, action: string, problem: string): MlopsError {
  return new MlopsError('APPROVAL_REFUSED', { action, approvalId, problem });
}
