/** What the last look of an earlier attempt of a release left. */
export interface EarlierAttempt {
  readonly rolloutKey: string;
  /** Total evidence of harm after it, above 0; what that attempt itself had begun with when it had no look. */
  readonly wealth: number;
  /** Null when it had no look. */
  readonly decision: string | null;
  readonly metric: string | null;
}

/** What is left of a release's error budget, as members of the recorded policy: a receipt is decided again with them. */
export interface CarriedBudget {
  /** Total evidence of harm that this attempt begins with. */
  readonly carriedWealth: number;
  /** From which attempt, in words. */
  readonly carriedFrom: string;
}

/** Evidence smaller than this says no more, and its logarithm has to be a number. */
const LEAST_WEALTH = 1e-300;

/**
 * What an attempt begins with (judge-recipe §3): the evidence that the attempt before ended with, for better or worse, so
 * that all of them together cross the limit by chance no more often than one may.
 *
 * An attempt in which the judge decided on harm has spent the budget. Whoever starts the release again after that begins a
 * new one: a healthy release that is ever rolled back is still no more likely than the budget, since it takes the first time.
 */
export function carryBudget(earlier: EarlierAttempt | null, errorBudget: number): CarriedBudget | null {
  if (earlier === null) return null;
  const { decision, metric, rolloutKey, wealth } = earlier;
  // The overlap of mirrored answers has limits of its own.
  const isSpent = (decision === 'rollback' || decision === 'hold') && metric !== 'overlap';
  if (isSpent)
    return {
      carriedWealth: 1,
      carriedFrom: `attempt ${rolloutKey} spent the budget (${decision}, ${metric}): a new one`,
    };
  const text = `attempt ${rolloutKey} left evidence of ${Number(wealth.toPrecision(3))}, the limit is ${1 / errorBudget}`;
  return { carriedWealth: Math.max(wealth, LEAST_WEALTH), carriedFrom: text };
}

/** Evidence that a recorded rollout began with; 1 for a first attempt, and for those from before this was kept. */
export function carriedWealthOf(policy: Readonly<Record<string, unknown>>): number {
  const carried = policy['carriedWealth'];
  return typeof carried === 'number' && carried > 0 ? carried : 1;
}
