import { settleBets, type BetState } from './bets.ts';

/** Multiples of the ceiling that a canary may truly be at. */
const CEILING_MULTIPLES = [1.2, 1.5, 2, 3, 4, 6, 10, 16] as const;
/** Fractions of the tolerance that a good canary may be at. */
const TOLERANCE_FRACTIONS = [0.1, 0.3, 0.6] as const;
const HIGHEST_RATE = 0.999;
/** No tick counts for more requests than this against the ceiling. */
const CEILING_REQUESTS = 2000;
/** A single tick may carry at most this many expected events of tolerance, so that several ticks are needed. */
const TOLERANCE_EVENTS = 0.6;

export const CEILING_BETS = CEILING_MULTIPLES.length;
export const TOLERANCE_BETS = TOLERANCE_FRACTIONS.length;

/**
 * Evidence that a rate is above `ceiling`: a likelihood ratio against the ceiling itself, so that an observed rate of
 * exactly the ceiling never fires. Changes `state`. Source: judge-recipe §2.
 *
 * @param events 0 to `requests`
 * @param requests above 0
 * @param ceiling rate in (0, 1)
 */
export function betAgainstCeiling(
  state: BetState,
  events: number,
  requests: number,
  ceiling: number,
  onset: number,
): void {
  const weight = Math.min(1, CEILING_REQUESTS / requests);
  const gains = CEILING_MULTIPLES.map(
    (multiple) => weight * logRatio(events, requests, Math.min(HIGHEST_RATE, multiple * ceiling), ceiling),
  );
  settleBets(state, gains, onset);
}

/**
 * Evidence that a rate is below `tolerance`, which lets a service with almost no events be promoted. Changes `state`.
 */
export function betOnTolerance(state: BetState, events: number, requests: number, tolerance: number): void {
  const weight = Math.min(1, TOLERANCE_EVENTS / (tolerance * requests));
  settleBets(
    state,
    TOLERANCE_FRACTIONS.map((fraction) => weight * logRatio(events, requests, fraction * tolerance, tolerance)),
    0,
  );
}

/** Log likelihood ratio of rate p against rate q for a binomial count. */
function logRatio(events: number, requests: number, p: number, q: number): number {
  return events * Math.log(p / q) + (requests - events) * Math.log((1 - p) / (1 - q));
}
