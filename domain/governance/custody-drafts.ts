import type { Claim } from './statement.ts';
import type { EventActor, EventDraft, Json } from './event-draft.ts';

/** Personal data and its keeping is what these events are evidence of. */
const FRAMEWORKS = ['gdpr', 'hipaa', 'iso27001', 'soc2'];

/** Stands where words of somebody stood who was erased. */
export const ERASED_WORDS = '[erased]';

/** Who is to be forgotten outside the database too. */
export interface Forgotten {
  /** What they are known by: the principal's id, and the name behind it where one is known. */
  readonly who: readonly string[];
  /** Stands in place of the name. */
  readonly subject: string;
}

/** Who asks for what to be done with a subject, and why. */
export interface CustodyOrder extends Claim {
  /** A principal id, the name behind one, or a thing: `rollout/dev/rag_api`. */
  readonly subject: string;
  readonly reason: string;
  /** The approval that it is carried out by: the reason is sealed with its request. */
  readonly approvalId?: string;
}

/** A case that evidence is held for, by its number or mark: `2026-17`. It stands in the log, so it names nobody. */
export const CASE_ID = /^[a-zA-Z0-9][a-zA-Z0-9._/-]{0,63}$/;
export const WANTED_CASE =
  'the number of a case: letters, digits and . _ / -, at most 64, beginning with a letter or digit';

/** A hold that is placed or released; each case has its own. */
export interface HoldOrder extends CustodyOrder {
  /** Null: of no case in particular. */
  readonly caseId: string | null;
}

/** What is done with the keys that payloads are sealed under, and with those that sign checkpoints. */
export const CUSTODY_ACTS = [
  'erased',
  'erasure-refused',
  'hold-placed',
  'hold-released',
  'keys-rotated',
  'checkpoint-key-added',
  'checkpoint-key-retired',
] as const;
export type CustodyAct = (typeof CUSTODY_ACTS)[number];

const RISK = {
  erased: 'high',
  'erasure-refused': 'high',
  'hold-placed': 'medium',
  'hold-released': 'high',
  'keys-rotated': 'medium',
  'checkpoint-key-added': 'high',
  'checkpoint-key-retired': 'high',
} as const satisfies Record<CustodyAct, EventDraft['risk']>;

const CATEGORY = {
  erased: 'data_modification',
  'erasure-refused': 'access_control',
  'hold-placed': 'compliance_check',
  'hold-released': 'compliance_check',
  'keys-rotated': 'configuration_change',
  'checkpoint-key-added': 'configuration_change',
  'checkpoint-key-retired': 'configuration_change',
} as const satisfies Record<CustodyAct, EventDraft['category']>;

/**
 * An event of who did what with which subject. The subject is a principal's opaque id or the name of a thing; why it was done is
 * sealed under the key of who did it, so that it outlives the erasure.
 */
export function draftOfCustody(
  act: CustodyAct,
  order: {
    readonly subject: string;
    readonly reason: string;
    readonly facts?: { readonly [name: string]: Json };
  },
  actor: EventActor,
): EventDraft {
  const { facts, reason, subject } = order;
  return {
    type: `governance.${act}`,
    category: CATEGORY[act],
    actor,
    resource: subject,
    risk: RISK[act],
    frameworks: FRAMEWORKS,
    ...(facts === undefined ? {} : { facts }),
    ...(reason === '' ? {} : { payload: { reason }, subject: actor.id }),
  };
}
