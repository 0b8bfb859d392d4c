/** What the watch looks for. */
export const DETECTORS = {
  'many-changes': 'more changes than usual',
  'many-reads': 'more reading than usual',
  'many-exports': 'more taken out than usual',
  'many-refusals': 'more refused than usual',
  'off-hours': 'at an hour at which they are not seen',
  'new-source': 'from somewhere they have not come from',
  'new-source-off-hours': 'from somewhere they have not come from, at an hour at which they are not seen',
  'new-models': 'more models that are new to them than usual',
  dormant: 'somebody who did nothing for long',
  'allowed-after-denial': 'allowed soon after it was refused',
  'hasty-approval': 'approved faster than anybody reads',
  'self-approval': 'wanted to approve their own',
} as const;

export type Detector = keyof typeof DETECTORS;

/** Something about somebody that is not usual, or not right. */
export interface AccessFinding {
  readonly principal: string;
  readonly detector: Detector;
  /** Sequence of the event that tipped it. */
  readonly tippedBy: number;
  /** When it began and when it was tipped, milliseconds since 1970. */
  readonly startedMs: number;
  readonly atMs: number;
  /** What was seen, in the detector's unit. */
  readonly observed: number;
  /** What is usual: the mean of the baseline; of a rule without one, 0. */
  readonly baseline: number;
  /** From where on it is an alarm. */
  readonly limit: number;
  /** What is counted: `acts in an hour`. */
  readonly unit: string;
}
