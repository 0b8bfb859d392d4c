import type { EventActor, EventDraft } from './event-draft.ts';

/** What was asked for: in closed words and numbers, and sealed what was typed. */
export interface Question {
  readonly facts: NonNullable<EventDraft['facts']>;
  readonly payload?: NonNullable<EventDraft['payload']>;
}

/** How somebody looks at evidence, or takes it out. */
export const AUDIT_EVENTS = ['exported', 'payload-read', 'queried'] as const;

/** Somebody looked at evidence, or took it out. */
export function draftOfRead(
  type: `audit.${(typeof AUDIT_EVENTS)[number]}`,
  resource: string,
  { facts, payload }: Question,
  actor: EventActor,
): EventDraft {
  const risk = type === 'audit.queried' ? 'low' : 'medium';
  const sealed = payload === undefined ? {} : { payload, subject: actor.id };
  return { type, category: 'data_access', actor, resource, risk, facts, ...sealed };
}

/** What somebody looked at beside the log and the registry: who may do what, what waits for whom, what is held. */
export interface SampledRead {
  readonly type: 'approval.read' | 'governance.read' | 'identity.read' | 'rollout.read';
  /** `approval/apr-3f1c`, `identity`, `ledger`, `rollout/dev/rag_api` */
  readonly resource: string;
  readonly verb: 'list' | 'show' | 'receipt' | 'holds' | 'watch' | 'foresee';
}

/** Somebody looked at it. */
export function draftOfSampledRead({ resource, type, verb }: SampledRead, actor: EventActor): EventDraft {
  return { type, category: 'data_access', actor, resource, risk: 'low', facts: { verb } };
}

/** What somebody wanted to do and may not, or not now. */
export interface Refusal {
  /** Its exact name: `rollout.approve` */
  readonly action: string;
  /** `rollout/dev/rag_api` */
  readonly resource: string;
  /** Of domain/errors.ts */
  readonly code: string;
  /** In words; sealed under the key of who was refused. */
  readonly problem: string;
}

/** Somebody was refused. */
export function draftOfRefusal({ action, code, problem, resource }: Refusal, actor: EventActor): EventDraft {
  return {
    type: `${action}-refused`,
    category: 'access_control',
    actor,
    resource,
    risk: 'medium',
    frameworks: ['iso27001', 'soc2'],
    facts: { code },
    payload: { problem },
    subject: actor.id,
  };
}
