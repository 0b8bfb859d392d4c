import type { EventCategory, Risk } from './event-draft.ts';

/** Which events are asked for; all that is given must hold. */
export interface EventQuery {
  /** Exact, or a prefix that ends in `.`: `rollout.`. */
  readonly type?: string;
  readonly category?: EventCategory;
  /** Principal id or system actor; several: any of them. */
  readonly actor?: string | readonly string[];
  /** Exact, or a prefix that ends in `/`: `rollout/production/`. */
  readonly resource?: string;
  /** Recorded at or after (ISO 8601). */
  readonly since?: string;
  /** Recorded before (ISO 8601). */
  readonly until?: string;
  /** At least this grave. */
  readonly risk?: Risk;
  readonly framework?: string;
  /** Words that must all be in it: of its type, its resource and its facts. */
  readonly words?: readonly string[];
  /** Sequences, both included. */
  readonly from?: number;
  readonly to?: number;
}

/** One page of the answer. */
export interface EventPage {
  readonly events: readonly StoredEvent[];
  /** Ask for events after (or before, newest first) this one for the next page; null: there are no more. */
  readonly cursor: number | null;
}

/** An event as it is stored: its place, and the text that is hashed. */
export interface StoredEvent {
  readonly sequence: number;
  readonly canonical: string;
  /** Hex. */
  readonly leafHash: string;
}
