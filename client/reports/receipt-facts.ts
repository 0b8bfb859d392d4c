import type { RolloutReceipt } from '../../domain/rollout/receipt.ts';

/** Evidence at which the judge acts: one over the error budget. */
export function limitOf({ rollout }: RolloutReceipt): number {
  const budget = rollout.policy['errorBudget'];
  return typeof budget === 'number' && budget > 0 ? 1 / budget : 20;
}

/** Share of users whom a split sends to the new version, percent. */
export function shareOf(receipt: RolloutReceipt, write: RolloutReceipt['writes'][number]): number {
  const { split } = write;
  return split.stable.version === receipt.rollout.toVersion ? 100 : split.canaryBasisPoints / 100;
}

/** Milliseconds from the start of a rollout to a moment. */
export function sinceStart({ rollout }: RolloutReceipt): (iso: string) => number {
  const start = Date.parse(rollout.startedAt);
  return (iso) => Math.max(0, Date.parse(iso) - start);
}
