import type { JudgePolicy } from './judge.ts';
import { ceilingDecides } from './judge/policy.ts';

/**
 * The policy after people accepted a hold: a waived metric is shown, decides no more and is not required.
 * The ceiling is a limit of its own: who accepts more errors than stable has does not accept any number of them.
 *
 * @param waived names of metrics or checks; those the judge does not know (such as `health`) change nothing
 */
export function waiveMetrics(policy: JudgePolicy, waived: readonly string[]): JudgePolicy {
  if (waived.length === 0) return policy;
  const isWaived = (name: string): boolean => waived.includes(name);
  const added = (['errors', 'slow', 'scores'] as const).filter(isWaived);
  return {
    ...policy,
    dryRunMetrics: [...new Set([...policy.dryRunMetrics, ...added])],
    ceilingDecides: ceilingDecides(policy) && !isWaived('ceiling'),
    requiredMetrics: policy.requiredMetrics.filter((name) => !isWaived(name)),
  };
}
