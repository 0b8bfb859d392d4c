/**
 * The four verdicts every judgement in this system ends in (architecture D4).
 *
 * `inconclusive` means "cannot know": telemetry is missing, stale or contradictory. It never promotes and never by
 * itself rolls back. `error` means the judgement itself broke.
 */
export type Verdict = 'pass' | 'fail' | 'inconclusive' | 'error';

const SEVERITY: Readonly<Record<Verdict, number>> = { pass: 0, inconclusive: 1, error: 2, fail: 3 };

/**
 * Folds verdicts into the worst of them. An empty list is `inconclusive`: nothing was judged, so nothing is known.
 *
 * @example foldVerdicts(['pass', 'inconclusive']) // 'inconclusive'
 */
export function foldVerdicts(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.length === 0) return 'inconclusive';
  return verdicts.reduce((worst, next) => (SEVERITY[next] > SEVERITY[worst] ? next : worst));
}
