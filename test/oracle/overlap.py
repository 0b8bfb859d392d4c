"""Limits of a mean by betting, and the likelihood of bursty counts."""

import numpy as np
from scipy import optimize, special, stats

STAKES = np.array([0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95])


def log_wealth_against_at_most(values, mean):
    """Bets on values above `mean`: a gambler who stakes a fixed share each time, averaged over the shares."""
    return special.logsumexp([np.log1p(stake * (values / mean - 1)).sum() for stake in STAKES]) - np.log(len(STAKES))


def limit_of(values, level):
    """Mean up to which the gambler has become 1/level times as rich."""
    excess = lambda mean: log_wealth_against_at_most(values, mean) + np.log(level)
    if excess(1e-9) < 0:
        return 0.0
    return 1.0 if excess(1.0) >= 0 else optimize.brentq(excess, 1e-9, 1.0, xtol=1e-14)


def overlap_cases():
    rng = np.random.default_rng(31)
    samples = {
        "one": np.array([60]),
        "all alike": np.full(50, 100),
        "nothing in common": np.full(50, 0),
        "most alike": np.round(100 * rng.beta(8, 1, size=300)),
        "half alike": np.round(100 * rng.beta(2, 2, size=2000)),
        "either or": 100 * rng.binomial(1, 0.3, size=120),
    }
    cases = []
    for name, bins in samples.items():
        values = bins / 100
        low, high = limit_of(values, 0.05), 1 - limit_of(1 - values, 0.05)
        cells = [[int(bin), int(count)] for bin, count in zip(*np.unique(bins, return_counts=True))]
        cases.append({"name": name, "counts": cells, "low": low, "high": high})
    return cases


def burst_cases():
    """Hidden two-state chain over negative binomial counts; differences of log likelihoods, free of constants."""
    rng = np.random.default_rng(32)
    models = [(0.0, None), (0.3, None), (0.3, (3.0, 5.0, 0.13)), (0.6, (6.0, 20.0, 0.3)), (0.1, (1.5, 1.0, 0.4))]
    cases = []
    for volume in (60, 6000):
        requests = rng.poisson(volume, size=120) + 1
        events = rng.binomial(requests, np.clip(0.005 * rng.gamma(2, 0.5, size=120), 0, 1))
        base = 0.005 + 0.002 * np.sin(np.arange(120) / 20)
        begins = np.isin(np.arange(120), [0, 70])
        parts = {"requests": requests, "events": events, "base": base, "begins": begins}
        logs = [log_likelihood(parts, cv, bursts, 0.9) for cv, bursts in models]
        cases.append(
            {
                **parts,
                "models": [
                    {"fastCv": cv, "bursts": bursts, "log": log - logs[0]} for (cv, bursts), log in zip(models, logs)
                ],
            }
        )
    return cases


def log_likelihood(parts, cv, bursts, rate_ratio):
    """The forward algorithm as matrices."""
    factor, length, share = bursts or (1.0, 1.0, 0.0)
    leave = 1 / length
    enter = leave * share / (1 - share)
    chain = np.array([[1 - enter, enter], [leave, 1 - leave]])
    size = 1 / max(1e-6, cv * cv)
    means = parts["requests"] * parts["base"] * rate_ratio
    state, total = None, 0.0
    for count, mean, begins in zip(parts["events"], means, parts["begins"]):
        state = np.array([1 - share, share]) if begins else state @ chain
        rates = np.array([mean, factor * mean])
        state = state * stats.nbinom.pmf(count, size, size / (size + rates))
        total += np.log(state.sum())
        state = state / state.sum()
    return total
