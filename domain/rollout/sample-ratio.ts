import type { TelemetrySnapshot } from './telemetry.ts';

/** Chance of a false alarm per look: small, since a ramp of weeks looks tens of thousands of times. */
const CHANCE_PER_LOOK = 1e-7;
/** Odds of the canary may differ from the intended by this factor. Sticky users send their requests in clusters. */
const ODDS_FACTOR = 3;
const WHOLE = 10_000;

/**
 * Whether the arms got the share of requests they should have had since the last reading (sample-ratio mismatch).
 *
 * A mismatch means that whatever divides the traffic is not doing what it says, and no comparison of the arms means
 * anything. It is called only when the odds are off threefold and the Chernoff bound of that chance,
 * 2 exp(-n KL(observed, intended)), is below one in ten million. Users stay on their arm, so requests are not
 * independent: smaller differences are normal with few users.
 *
 * @param intendedBasisPoints what the rollout wrote, 0 to 10,000; never what the router says it does
 * @returns matches true when nothing was assigned
 */
export function evaluateSampleRatio(
  previous: TelemetrySnapshot | null,
  current: TelemetrySnapshot | null,
  intendedBasisPoints: number,
): { readonly matches: boolean; readonly reason: string } {
  if (current === null) return { matches: true, reason: 'no reading' };
  const before = previous?.instanceId === current.instanceId ? previous.assigned : { stable: 0, canary: 0 };
  const canary = current.assigned.canary - before.canary;
  const total = canary + current.assigned.stable - before.stable;
  if (total <= 0 || canary < 0) return { matches: true, reason: 'nothing was assigned' };
  const intended = intendedBasisPoints / WHOLE;
  const observed = canary / total;
  const reason = `${canary} of ${total} requests went to the canary (${(100 * observed).toFixed(2)} %), intended ${100 * intended} %`;
  const unlikely = Math.log(2) - total * divergence(observed, intended) < Math.log(CHANCE_PER_LOOK);
  return { matches: !(unlikely && isFarOff(observed, intended)), reason: `sample ratio: ${reason}` };
}

function isFarOff(observed: number, intended: number): boolean {
  const left = observed * (1 - intended);
  const right = intended * (1 - observed);
  return left > ODDS_FACTOR * right || right > ODDS_FACTOR * left;
}

/** Kullback-Leibler divergence of two coins, nats; infinite when the second cannot do what the first does. */
function divergence(p: number, q: number): number {
  return term(p, q) + term(1 - p, 1 - q);
}

function term(a: number, b: number): number {
  return a === 0 ? 0 : a * Math.log(a / b);
}
