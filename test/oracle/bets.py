"""Evidence by betting: binomial likelihood ratios and bounded scores."""

import numpy as np
from scipy import special, stats

CEILING_MULTIPLES = np.array([1.2, 1.5, 2, 3, 4, 6, 10, 16])
CEILING_REQUESTS = 2000
HIGHEST_RATE = 0.999
TOLERANCE_FRACTIONS = np.array([0.1, 0.3, 0.6])
TOLERANCE_EVENTS = 0.6
SCORE_FRACTIONS = np.array([0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95])
CASH = 0.1


class Bets:
    """Stakes in logs; late money comes out of the cash before the bets are settled."""

    def __init__(self, count, cash):
        self.log = np.full(count, np.log((1 - cash) / count))
        self.cash = cash

    def settle(self, gains, onset):
        late = self.cash * onset / len(self.log)
        self.cash *= 1 - onset
        self.log = (np.logaddexp(self.log, np.log(late)) if late > 0 else self.log) + gains

    def wealth(self):
        return special.logsumexp([*self.log, *([np.log(self.cash)] if self.cash > 0 else [])])


def log_ratio(events, requests, p, q):
    return stats.binom.logpmf(events, requests, p) - stats.binom.logpmf(events, requests, q)


def ceiling_gains(events, requests, ceiling):
    weight = min(1, CEILING_REQUESTS / requests)
    return weight * log_ratio(events, requests, np.minimum(HIGHEST_RATE, CEILING_MULTIPLES * ceiling), ceiling)


def tolerance_gains(events, requests, tolerance):
    weight = min(1, TOLERANCE_EVENTS / (tolerance * requests))
    return weight * log_ratio(events, requests, TOLERANCE_FRACTIONS * tolerance, tolerance)


def score_gains(canary, control, margin):
    """Round-robin groups of the larger arm; products of bets on the difference of means, as logs."""
    pairs = min(len(canary), len(control))
    low = np.array([np.mean(canary[i::pairs]) for i in range(pairs)])
    high = np.array([np.mean(control[i::pairs]) for i in range(pairs)])
    bets = SCORE_FRACTIONS[:, None]
    harm = np.log(np.prod(1 + bets * (high - low), axis=1))
    safe = np.log(np.prod(1 + bets * (margin - (high - low)) / (1 + margin), axis=1))
    return harm, safe


def ceiling_cases():
    rng = np.random.default_rng(1)
    cases = []
    for ceiling, requests, rate, onset in [
        (0.05, 600, 0.05, 0.02),
        (0.05, 600, 0.1, 0.02),
        (0.05, 60, 0.02, 0.02),
        (0.01, 2001, 0.03, 0.02),
        (0.05, 100_000, 0.06, 0.02),
        (0.2, 50, 0.9, 0.0),
        (0.5, 20, 1.0, 0.3),
        (0.05, 1, 0.3, 0.001),
    ]:
        events = [int(one) for one in rng.binomial(requests, rate, size=25)] + [0, requests]
        bets, wealth = Bets(len(CEILING_MULTIPLES), CASH), []
        for one in events:
            bets.settle(ceiling_gains(one, requests, ceiling), onset)
            wealth.append(bets.wealth())
        cases.append({"ceiling": ceiling, "requests": requests, "onset": onset, "events": events, "logWealth": wealth})
    return cases


def tolerance_cases():
    rng = np.random.default_rng(2)
    cases = []
    for tolerance, requests, rate in [
        (0.005, 60, 0.0),
        (0.005, 600, 0.001),
        (0.005, 600, 0.005),
        (0.01, 6000, 0.002),
        (0.01, 60, 0.02),
        (0.1, 5, 0.1),
        (0.01, 100_000, 0.01),
        (0.005, 1, 0.0),
    ]:
        events = [int(one) for one in rng.binomial(requests, rate, size=25)] + [requests, 0]
        bets, wealth = Bets(len(TOLERANCE_FRACTIONS), 0), []
        for one in events:
            bets.settle(tolerance_gains(one, requests, tolerance), 0)
            wealth.append(bets.wealth())
        cases.append({"tolerance": tolerance, "requests": requests, "events": events, "logWealth": wealth})
    return cases


def score_cases():
    rng = np.random.default_rng(3)
    cases = []
    for many, few, loss, margin, onset in [
        (1, 1, 0.0, 0.05, 0.02),
        (30, 30, 0.1, 0.05, 0.02),
        (90, 10, 0.0, 0.05, 0.02),
        (7, 3, 0.2, 0.1, 0.0),
        (5, 50, 0.3, 0.01, 0.02),
        (101, 10, 0.0, 0.5, 0.1),
    ]:
        harm, safe = Bets(len(SCORE_FRACTIONS), CASH), Bets(len(SCORE_FRACTIONS), 0)
        ticks = []
        for _ in range(12):
            control = np.round(rng.beta(4, 2, size=many), 3)
            canary = np.round(np.clip(rng.beta(4, 2, size=few) - loss, 0, 1), 3)
            gains = score_gains(canary, control, margin)
            harm.settle(gains[0], onset)
            safe.settle(gains[1], 0)
            ticks.append({"canary": canary, "control": control, "logHarm": harm.wealth(), "logSafe": safe.wealth()})
        ticks_of_extremes = {"canary": [0.0] * 3, "control": [1.0] * 3}
        gains = score_gains(np.zeros(3), np.ones(3), margin)
        harm.settle(gains[0], onset)
        safe.settle(gains[1], 0)
        ticks.append({**ticks_of_extremes, "logHarm": harm.wealth(), "logSafe": safe.wealth()})
        cases.append({"margin": margin, "onset": onset, "ticks": ticks})
    return cases


def log_add_cases():
    pairs = [(0, 0), (1, -1), (700, 710), (-800, -801), (-1e6, 3), (5, -1e6), (1e-12, 0), (-1e6, -1e6)]
    return [[a, b, special.logsumexp([a, b])] for a, b in pairs]
