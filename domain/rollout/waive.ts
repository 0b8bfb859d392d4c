import type { JudgePolicy } from './judge.ts';

/**
 * The policy after people accepted a hold: what they accepted is shown, decides no more and is not required. Every other
 * finding still acts.
 *
 * @param waived names of metrics or checks; those the judge does not know (such as `health`) change nothing
 */
export function waiveMetrics(policy: JudgePolicy, waived: readonly string[]): JudgePolicy {
  if (waived.length === 0) return policy;
  const isWaived = (name: string): boolean => waived.includes(name);
  const added = (['errors', 'slow', 'scores'] as const).filter(isWaived);
  return {
    ...policy,
    waived,
    dryRunMetrics: [...new Set([...policy.dryRunMetrics, ...added])],
    requiredMetrics: policy.requiredMetrics.filter((name) => !isWaived(name)),
  };
}
