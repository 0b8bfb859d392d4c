import { EVENT_FORMAT } from './event.ts';

/** What happened, in the words of the compliance world: every event is of one of these kinds. */
export const EVENT_CATEGORIES = [
  'model_registration',
  'model_promotion',
  'model_deployment',
  'model_rollback',
  'model_retirement',
  'model_access',
  'data_access',
  'data_modification',
  'configuration_change',
  'access_control',
  'compliance_check',
  'security_event',
] as const;
export type EventCategory = (typeof EVENT_CATEGORIES)[number];

export const RISKS = ['low', 'medium', 'high', 'critical'] as const;
export type Risk = (typeof RISKS)[number];

/** Who did it. The id is opaque; what it means is kept outside the log, where it can be erased. */
export interface EventActor {
  readonly id: string;
  readonly kind: 'human' | 'service' | 'workflow' | 'system';
  /** How it is known who it was, e.g. `operating-system` outside production. */
  readonly authentication: string;
}

/** A value JSON can say. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** An event before it has its place in the log. */
export interface EventDraft {
  /** What happened, by its exact name: `rollout.weight-set`. */
  readonly type: string;
  readonly category: EventCategory;
  readonly actor: EventActor;
  /** What it happened to: `rollout/dev/rag_api`, `model/rag_api/1.1.0`. */
  readonly resource: string;
  readonly risk: Risk;
  /** Compliance frameworks it is evidence for, e.g. `soc2`; sorted. */
  readonly frameworks?: readonly string[];
  /**
   * The request or workflow run that caused it: the key of a rollout, of a write of traffic or of an emergency, or else `call/…`, `run/…`,
   * `command/…`.
   */
  readonly requestId?: string;
  /** When it happened, where that is not when it was recorded (ISO 8601, UTC). */
  readonly happenedAt?: string;
  /** It was recorded later than it should have been: its store was away. */
  readonly isLate?: true;
  /** Numbers, versions and codes. Never personal data, never free text: they cannot be taken back. */
  readonly facts?: { readonly [name: string]: Json };
  /** Personal data and free text, sealed under the key of `subject`; only a commitment is in the log. */
  readonly payload?: Json;
  /** Whose key seals the payload: a principal id, or the resource. */
  readonly subject?: string;
}

/** Version of the members that a draft gives an event. */
const SCHEMA = 1;

/** The place of an event in the log. */
export interface EventPlace {
  readonly log: string;
  readonly sequence: number;
  readonly previous: string;
  readonly recordedAt: string;
  readonly commitment: string | null;
  /** Keyed hash (16 hex digits) of where it was done from; absent when the system did it. */
  readonly source?: string;
}

/** The event as it is hashed: a plain object, to be written canonically. */
export function assembleEvent(draft: EventDraft, place: EventPlace): { readonly [name: string]: Json } {
  const { actor, category, facts, frameworks, happenedAt, isLate, requestId, resource, risk, type } = draft;
  const { commitment, ...at } = place;
  return {
    ...at,
    format: EVENT_FORMAT,
    schema: SCHEMA,
    type,
    category,
    actor: { ...actor },
    resource,
    risk,
    ...(commitment === null ? {} : { commitment }),
    ...(frameworks === undefined ? {} : { frameworks }),
    ...(requestId === undefined ? {} : { requestId }),
    ...(happenedAt === undefined ? {} : { happenedAt }),
    ...(isLate === undefined ? {} : { late: true }),
    ...(facts === undefined ? {} : { facts }),
  };
}
