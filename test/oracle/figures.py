"""Intervals, sample ratios, rankings, quantiles and floors."""

import numpy as np
from scipy import special, stats
from sklearn.metrics import ndcg_score


def wilson_cases():
    cases = [(0, 1), (1, 1), (0, 800), (800, 800), (1, 800), (46, 800), (200, 400), (13, 50), (5, 100_000), (3, 7)]
    return [[hits, total, *stats.binomtest(hits, total).proportion_ci(0.95, method="wilson")] for hits, total in cases]


def bootstrap_cases():
    rng = np.random.default_rng(5)
    samples = {
        "binary": rng.binomial(1, 0.6, size=100),
        "skewed": np.round(rng.gamma(0.5, size=60), 4),
        "few": np.round(rng.normal(size=8), 4),
        "large": np.round(1e6 + rng.normal(size=50), 4),
    }
    cases = []
    for name, values in samples.items():
        for coverage in (0.5, 0.95, 0.99):
            found = stats.bootstrap(
                (values,),
                np.mean,
                n_resamples=100_000,
                confidence_level=coverage,
                method="percentile",
                rng=np.random.default_rng(6),
            ).confidence_interval
            cases.append(
                {
                    "name": name,
                    "values": values,
                    "coverage": coverage,
                    "low": found.low,
                    "high": found.high,
                    "standardError": np.std(values) / np.sqrt(len(values)),
                }
            )
    return cases


def bootstrap_coverage():
    """How often the percentile interval of a mean of coin flips holds the truth: exactly, since its means are binomial."""
    cases = []
    for size, p in ((100, 0.6), (40, 0.2)):
        hits = np.arange(size + 1)
        low, high = (stats.binom.ppf(q, size, hits / size) / size for q in (0.025, 0.975))
        holds = (np.nan_to_num(low) <= p) & (p <= np.nan_to_num(high))
        cases.append({"size": size, "p": p, "coverage": stats.binom.pmf(hits, size, p)[holds].sum()})
    return cases


def sample_ratio_cases():
    """Shares at which the alarm begins, by the Chernoff bound; and exact chances of each count, to hold it against."""
    thresholds, chances = [], []
    for total in (10, 50, 100, 1000, 20_000, 1_000_000):
        for basis_points in (1, 100, 500, 1000, 2500, 5000, 9000):
            p = basis_points / 10_000
            counts = (
                np.arange(total + 1)
                if total <= 20_000
                else np.unique(np.concatenate([np.arange(2000), np.arange(0, total, 97), [total]]))
            )
            q = counts / total
            divergence = special.rel_entr(q, p) + special.rel_entr(1 - q, 1 - p)
            odds = (q * (1 - p) > 3 * p * (1 - q)) | (p * (1 - q) > 3 * q * (1 - p))
            alarm = (np.log(2) - total * divergence < np.log(1e-7)) & odds
            edges = sorted(
                {int(counts[i]) for j in np.flatnonzero(np.diff(alarm.astype(int))) for i in (j, j + 1)} | {0, total}
            )
            thresholds.append(
                {
                    "total": total,
                    "basisPoints": basis_points,
                    "counts": edges,
                    "alarms": [bool(alarm[counts == one][0]) for one in edges],
                }
            )
            check_chernoff(total, p)
    for total, basis_points in ((50, 1000), (200, 500), (1000, 100), (1000, 5000), (2000, 2500)):
        pmf = stats.binom.pmf(np.arange(total + 1), total, basis_points / 10_000)
        chances.append({"total": total, "basisPoints": basis_points, "chances": pmf})
    return {"chancePerLook": 1e-7, "thresholds": thresholds, "chances": chances}


def check_chernoff(total, p):
    """2 exp(-n KL) really is above the chance of a count as far off as k or farther, to either side."""
    for k in np.unique(np.linspace(0, total, 60).astype(int)):
        divergence = special.rel_entr(k / total, p) + special.rel_entr(1 - k / total, 1 - p)
        tail = stats.binom.logsf(k - 1, total, p) if k / total > p else stats.binom.logcdf(k, total, p)
        assert tail <= -total * divergence + 1e-9, (total, p, k)


def ranking_cases():
    ids = [f"d{i}" for i in range(15)]
    cases = []
    for place in range(len(ids)):
        truth, scores = np.zeros((1, len(ids))), -np.arange(len(ids), dtype=float)[None, :]
        truth[0, place] = 1
        cases.append(
            {
                "rankedIds": ids,
                "relevantId": ids[place],
                "ndcgAt10": ndcg_score(truth, scores, k=10),
                "reciprocalRank": 1 / (place + 1),
                **{f"recallAt{k}": float(place < k) for k in (1, 5, 10)},
            }
        )
    return cases


def quantile_cases():
    """The upper inverse of the distribution function: where q n is whole, the larger of the two values there."""
    rng = np.random.default_rng(7)
    cases = []
    for size in (1, 2, 3, 10, 37, 400):
        values = np.round(rng.gamma(2, size=size), 3)
        for q in (0.0, 0.25, 0.5, 0.9, 0.95, 1.0):
            upper = -np.quantile(-values, round(1 - q, 9), method="inverted_cdf")
            cases.append(
                {
                    "values": values,
                    "q": q,
                    "upper": upper,
                    "linear": np.quantile(values, q),
                }
            )
    return cases


def slow_bound_cases(edges):
    """The edge at or above the p95 of the histogram plus 20 %; numpy interpolates within the bucket."""
    rng = np.random.default_rng(8)
    cases = []
    for scale, size in [(30, 1), *zip(np.exp(rng.uniform(0, 6, size=40)), rng.integers(10, 1000, size=40))]:
        bucket = np.searchsorted(edges, rng.gamma(2, scale, size=size), side="left")
        counts = np.bincount(bucket, minlength=len(edges) + 1)
        seen = np.concatenate([[0], np.cumsum(counts)])
        last = int(np.searchsorted(seen, 0.95 * size, side="left"))
        p95 = np.interp(0.95 * size, seen[last - 1 : last + 1], [0, *edges, np.inf][last - 1 : last + 1])
        wanted = max(5, p95 * 1.2)
        cases.append(
            {
                "counts": counts,
                "bound": next((edge for edge in edges if edge >= wanted), edges[-1]),
            }
        )
    return cases


def wald_cases():
    return [
        [ratio, np.log(20) / stats.entropy([ratio / (1 + ratio), 1 / (1 + ratio)], [0.5, 0.5])]
        for ratio in (1.2, 1.5, 2, 4, 10)
    ]


def negative_binomial_cases():
    """The least count with P(X >= count) <= alpha, by mean, dispersion and alpha."""
    cases = []
    for mean in (0.02, 0.3, 1, 5, 17.5, 120, 2400):
        for dispersion in (0.01, 0.25, 1, 3, 20):
            for alpha in (0.5, 0.05, 1e-3, 1.5e-4, 1e-6):
                r = 1 / dispersion
                dist = stats.nbinom(r, r / (r + mean))
                count = max(1, int(dist.isf(alpha)) - 2)
                while dist.sf(count - 1) > alpha:
                    count += 1
                cases.append([mean, dispersion, alpha, count])
    return cases
