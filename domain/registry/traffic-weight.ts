import type { TrafficSplit } from '../rollout/split.ts';

const ALL = 10_000;

/** Share of the users that a split sends to a version, basis points. */
export function weightOf({ canary, canaryBasisPoints, stable }: TrafficSplit, version: string): number {
  const onCanary = canary === null ? 0 : canaryBasisPoints;
  return (stable.version === version ? ALL - onCanary : 0) + (canary?.version === version ? onCanary : 0);
}
