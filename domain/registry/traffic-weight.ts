import type { TrafficSplit } from '../rollout/split.ts';
import { isSameVersion } from './semver.ts';

const ALL = 10_000;

/** Share of the users that a split sends to a version, by whichever of its names, basis points. */
export function weightOf({ canary, canaryBasisPoints, stable }: TrafficSplit, version: string): number {
  const onCanary = canary === null ? 0 : canaryBasisPoints;
  const onArm = (arm: string, weight: number): number => (isSameVersion(arm, version) ? weight : 0);
  return onArm(stable.version, ALL - onCanary) + (canary === null ? 0 : onArm(canary.version, onCanary));
}
