/** One thing that is wrong with plan settings. */
export interface PlanProblem {
  /** The key below `canary`, dotted: `ramp_step`, `steps.0.weight` */
  readonly key: string;
  readonly value: string;
  readonly wanted: string;
}

export function wanted(key: string, value: unknown, want: string): PlanProblem {
  return { key, value: String(value), wanted: want };
}

/** A problem in words. */
export function describePlanProblem({ key, value, wanted: want }: PlanProblem): string {
  return `${key} is ${value}, wanted ${want}`;
}
