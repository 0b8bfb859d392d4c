import type { Client } from '@temporalio/client';
import { currentIdentity } from '../adapters/identity/own-identity.ts';
import { isUnproven, type Authority } from '../adapters/postgres/identity/authority.ts';
import { sampleRead } from '../adapters/postgres/ledger/sample-read.ts';
import { subjectOf } from '../adapters/postgres/ledger/subjects.ts';
import { createApprovalLinks, makeLink } from '../adapters/postgres/registry/approval-links.ts';
import { createApprovalReader } from '../adapters/postgres/registry/approval-reader.ts';
import type { EvidenceParts } from '../adapters/postgres/rollout-store.ts';
import { createApprovalDesk } from '../adapters/temporal/approval-desk.ts';
import type { MlopsConfig } from '../config/schema.ts';
import { isMlopsError, MlopsError } from '../domain/errors.ts';
import { draftOfRefusal, draftOfSampledRead } from '../domain/governance/access-drafts.ts';
import type { EventActor } from '../domain/governance/event-draft.ts';
import type { Claim } from '../domain/governance/statement.ts';
import { ACTION_OF_KIND, contentOfAsk } from '../domain/registry/approval/ask.ts';
import type { DelegationHandOver, LinkHandOver } from '../domain/registry/approval/hand-over.ts';
import {
  APPROVALS_RESOURCE,
  decisionContent,
  isFinal,
  resourceOfApproval,
  type ApprovalAsk,
  type ApprovalPage,
  type ApprovalView,
  type DecisionAnswer,
  type DecisionInput,
  type ListedApprovals,
  type Verdict,
} from '../domain/registry/approval/request.ts';
import { TASK_QUEUE } from '../workflows/messages.ts';
import { linkSiteOf } from './api/link-site.ts';
import { sourceOfCall, sourceOfCommand } from './act-source.ts';
import { composeAuthority, type Rules } from './authority.ts';
import { composeSendHandOver } from './hand-over.ts';
import type { Signer } from './own-key.ts';

interface ApprovalParts {
  readonly evidence: EvidenceParts;
  /** Connected when something has to be asked of a workflow: looking needs the database alone. */
  readonly connect: () => Promise<Client>;
}

/** What an approval is asked for. */
type RequestOrder = Omit<ApprovalAsk, 'claim' | 'environment'>;

/** What somebody who asks for approvals goes by: who this process is, and how strict its environment. */
export type AskingRules = Rules & Pick<MlopsConfig, 'identity' | 'ports' | 'stateDirectory'>;

/** Approvals as people and programs use them, each call authorised; the shape is client/approvals/approvals-port.ts. */
export function composeApprovals(config: AskingRules, { connect, evidence }: ApprovalParts) {
  const reader = createApprovalReader(evidence.pool);
  const authority = composeAuthority(config, evidence);
  const desk = async () => createApprovalDesk(await connect(), reader, TASK_QUEUE);
  const may = async (claim: Claim, action: string, resource: string, content: unknown): Promise<EventActor> =>
    await authority.authorise(claim, { action, resource, content });
  const reading = createReading(config, evidence, reader);
  const send = composeSendHandOver(config.environment, connect);
  return {
    list: async (chosen: ListedApprovals, claim: Claim): Promise<ApprovalPage> =>
      await reading.list(chosen, await may(claim, 'approval.read', APPROVALS_RESOURCE, null)),

    show: async (approvalId: string, claim: Claim): Promise<ApprovalView> =>
      await reading.show(approvalId, await may(claim, 'approval.read', resourceOfApproval(approvalId), null)),

    /** The same for somebody whom another port has let in. */
    admitted: reading,

    /**
     * In the name of who is said to ask, signed by who this process is: the worker looks whether they may.
     *
     * @throws APPROVAL_REFUSED, NOT_AUTHENTICATED, NOT_AUTHORISED, APPROVAL_UNANSWERED
     */
    async request(order: RequestOrder): Promise<ApprovalView> {
      const ask = await signAsk(config, evidence, { ...order, environment: config.environment });
      const { record } = await (await desk()).request(ask);
      return await reader.view(record.approvalId);
    },

    async decide(order: DecisionOrder & { readonly claim: Claim }): Promise<DecisionAnswer> {
      return await decide(evidence, await desk(), order, senderOf(authority, order));
    },

    async delegate(order: Omit<DelegationHandOver, 'what'>, signer: Signer) {
      if (order.approvalId !== null) await reader.standing(order.approvalId);
      // Who is meant is signed, and not a name that others may have as well.
      const to = await subjectOf(evidence.pool, order.to);
      const { until } = await send({ ...order, what: 'delegation', to }, signer);
      return { to, until: until ?? '' };
    },

    async revoke({ reason, to }: { readonly to: string; readonly reason: string }, signer: Signer): Promise<number> {
      const principal = await subjectOf(evidence.pool, to);
      return (await send({ what: 'take-back', to: principal, reason }, signer)).count;
    },

    /** What the holder of a link is asked; using it up is the decision's. @throws APPROVAL_LINK_INVALID */
    async openLink(code: string): Promise<{ readonly approval: ApprovalView; readonly principal: string }> {
      const { approvalId, principal, seen } = await createApprovalLinks(evidence).open(code);
      const approval = await reader.view(approvalId, principal);
      if (isFinal(approval.state))
        throw new MlopsError('APPROVAL_LINK_INVALID', { problem: `it is ${approval.state} by now` });
      if (approval.contentDigest !== seen)
        throw new MlopsError('APPROVAL_LINK_INVALID', { problem: 'what it was for has changed since' });
      const holder = { id: principal, kind: 'human', authentication: 'one-time-link' } as const;
      await reading.note(resourceOfApproval(approvalId), 'show', holder);
      return { approval, principal };
    },

    /** @throws APPROVAL_LINK_INVALID, APPROVAL_REFUSED, APPROVAL_UNANSWERED */
    async decideByLink(code: string, { reason, verdict }: { readonly verdict: Verdict; readonly reason: string }) {
      // One that this verdict has used up may be sent again: the answer may have been lost.
      const { approvalId, principal, seen } = await createApprovalLinks(evidence).open(code, verdict);
      const order = { approvalId, verdict, reason, seen, code };
      const holder = { id: principal, kind: 'human', authentication: 'one-time-link' } as const;
      const sender = async () => await Promise.resolve(holder);
      return await decide(evidence, await desk(), order, { prove: sender, recognise: sender });
    },

    /** For who signs. The worker gets the hash of the secret, which stands behind the #: browsers send that to nobody. */
    async link(about: Pick<LinkHandOver, 'approvalId' | 'seen'>, signer: Signer) {
      const { linkId, secret, secretHash } = makeLink();
      const { until } = await send({ ...about, what: 'link', secretHash }, signer, linkId);
      return { url: `${linkSiteOf(config).baseUrl}/approve/${linkId}#${secret}`, expiresAt: until ?? '' };
    },
  };
}

/** Looking at approvals, for who was let in: a share of it is written down. */
function createReading(
  { environment, governance }: Pick<MlopsConfig, 'environment' | 'governance'>,
  evidence: EvidenceParts,
  reader: ReturnType<typeof createApprovalReader>,
) {
  const note = async (resource: string, verb: 'list' | 'show', who: EventActor): Promise<void> =>
    await sampleRead(evidence, governance.readSample, () =>
      draftOfSampledRead({ type: 'approval.read', resource, verb }, who),
    );
  return {
    note,
    async list(chosen: ListedApprovals, who: EventActor): Promise<ApprovalPage> {
      await note(APPROVALS_RESOURCE, 'list', who);
      return await reader.list(environment, chosen);
    },
    async show(approvalId: string, who: EventActor): Promise<ApprovalView> {
      const view = await reader.shown(approvalId);
      await note(resourceOfApproval(approvalId), 'show', who);
      return view;
    },
  };
}

/**
 * A user of this machine has nothing to sign with. Who came by a token has not signed either: the program that took it vouches for them,
 * when it has an identity of its own.
 *
 * @throws APPROVAL_REFUSED
 */
async function signAsk(config: AskingRules, { principals }: EvidenceParts, ask: ApprovalAsk): Promise<ApprovalAsk> {
  const { kind, requestedBy, resource } = ask;
  const action = ACTION_OF_KIND[kind];
  const { authentication } = await principals.actor(requestedBy);
  if (action === null || isUnproven(authentication)) return ask;
  const identity = await currentIdentity(config);
  if (identity.actor !== requestedBy && (await principals.actor(identity.actor)).kind !== 'service') {
    const problem = `${requestedBy} has not signed it, and this program has no identity to vouch by (MLOPS_IDENTITY)`;
    throw new MlopsError('APPROVAL_REFUSED', { action: 'Request', approvalId: resource, problem });
  }
  return { ...ask, claim: identity.claim({ action, resource, content: contentOfAsk(ask) }) };
}

type DecisionOrder = { readonly approvalId: string; readonly verdict: Verdict } & Pick<
  DecisionInput,
  'reason' | 'seen'
> & {
    readonly claim?: Claim | null;
    readonly code?: string | null;
  };

/** Who sent a decision. */
interface Sender {
  /** @throws NOT_AUTHENTICATED, NOT_AUTHORISED */
  prove(): Promise<EventActor>;
  /** As far as it is shown, for what is refused. */
  recognise(): Promise<EventActor>;
}

function senderOf(authority: Authority, order: DecisionOrder & { readonly claim: Claim }): Sender {
  const { approvalId, claim, verdict } = order;
  const resource = resourceOfApproval(approvalId);
  const asked = { action: 'approval.decide', resource, content: decisionContent(verdict, order) };
  let proven: EventActor | null = null;
  return {
    prove: async () => (proven ??= await authority.authorise(claim, asked)),
    // A statement is good once.
    recognise: async () => proven ?? (await authority.recognise(claim, asked)),
  };
}

/** What was refused is evidence too: the worker writes it, once it knows who it was; what did not come as far as that is written here. */
async function decide(
  { ledger }: EvidenceParts,
  desk: ReturnType<typeof createApprovalDesk>,
  { approvalId, claim = null, code = null, reason, seen, verdict }: DecisionOrder,
  sender: Sender,
): Promise<DecisionAnswer> {
  try {
    const source = sourceOfCall() ?? sourceOfCommand();
    const input = { claim, code, reason, seen, source };
    return await desk.decide(approvalId, verdict, input, async () => (await sender.prove()).id);
  } catch (error) {
    if (isMlopsError(error, 'APPROVAL_REFUSED') && error.details['isRecorded'] !== true) {
      const who = await sender.recognise();
      const refusal = { action: `approval.${verdict}`, resource: resourceOfApproval(approvalId), code: error.code };
      await ledger.append(draftOfRefusal({ ...refusal, problem: error.message }, who));
    }
    throw error;
  }
}
