import type { EventActor, EventDraft, Json } from './event-draft.ts';

/** What is done with who may do what. */
export const IDENTITY_ACTS = [
  'created',
  'granted',
  'revoked',
  'key-replaced',
  'own-key-replaced',
  'bootstrapped',
] as const;
export type IdentityAct = (typeof IDENTITY_ACTS)[number];

const RISK = {
  bootstrapped: 'critical',
  created: 'medium',
  granted: 'high',
  'key-replaced': 'medium',
  'own-key-replaced': 'medium',
  revoked: 'medium',
} as const satisfies Record<IdentityAct, EventDraft['risk']>;

/** An event of a principal, its roles and its keys: ids, roles and key ids only. */
export function draftOfIdentity(
  act: IdentityAct,
  subject: {
    readonly id: string;
    readonly facts: { readonly [name: string]: Json };
    readonly reason?: string;
    /** What else is sealed, the reason among it. */
    readonly sealed?: { readonly [name: string]: Json };
  },
  actor: EventActor,
): EventDraft {
  const { facts, id, reason = '', sealed = reason === '' ? null : { reason } } = subject;
  return {
    type: `identity.${act}`,
    category: 'access_control',
    actor,
    resource: id,
    risk: RISK[act],
    frameworks: ['hipaa', 'iso27001', 'soc2'],
    facts,
    ...(sealed === null ? {} : { payload: sealed, subject: actor.id }),
  };
}
