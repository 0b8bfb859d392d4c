import { z } from 'zod';
import { EVENT_CATEGORIES, RISKS, type EventCategory, type Risk } from '../../domain/governance/event-draft.ts';
import type { EventQuery } from '../../domain/governance/event-query.ts';
import { isEventType, wantedEventType } from '../../domain/governance/event-types.ts';
import { FRAMEWORKS, type Framework } from '../../domain/governance/recorded-event.ts';
import { MOMENT_INPUT } from '../moment.ts';
import { NAME, WHOLE } from '../parse-input.ts';

/** Which events are asked for: all that is given must hold. */
export interface AuditQuery {
  /** Exact, or the beginning up to a dot: `rollout.weight-set`, `rollout.` */
  readonly type?: string;
  readonly category?: EventCategory;
  /** A principal id, or a name. */
  readonly actor?: string;
  /** Exact, or all below it: `rollout/dev/rag_api`, `rollout/dev/` */
  readonly resource?: string;
  /** Recorded at this time or later: a day (its first moment, UTC), a time with its zone, or a Date. */
  readonly since?: string | Date;
  /** Recorded before. */
  readonly until?: string | Date;
  /** At least this grave. */
  readonly risk?: Risk;
  /** Evidence for this framework, for example `soc2`. */
  readonly framework?: Framework;
  /** Words that must all be in it, each without blanks. */
  readonly words?: readonly string[];
  /** In the order of the log; newest first by default. */
  readonly oldestFirst?: boolean;
  /** Go on after the event of this sequence. */
  readonly after?: number;
  readonly limit?: number;
}

/** What is exported; everything when no part is named. */
export interface ExportChoice {
  /** From the event of this sequence on. */
  readonly from?: number;
  /** To the event of this sequence, included. */
  readonly to?: number;
  /** Of this type, or of all that begin so: `rollout.` */
  readonly type?: string;
  /** Shows the payloads that were not erased. False by default. */
  readonly payloads?: boolean;
}

/** What is verified, and against what. */
export interface Verification {
  /** An export, or a folder of segments; `-` is standard input. */
  readonly file: string;
  /** Verifier keys that are trusted. */
  readonly keys?: readonly string[];
  /** Files of such keys. Without any key: those that the ledger of this project keeps, where they are. */
  readonly keyFiles?: readonly string[];
  /** Files of earlier checkpoints, or of exports that hold one, which the file must continue. */
  readonly checkpoints?: readonly string[];
  /** Files of what `prove` returned, which show that of a selection: it has too few events to. */
  readonly proofs?: readonly string[];
}

/** What is to be proven: that one checkpoint continues another. */
export interface ProofOrder {
  /** File of the earlier checkpoint, or of an export that holds it. */
  readonly checkpoint: string;
  /** File of the export that is to continue it, or of its checkpoint. */
  readonly file: string;
}

const MOST_IN_PAGE = 10_000;

const TYPE = NAME.refine(isEventType, {
  error: ({ input }) => `wanted ${wantedEventType(String(input))}`,
});

const CONDITIONS = {
  type: TYPE.exactOptional(),
  category: z.enum(EVENT_CATEGORIES).exactOptional(),
  actor: NAME.exactOptional(),
  resource: NAME.exactOptional(),
  since: MOMENT_INPUT.exactOptional(),
  until: MOMENT_INPUT.exactOptional(),
  risk: z.enum(RISKS).exactOptional(),
  framework: z.enum(FRAMEWORKS).exactOptional(),
  words: z.array(NAME.regex(/^\S+$/, { error: 'a word without blanks' })).exactOptional(),
  oldestFirst: z.boolean().exactOptional(),
  after: WHOLE.exactOptional(),
};

const AFTER_SINCE = { path: ['until'], error: ({ input }: { input: unknown }) => wantedUntil(input as AuditQuery) };

export const QUERY = z
  .strictObject({ ...CONDITIONS, limit: z.int().min(1).max(MOST_IN_PAGE).exactOptional() })
  .refine(isSpan, AFTER_SINCE) satisfies z.ZodType<AuditQuery>;

export const STREAM = z
  .strictObject({ ...CONDITIONS, limit: z.int().min(1).exactOptional() })
  .refine(isSpan, AFTER_SINCE) satisfies z.ZodType<AuditQuery>;

export const EVENT = z.strictObject({ withPayload: z.boolean().exactOptional() });

export const EXPORT_FILE = NAME;

export const EXPORT = z
  .strictObject({
    from: WHOLE.exactOptional(),
    to: WHOLE.exactOptional(),
    type: TYPE.exactOptional(),
    payloads: z.boolean().exactOptional(),
  })
  .refine(({ from = 0, to = from }) => from <= to, {
    path: ['to'],
    error: 'wanted the sequence of `from` or a later one',
  }) satisfies z.ZodType<ExportChoice>;

export const VERIFICATION = z.strictObject({
  file: NAME,
  keys: z.array(NAME).exactOptional(),
  keyFiles: z.array(NAME).exactOptional(),
  checkpoints: z.array(NAME).exactOptional(),
  proofs: z.array(NAME).exactOptional(),
}) satisfies z.ZodType<Verification>;

export const PROOF = z.strictObject({ checkpoint: NAME, file: NAME }) satisfies z.ZodType<ProofOrder>;

/** Nothing is recorded before one time and after a later one. */
export function isSpan({ since, until }: Pick<AuditQuery, 'since' | 'until'>): boolean {
  return since === undefined || until === undefined || new Date(since) < new Date(until);
}

/** What is wanted in place of an end that is no later than its beginning, which people know as `name`. */
export function wantedUntil({ since = '' }: Pick<AuditQuery, 'since'>, name = '`since`'): string {
  return `wanted a time after ${name}, ${new Date(since).toISOString()}`;
}

/** The conditions as the ledger takes them: what is not asked for is not there, for it is signed. */
export function queryOf(asked: Omit<AuditQuery, 'limit'>): EventQuery {
  const { after: _after, oldestFirst: _oldestFirst, since, until, words = [], ...plain } = asked;
  return {
    ...plain,
    ...(since === undefined ? {} : { since: new Date(since).toISOString() }),
    ...(until === undefined ? {} : { until: new Date(until).toISOString() }),
    ...(words.length === 0 ? {} : { words }),
  };
}
