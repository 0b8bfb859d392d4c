"""What Kayenta's judge asks: the Mann-Whitney shift between two samples and its lower limit, as R's wilcox.test has them.

R inverts the test with a root finder. Here every difference of a pair is tried: the statistic changes at those alone, so
the limit is the last of them below which scipy's test (ties and continuity corrected) refuses the shift.
"""

import numpy as np
from scipy import stats

CONFIDENCE = 0.98
TOLERANCE = 0.25


def shift_of(canary, control):
    """Shifts the estimate may be at (any between two middle differences), and the lower limit of the two-sided interval."""
    differences = np.sort(np.subtract.outer(canary, control).ravel())
    steps = np.unique(differences)
    middle = len(differences) // 2
    estimate = [differences[len(differences) - middle - 1], differences[middle]]
    lower = steps[0]
    # Between two differences nothing changes and no shifted value is tied with one of the other sample.
    for before, after in zip(steps, steps[1:]):
        test = stats.mannwhitneyu(
            canary - (before + after) / 2, control, alternative="greater", method="asymptotic", use_continuity=True
        )
        if test.pvalue >= (1 - CONFIDENCE) / 2:
            break
        lower = after
    return {"estimate": estimate, "lower": lower}


def is_high(canary, control):
    """Kayenta's answer; null where the two sides of the comparison are too near for a root finder to be asked."""
    if np.array_equal(np.sort(canary), np.sort(control)):
        return False
    shift = shift_of(canary, control)
    margins = [shift["lower"] - TOLERANCE * abs(one) for one in shift["estimate"]]
    if min(abs(one) for one in margins) < 1e-3 or margins[0] * margins[1] < 0:
        return None
    return bool(margins[0] > 0 and canary.mean() >= control.mean())


def shift_cases():
    rng = np.random.default_rng(41)
    samples = {
        "three each, too few for 98 %": (rng.normal(5, 1, 3), rng.normal(0, 1, 3)),
        "six each, apart": (rng.normal(5, 1, 6), rng.normal(0, 1, 6)),
        "alike": (rng.normal(0, 1, 30), rng.normal(0, 1, 30)),
        "of two sizes": (rng.gamma(2, 1.5, 12), rng.gamma(2, 1, 55)),
        "lower": (rng.normal(-1, 1, 25), rng.normal(0, 1, 25)),
        "odd counts": (rng.normal(1, 2, 21), rng.normal(0, 1, 17)),
        "rates with ties": (100 * rng.binomial(60, 0.1, 40) / 60, 100 * rng.binomial(60, 0.06, 40) / 60),
        "rates of unequal arms": (100 * rng.binomial(30, 0.2, 50) / 30, 100 * rng.binomial(600, 0.1, 50) / 600),
        "a control that hardly varies": (rng.normal(2, 1, 20), np.where(rng.random(100) < 0.9, 1, rng.gamma(2, 1, 100))),
        "hardly any values": (np.repeat([1.0, 2.0, 3.0], [4, 9, 7]), np.repeat([1.0, 2.0, 3.0], [9, 6, 3])),
    }
    return [
        {"name": name, "canary": np.round(a, 6), "control": np.round(b, 6), **shift_of(np.round(a, 6), np.round(b, 6))}
        for name, (a, b) in samples.items()
    ]


def kayenta_streams():
    """Counts tick by tick, and the answer at every fifth tick about all of them so far."""
    rng = np.random.default_rng(42)
    return [
        kayenta_stream(rng, ratio, requests, rate)
        for ratio in (0.5, 1.0, 1.2, 1.4, 2.0)
        for requests, rate in (((60, 540), 0.1), ((300, 300), 0.05))
    ]


def kayenta_stream(rng, ratio, requests, rate):
    (n1, n0), ticks = requests, 40
    canary, control = rng.binomial(n1, min(1, rate * ratio), ticks), rng.binomial(n0, rate, ticks)
    looks = range(5, ticks + 1, 5)
    return {
        "ratio": ratio,
        "requests": [n1, n0],
        "errors": np.stack([canary, control], axis=1),
        "high": [is_high(100 * canary[:one] / n1, 100 * control[:one] / n0) for one in looks],
    }
