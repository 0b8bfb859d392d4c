import { z } from 'zod';
import { COUNT_METRICS, type CountMetric } from '../../domain/rollout/calibration/history.ts';
import { isWholePoints, WANTED_POINTS } from '../../domain/rollout/weights.ts';
import { MOMENT_INPUT } from '../moment.ts';
import { MODEL, NAME, TEXT } from '../parse-input.ts';

/** A rollout that a program asks for. */
export interface StartOrder {
  readonly model: string;
  /** The version that all users have now. */
  readonly fromVersion: string;
  /** The version to roll out. */
  readonly toVersion: string;
  /** One of `profiles` in config/deployment.yaml; `default` by default. */
  readonly profile?: string;
  /** Base URLs by version; they win over `targets` of config/deployment.yaml and over the registry. */
  readonly endpoints?: Readonly<Record<string, string>>;
  /** Weights in percent, 0 to 100, that wait for an approval, beside those of the configuration. */
  readonly gates?: readonly number[];
  /** Who asks, where nobody signs; whoever has a key signs, and is the actor whatever stands here. By default the user of the machine. */
  readonly actor?: string;
  /** Why, in words. Empty by default. */
  readonly reason?: string;
}

/** What a program asks of a rollout. */
export interface ActionOrder {
  readonly kind: 'approve' | 'deny' | 'pause' | 'resume' | 'promote' | 'abort';
  /** promote: straight to 100 %, past every gate. False by default. */
  readonly full?: boolean;
  /** As in a start. */
  readonly actor?: string;
  /** Why, in words. Empty by default. */
  readonly reason?: string;
  /** In production a promotion names the model once more, for it may skip gates and evidence. */
  readonly confirm?: string;
}

/** All traffic to the stable version, now. */
export interface RollbackOrder {
  readonly model: string;
  /** Why, in words; left out, none was given. */
  readonly reason?: string;
}

/** An A/A run: the version that is live against itself, so that what differs between the arms is noise. */
export interface SplitOrder {
  readonly model: string;
  /** How long looks are collected; 120 by default. */
  readonly minutes?: number;
  /** Share of the users on the second arm, above 0 and below 100; 50 by default. */
  readonly sharePercent?: number;
  /** The version to split, where none is live yet. */
  readonly fromVersion?: string;
  /** Where it answers, by version, as in a start. */
  readonly endpoints?: Readonly<Record<string, string>>;
  /** Why, in words; `calibration` by default. */
  readonly reason?: string;
}

/** From which history the noise of a service is fitted, and whether what comes of it is written. */
export interface CalibrationOrder {
  readonly model: string;
  /** Recorded looks of this time or later: a day (its first moment, UTC), a time with its zone, or a Date. All of them by default. */
  readonly since?: string | Date;
  /** `errors`, `slow`: each must have enough of a history. By default both, and slowness is left out where it has not. */
  readonly metrics?: readonly CountMetric[];
  /** A file with a history as JSON lines, instead of the recorded looks; `-` is standard input. */
  readonly input?: string;
  /** Writes it to config/deployment.yaml under `models`, when it is proved. False by default. */
  readonly write?: boolean;
}

const ACTOR = NAME.exactOptional();
const REASON = TEXT.exactOptional();
const URL_TEXT = NAME.refine((text) => URL.canParse(text), {
  error: 'wanted a URL, for example http://127.0.0.1:9101',
});

export const START = z.strictObject({
  model: MODEL,
  fromVersion: NAME,
  toVersion: NAME,
  profile: NAME.exactOptional(),
  endpoints: z.record(NAME, URL_TEXT).exactOptional(),
  gates: z.array(z.number().min(0).max(100)).exactOptional(),
  actor: ACTOR,
  reason: REASON,
}) satisfies z.ZodType<StartOrder>;

export const START_OPTIONS = z.strictObject({ supersede: z.boolean().exactOptional() });

export const ACTION = z.strictObject({
  kind: z.enum(['approve', 'deny', 'pause', 'resume', 'promote', 'abort']),
  actor: ACTOR,
  reason: REASON,
  full: z.boolean().exactOptional(),
  confirm: TEXT.exactOptional(),
}) satisfies z.ZodType<ActionOrder>;

export const SPLIT = z.strictObject({
  model: MODEL,
  minutes: z.number().positive().exactOptional(),
  sharePercent: z
    .number()
    .refine((percent) => isWholePoints(percent) && percent < 100, {
      error: `wanted ${WANTED_POINTS} above 0 and below 100`,
    })
    .exactOptional(),
  fromVersion: NAME.exactOptional(),
  endpoints: z.record(NAME, URL_TEXT).exactOptional(),
  reason: REASON,
}) satisfies z.ZodType<SplitOrder>;

export const CALIBRATION = z.strictObject({
  model: MODEL,
  since: MOMENT_INPUT.exactOptional(),
  metrics: z.array(z.enum(COUNT_METRICS)).exactOptional(),
  input: NAME.exactOptional(),
  write: z.boolean().exactOptional(),
}) satisfies z.ZodType<CalibrationOrder>;

export const ROLLBACK = z.strictObject({ model: MODEL, reason: REASON }) satisfies z.ZodType<RollbackOrder>;

export const SIGNAL = z.instanceof(AbortSignal);
