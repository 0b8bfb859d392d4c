import type { NoiseAssumption } from './noise.ts';
import { LATTICE_STEP } from './count-kernel.ts';

export type MetricName = 'errors' | 'slow' | 'scores';
export const METRIC_NAMES: readonly MetricName[] = ['errors', 'slow', 'scores'];

/** What the judge is told: limits, budget, margins and the noise it must live with. */
export interface JudgePolicy {
  /** Ceiling of the canary's error rate, in (0, 1). */
  readonly maxErrorRate: number;
  /** Probability of rolling a healthy canary back that is accepted per release, in (0, 1). */
  readonly errorBudget: number;
  /** A canary whose rates stay below this multiple of the control's is good enough: exp of a multiple of 0.2. */
  readonly nonInferiorityRatio: number;
  /** Scores may be lower by this much, in (0, 1). */
  readonly scoreMargin: number;
  /** Rates below which a canary is good enough whatever the control does, in (0, 1). */
  readonly absoluteTolerance: { readonly errors: number; readonly slow: number };
  /** Metrics without whose positive evidence nothing is promoted. */
  readonly requiredMetrics: readonly MetricName[];
  /** What evidence of slowness does: freeze and ask, or roll back. */
  readonly slowAction: 'hold' | 'rollback';
  /** Metrics whose evidence holds and asks, whatever else is said of them: their noise is not known well enough. */
  readonly holdMetrics?: readonly MetricName[];
  /** Metrics that are shown and never decide. */
  readonly dryRunMetrics: readonly MetricName[];
  /** Names whose finding a person accepted (waive.ts): metrics among them are in `dryRunMetrics` too. */
  readonly waived?: readonly string[];
  /** Overlap that a shadow step must show, 0 to 1; absent or null: it is shown only. Judged beside the judge. */
  readonly shadowMinimumOverlap?: number | null;
  /** Length of a tick in seconds, above 0. */
  readonly tickSeconds: number;
  readonly noise: NoiseAssumption;
}

/** Metrics whose evidence freezes and asks instead of rolling back. */
export function heldMetrics({ slowAction, holdMetrics = [] }: JudgePolicy): readonly string[] {
  return slowAction === 'hold' ? ['slow', ...holdMetrics] : holdMetrics;
}

/**
 * Whether the canary's error rate against the absolute ceiling decides: not where errors are only shown, nor after a
 * person accepted it. Who accepts errors against the control has not accepted more than the ceiling.
 */
export function ceilingDecides({ dryRunMetrics, waived = [] }: JudgePolicy): boolean {
  return !waived.includes('ceiling') && (!dryRunMetrics.includes('errors') || waived.includes('errors'));
}

/** Largest margin of the lattice, natural log. */
const LARGEST_MARGIN_LOG = 3;
const RATIO_TOLERANCE = 0.01;

/**
 * The non-inferiority ratio as a natural log on the lattice, or null when it is not exp of a multiple of 0.2 (1.22,
 * 1.49, 1.82, 2.23, ...) within one per cent.
 */
export function marginLogOf(nonInferiorityRatio: number): number | null {
  const log = Math.log(nonInferiorityRatio);
  const steps = Math.round(log / LATTICE_STEP);
  const margin = steps * LATTICE_STEP;
  const fits = Math.abs(log - margin) <= RATIO_TOLERANCE;
  return fits && steps >= 1 && margin <= LARGEST_MARGIN_LOG ? margin : null;
}
