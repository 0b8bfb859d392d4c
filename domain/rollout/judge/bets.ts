/** Evidence gathered by betting against a hypothesis: log stakes of each bet, and of the cash not staked yet. */
export interface BetState {
  /** Natural logs; the wealth is the sum of their exponentials. */
  logStakes: number[];
  /** Null when everything is staked from the start. */
  logCash: number | null;
}

const CASH_SHARE = 0.1;

/** Stakes of `count` bets: all of it, or nine tenths with the rest as cash for shifts that begin later. */
export function createBets(count: number, withCash: boolean): BetState {
  const staked = withCash ? 1 - CASH_SHARE : 1;
  return {
    logStakes: Array.from({ length: count }, () => Math.log(staked / count)),
    logCash: withCash ? Math.log(CASH_SHARE) : null,
  };
}

/**
 * Multiplies each stake by the exponential of its gain. A share of the cash is staked first.
 *
 * @param gains natural logs, one per bet; -Infinity is a bet that lost everything
 * @param onset share of the cash that is staked now, in [0, 1)
 */
export function settleBets(state: BetState, gains: readonly number[], onset: number): void {
  const { logCash } = state;
  if (logCash !== null) {
    const added = logCash + Math.log(onset / state.logStakes.length);
    state.logStakes = state.logStakes.map((stake) => logAdd(stake, added));
    state.logCash = logCash + Math.log(1 - onset);
  }
  // A lost stake stays a very small number: JSON has no infinity.
  state.logStakes = state.logStakes.map((stake, index) => Math.max(stake + (gains[index] ?? 0), LOWEST));
}

/** Log of the wealth. */
export function logWealthOf({ logStakes, logCash }: BetState): number {
  const all = logCash === null ? logStakes : [...logStakes, logCash];
  return all.reduce((sum, value) => logAdd(sum, value), LOWEST);
}

const LOWEST = -1e6;

/** log(exp(a) + exp(b)) without overflow. */
export function logAdd(a: number, b: number): number {
  const peak = Math.max(a, b);
  return peak + Math.log(Math.exp(a - peak) + Math.exp(b - peak));
}
