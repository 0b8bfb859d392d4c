import { describe, it } from 'vitest';
import { createBets, logAdd, logWealthOf } from '../../../../domain/rollout/judge/bets.ts';
import {
  betAgainstCeiling,
  betOnTolerance,
  CEILING_BETS,
  TOLERANCE_BETS,
} from '../../../../domain/rollout/judge/binomial-bets.ts';
import { betOnScores, SCORE_BETS } from '../../../../domain/rollout/judge/score-bets.ts';
import { expectClose, loadOracle } from '../../../support/oracle.ts';

interface CountCase {
  readonly requests: number;
  readonly events: readonly number[];
  readonly logWealth: readonly number[];
}

interface ScoreTick {
  readonly canary: readonly number[];
  readonly control: readonly number[];
  readonly logHarm: number;
  readonly logSafe: number;
}

const oracle = loadOracle('bets') as {
  readonly ceiling: readonly (CountCase & { readonly ceiling: number; readonly onset: number })[];
  readonly tolerance: readonly (CountCase & { readonly tolerance: number })[];
  readonly scores: readonly { readonly margin: number; readonly onset: number; readonly ticks: readonly ScoreTick[] }[];
  readonly logAdd: readonly (readonly [a: number, b: number, sum: number])[];
};

/**
 * scipy's binom.logpmf subtracts log factorials, which are about 10^6 at 100,000 requests: its differences carry an
 * error of some 1e-10 per tick there, ours do not.
 */
const toleranceAt = (requests: number): number => (requests > 10_000 ? 1e-8 : 1e-10);

describe('bets on binomial counts against scipy.stats.binom', () => {
  it.each(oracle.ceiling)('above the ceiling $ceiling, $requests requests', ({ ceiling, onset, ...rest }) => {
    const state = createBets(CEILING_BETS, true);
    for (const [index, events] of rest.events.entries()) {
      betAgainstCeiling(state, events, rest.requests, ceiling, onset);
      expectClose(logWealthOf(state), rest.logWealth[index]!, toleranceAt(rest.requests), `tick ${index + 1}`);
    }
  });

  it.each(oracle.tolerance)('below the tolerance $tolerance, $requests requests', ({ tolerance, ...rest }) => {
    const state = createBets(TOLERANCE_BETS, false);
    for (const [index, events] of rest.events.entries()) {
      betOnTolerance(state, events, rest.requests, tolerance);
      expectClose(logWealthOf(state), rest.logWealth[index]!, toleranceAt(rest.requests), `tick ${index + 1}`);
    }
  });
});

describe('bets on scores against products in numpy', () => {
  it.each(oracle.scores)('with margin $margin and late starts of $onset', ({ margin, onset, ticks }) => {
    const states = { harm: createBets(SCORE_BETS, true), safe: createBets(SCORE_BETS, false) };
    for (const [index, { canary, control, logHarm, logSafe }] of ticks.entries()) {
      betOnScores(states, canary, control, margin, onset);
      expectClose(logWealthOf(states.harm), logHarm, 1e-10, `harm after tick ${index + 1}`);
      expectClose(logWealthOf(states.safe), logSafe, 1e-10, `safety after tick ${index + 1}`);
    }
  });
});

describe('sums of logs against scipy.special.logsumexp', () => {
  it.each(oracle.logAdd)('of %f and %f', (a, b, sum) => {
    expectClose(logAdd(a, b), sum, 1e-13);
  });
});
