import { settleBets, type BetState } from './bets.ts';

/** Shares of the wealth that are bet on each comparison. */
const FRACTIONS = [0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95] as const;
export const SCORE_BETS = FRACTIONS.length;

/**
 * Bets on the scores of one tick: that the canary's are lower (`harm`), and that they are not lower by `margin`
 * (`safe`). Exact for independent scores in [0, 1] (Waudby-Smith and Ramdas 2024). Changes both states.
 *
 * The larger arm is grouped round-robin, so that each comparison is one score of the smaller arm against the mean of
 * several of the larger; the order of scores must not depend on their value.
 *
 * @param canary, control scores in [0, 1], neither empty
 * @param margin in (0, 1)
 */
export function betOnScores(
  states: { readonly harm: BetState; readonly safe: BetState },
  canary: readonly number[],
  control: readonly number[],
  margin: number,
  onset: number,
): void {
  const pairs = Math.min(canary.length, control.length);
  const left = groupMeans(canary, pairs);
  const right = groupMeans(control, pairs);
  const harm = FRACTIONS.map(() => 0);
  const safe = FRACTIONS.map(() => 0);
  for (let pair = 0; pair < pairs; pair += 1) {
    const difference = right[pair]! - left[pair]!;
    for (const [index, fraction] of FRACTIONS.entries()) {
      harm[index]! += Math.log(1 + fraction * difference);
      safe[index]! += Math.log(1 + (fraction * (margin - difference)) / (1 + margin));
    }
  }
  settleBets(states.harm, harm, onset);
  settleBets(states.safe, safe, 0);
}

/** Means of `groups` groups, dealt out like cards. */
function groupMeans(scores: readonly number[], groups: number): Float64Array {
  const sums = new Float64Array(groups);
  const sizes = new Float64Array(groups);
  for (const [index, score] of scores.entries()) {
    sums[index % groups]! += score;
    sizes[index % groups]! += 1;
  }
  return sums.map((sum, group) => sum / sizes[group]!);
}
