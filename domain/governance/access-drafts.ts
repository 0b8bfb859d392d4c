import type { EventActor, EventDraft } from './event-draft.ts';

/** Somebody looked at evidence, or took it out. */
export function draftOfRead(
  type: 'audit.exported' | 'audit.payload-read' | 'audit.queried',
  resource: string,
  facts: NonNullable<EventDraft['facts']>,
  actor: EventActor,
): EventDraft {
  return { type, category: 'data_access', actor, resource, risk: type === 'audit.queried' ? 'low' : 'medium', facts };
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
