import { z } from 'zod';
import { CASE_ID, WANTED_CASE } from '../../domain/governance/custody-drafts.ts';
import { EVENT_CATEGORIES, type EventCategory } from '../../domain/governance/event-draft.ts';
import { FRAMEWORKS, type Framework } from '../../domain/governance/recorded-event.ts';
import { NAME, TEXT, WHOLE } from '../parse-input.ts';

/** What a program reports. */
export interface EventOrder {
  readonly eventType: EventCategory;
  readonly resourceId: string;
  /** As a code: `deploy_production`. */
  readonly action: string;
  readonly complianceFrameworks?: readonly Framework[];
  /** It waits until somebody has approved it. False by default. */
  readonly approvalRequired?: boolean;
  /**
   * `true` is a claim, and `explainable` whatever it is but `false`: it is shown by `evidence` of the same name, or somebody has to approve it.
   * Free text is sealed under the key of who acts.
   */
  readonly metadata?: Readonly<Record<string, string | number | boolean>>;
  /** `sha256:<digest>` of a registered artifact, or `ledger:<sequence>`: about the resource, or a check of what is claimed. */
  readonly evidence?: Readonly<Record<string, string>>;
}

/** What is erased. */
export interface ErasureOrder {
  /** A name, a principal id, or a thing: `rollout/dev/rag_api`. */
  readonly subject: string;
  /** Why, in words; sealed in the ledger. Empty by default. */
  readonly reason?: string;
  /** In production the subject once more, for it cannot be undone. */
  readonly confirm?: string;
}

/** What is held, or held no longer. */
export interface HoldInput {
  /** A name, a principal id, or a thing and all below it: `rollout/dev`. */
  readonly subject: string;
  /** The case that it is held for, by its number: 1 to 64 letters, digits and `. _ / -`. Each case has a hold of its own. */
  readonly caseId?: string;
  /** Why, in words; sealed in the ledger. Empty by default. */
  readonly reason?: string;
}

/** An alarm that was looked into. */
export interface AlarmOrder {
  /** Sequence of its event. */
  readonly alarm: number;
  /** What was found; never empty. */
  readonly reason: string;
}

const REASON = TEXT.exactOptional();

export const RECORDING = z.strictObject({
  eventType: z.enum(EVENT_CATEGORIES),
  resourceId: NAME,
  action: NAME,
  complianceFrameworks: z.array(z.enum(FRAMEWORKS)).exactOptional(),
  approvalRequired: z.boolean().exactOptional(),
  metadata: z.record(NAME, z.union([TEXT, z.number(), z.boolean()])).exactOptional(),
  evidence: z.record(NAME, TEXT).exactOptional(),
}) satisfies z.ZodType<EventOrder>;

export const ERASURE = z.strictObject({
  subject: NAME,
  reason: REASON,
  confirm: TEXT.exactOptional(),
}) satisfies z.ZodType<ErasureOrder>;

export const HOLD = z.strictObject({
  subject: NAME,
  caseId: z.string().regex(CASE_ID, { error: WANTED_CASE }).exactOptional(),
  reason: REASON,
}) satisfies z.ZodType<HoldInput>;

export const ROTATION = z.strictObject({ reason: REASON });

export const ALARM = z.strictObject({ alarm: WHOLE, reason: NAME }) satisfies z.ZodType<AlarmOrder>;
