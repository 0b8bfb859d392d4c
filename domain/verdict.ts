/**
 * The four verdicts every judgement in this system ends in (architecture D4).
 *
 * `inconclusive` means "cannot know": telemetry is missing, stale or contradictory. It never promotes and never by
 * itself rolls back. `error` means the judgement itself broke.
 */
export type Verdict = 'pass' | 'fail' | 'inconclusive' | 'error';
