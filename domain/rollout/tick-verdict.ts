import type { JudgeTick, JudgeVerdict } from './judge.ts';
import type { TickVerdict } from './records.ts';
import type { TelemetrySnapshot } from './telemetry.ts';
import type { Verdict } from '../verdict.ts';

const VERDICT_OF: Readonly<Record<string, Verdict>> = {
  rollback: 'fail',
  hold: 'fail',
  promote: 'pass',
  undecided: 'pass',
  inconclusive: 'inconclusive',
};

/**
 * The verdict of one tick as it is kept and shown.
 *
 * A tick that was observed but not judged (warm-up, baseline of a new split) repeats what was known before it; a tick
 * with problems is inconclusive whatever the judge said before.
 */
export function assembleTickVerdict(parts: {
  readonly result: JudgeVerdict | null;
  readonly previous: TickVerdict | null;
  readonly tick: JudgeTick;
  readonly problems: readonly string[];
  readonly snapshot: TelemetrySnapshot | null;
  readonly overruledBy: TickVerdict['overruledBy'];
  readonly waived: readonly string[];
}): TickVerdict {
  const { result, previous, problems } = parts;
  const decision = result?.decision ?? previous?.decision ?? 'undecided';
  const isFinal = decision === 'rollback' || decision === 'hold';
  const telemetry = problems.length > 0 ? 'missing' : (result?.telemetry ?? 'warm-up');
  return {
    decision,
    metric: result?.metric ?? previous?.metric ?? null,
    verdict: problems.length > 0 && !isFinal ? 'inconclusive' : (VERDICT_OF[decision] ?? 'error'),
    reasons: result?.reasons ?? (previous === null ? ['warming up: nothing judged yet'] : previous.reasons),
    wealth: result?.wealth ?? previous?.wealth ?? 1,
    telemetry,
    metrics: result?.metrics ?? previous?.metrics ?? [],
    canaryRequests: result === null || problems.length > 0 ? 0 : (finite(parts.tick.canary?.requests) ?? 0),
    problems,
    observedBasisPoints: parts.snapshot?.canaryBasisPoints ?? null,
    overruledBy: parts.overruledBy,
    waived: parts.waived,
  };
}

function finite(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}
