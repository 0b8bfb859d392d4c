import type { JudgeTick, JudgeVerdict } from './judge.ts';
import { addOverlap, addStatuses, evaluateOverlap, type OverlapVerdict } from './overlap.ts';
import type { TickVerdict } from './records.ts';
import type { Verdict } from '../verdict.ts';

/** By what mirrored answers are judged; parts of the rollout's policy. */
export interface OverlapRule {
  readonly minimum: number | null;
  readonly errorBudget: number;
}

/** The rule in a policy; rollouts that began before it was kept only show the overlap. */
export function overlapRuleOf(policy: {
  readonly errorBudget: number;
  readonly shadowMinimumOverlap?: number | null;
}): OverlapRule {
  return { minimum: policy.shadowMinimumOverlap ?? null, errorBudget: policy.errorBudget };
}

const VERDICT_OF: Readonly<Record<string, Verdict>> = {
  rollback: 'fail',
  hold: 'fail',
  promote: 'pass',
  undecided: 'pass',
  inconclusive: 'inconclusive',
};

interface TickParts {
  readonly result: JudgeVerdict | null;
  readonly previous: TickVerdict | null;
  /** Evidence that the rollout began with. */
  readonly carriedWealth: number;
  readonly tick: JudgeTick;
  readonly overlapRule: OverlapRule;
  readonly problems: readonly string[];
  /** Share of the canary that was live, null when nothing could be read. */
  readonly observedBasisPoints: number | null;
  readonly overruledBy: TickVerdict['overruledBy'];
  readonly waived: readonly string[];
}

/**
 * The verdict of one tick as it is kept and shown.
 *
 * A tick that was observed but not judged (warm-up, baseline of a new split) repeats what was known before it; a tick
 * with problems is inconclusive whatever the judge said before.
 */
export function assembleTickVerdict(parts: TickParts): TickVerdict {
  const { result, previous, problems, carriedWealth } = parts;
  const overlap = judgeOverlap(parts);
  const breach = parts.tick.overlap !== undefined && overlap?.verdict === 'fail' && result?.decision !== 'rollback';
  const decision = breach ? 'rollback' : (result?.decision ?? previous?.decision ?? 'undecided');
  const isFinal = decision === 'rollback' || decision === 'hold';
  const telemetry = problems.length > 0 ? 'missing' : (result?.telemetry ?? 'warm-up');
  return {
    decision,
    metric: breach ? 'overlap' : (result?.metric ?? previous?.metric ?? null),
    verdict: problems.length > 0 && !isFinal ? 'inconclusive' : (VERDICT_OF[decision] ?? 'error'),
    reasons: reasonsOf(parts, breach ? overlap : null),
    wealth: result?.wealth ?? previous?.wealth ?? carriedWealth,
    telemetry,
    metrics: result?.metrics ?? previous?.metrics ?? [],
    ...(overlap === null ? {} : { overlap }),
    canaryRequests: result === null || problems.length > 0 ? 0 : (finite(parts.tick.canary?.requests) ?? 0),
    problems,
    observedBasisPoints: parts.observedBasisPoints,
    overruledBy: parts.overruledBy,
    waived: parts.waived,
  };
}

/** Counts of the judged looks of shadow steps, added up; what was there before stays to be shown. */
function judgeOverlap({ result, previous, tick, overlapRule, waived }: TickParts): OverlapVerdict | null {
  const known = previous?.overlap ?? null;
  if (result === null || tick.overlap === undefined) return known;
  const counts = addOverlap(known?.counts ?? [], tick.overlap);
  const { minimum, errorBudget } = overlapRule;
  const statuses = addStatuses(known?.statuses, tick.statuses);
  return evaluateOverlap(counts, minimum, { errorBudget, waived: waived.includes('overlap'), statuses });
}

function reasonsOf({ result, previous }: TickParts, breach: OverlapVerdict | null): readonly string[] {
  const known = result?.reasons ?? (previous === null ? ['warming up: nothing judged yet'] : previous.reasons);
  return breach === null ? known : [`${breach.reason}: evidence that it is lower`, ...known];
}

function finite(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}
