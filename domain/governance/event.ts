import { isHash } from './primitives.ts';

export const EVENT_FORMAT = 'durable-mlops/event@1';

/** Bytes that an event may take at most. */
export const LARGEST_EVENT = 65_535;

/** The members that every event has; others are free (ledger-format §2). */
export interface LedgerEvent {
  readonly format: typeof EVENT_FORMAT;
  /** Origin of the log. */
  readonly log: string;
  readonly sequence: number;
  /** Leaf hash of the event before; 64 zeros in event 0. */
  readonly previous: string;
  /** `YYYY-MM-DDThh:mm:ss.sssZ` */
  readonly recordedAt: string;
  readonly type: string;
  /** Only when the event has a payload. */
  readonly commitment?: string;
}

/** Says why a value is not an event, or null when it is one. What its free members say is not looked at. */
export function problemOfEvent(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'it is not an object';
  const event = value as Readonly<Record<string, unknown>>;
  if (event['format'] !== EVENT_FORMAT) return `format is not ${EVENT_FORMAT}`;
  if (typeof event['log'] !== 'string') return 'log is not a text';
  if (!isSequence(event['sequence'])) return 'sequence is not an integer from 0 on';
  if (!isHash(event['previous'])) return 'previous is not 64 hex digits';
  if (!isInstant(event['recordedAt'])) return 'recordedAt is not a UTC instant like 2026-11-23T10:00:00.000Z';
  if (typeof event['type'] !== 'string' || event['type'] === '') return 'type is not a text, or empty';
  if (Object.hasOwn(event, 'commitment') && !isHash(event['commitment'])) return 'commitment is not 64 hex digits';
  return null;
}

export function isSequence(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

const INSTANT =
  /^(?:19[789]|[2-9]\d\d)\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;
/** Days that some months have and others do not. */
const LAST_DAYS = /^\d{4}-(?:02-(?:29|30|31)|(?:04|06|09|11)-31)/;

/** From 1970 on, to the year 9999. */
function isInstant(value: unknown): boolean {
  if (typeof value !== 'string' || !INSTANT.test(value)) return false;
  // 30 February parses as a day of March. A date object for each event would be felt in a log of millions.
  return !LAST_DAYS.test(value) || new Date(value).toISOString() === value;
}
