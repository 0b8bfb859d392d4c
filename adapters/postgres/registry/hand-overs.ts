import type { IdentityDirectory } from '../../../activities/approval-ports.ts';
import type { HandOvers } from '../../../activities/hand-over.ts';
import { MlopsError } from '../../../domain/errors.ts';
import type { Json } from '../../../domain/governance/event-draft.ts';
import { isAllowed, PERMISSIONS } from '../../../domain/governance/permissions.ts';
import { askedOfHandOver, type HandOverOrder } from '../../../domain/registry/approval/hand-over.ts';
import type { Authority } from '../identity/authority.ts';
import type { EvidenceParts } from '../rollout-store.ts';
import { createApprovalLinks } from './approval-links.ts';
import { createDelegations } from './delegations.ts';

/** Rights that people hand over, as the worker carries it out: it believes what is signed, and nothing else. */
export function createHandOvers(
  parts: EvidenceParts & { readonly authority: Authority; readonly identities: IdentityDirectory },
): HandOvers {
  const [links, delegations] = [createApprovalLinks(parts), createDelegations(parts)];
  return {
    async write(order, receivedAt) {
      const asked = { ...askedOfHandOver(order), occasion: `hand-over/${order.id}`, receivedAt };
      const actor = await parts.authority.authorise(order.claim, asked);
      const sealed = evidenceOf(order);
      switch (order.what) {
        case 'link':
          return { until: (await links.issue(order, actor, sealed)).expiresAt, count: 1 };
        case 'delegation':
          await assertDecides(parts.identities, order.to);
          return { until: (await delegations.delegate(actor, order, sealed)).until, count: 1 };
        case 'take-back':
          return { until: null, count: await delegations.revoke(actor, order, sealed) };
        default:
          throw new MlopsError('DELEGATION_INVALID', { problem: 'it is neither a link nor a delegation' });
      }
    },
  };
}

/** Whoever is away would count on somebody who is refused. @throws DELEGATION_INVALID */
async function assertDecides(identities: IdentityDirectory, to: string): Promise<void> {
  const known = await identities.principal(to);
  if (known?.kind === 'human' && isAllowed('approval.decide', known.roles)) return;
  throw new MlopsError('DELEGATION_INVALID', {
    problem: `${to} decides nothing: wanted a person who has one of the roles ${PERMISSIONS['approval.decide'].join(', ')} now`,
  });
}

/** All of it, so that whoever may read payloads can verify again that its owner wanted it. */
function evidenceOf({ claim: { statement: signed }, ...order }: HandOverOrder): { readonly [name: string]: Json } {
  if (signed === undefined) return {};
  const { source, ...content } = order;
  return {
    ...content,
    ...(source === undefined ? {} : { source: { ...source } }),
    signature: signed.signature,
    statement: { ...signed.statement },
  };
}
