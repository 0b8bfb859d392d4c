"""An independent statement of the judge's mathematics, for test/unit/domain/judge/oracle.test.ts.

Writes test/fixtures/statistics/judge.json: the count filter, the ceiling's bets and the tails of the sample-ratio check, stated
in numpy and scipy from their descriptions (docs/reference/judge.md), with plain matrices and no shortcuts. Run it again when an assumption's numbers change:

    python3 -m venv /tmp/oracle && /tmp/oracle/bin/pip install numpy==2.* scipy==1.*
    /tmp/oracle/bin/python test/oracle/judge.py
"""

import json
from pathlib import Path

import numpy as np
from scipy.special import logsumexp, rel_entr
from scipy.stats import binom

STEP = 0.2
SHIFTS = np.array([0, 0.2, 0.4, 0.6, 0.8, 1, 1.4, 1.8, 2.2, 2.6, 3])
RECIPE_WEIGHTS = [0.25, 0.75, 1, 1, 1, 1, 1, 0.75, 0.5, 0.25]
WEIGHTS = [0.1, 0.4, 0.8, 1, 1.4, 1.4, 1.2, 0.6, 0.25, 0.1]
KEYS = ("fastSdLog", "burstShare", "burstMeanMinutes", "burstFullEventsPerTick")


def assumption(kinds, burst_range=1.2, cap=100):
    return {"kinds": [dict(zip(KEYS, k)) for k in kinds], "burstRangeLog": burst_range, "eventCapPerTick": cap}


ASSUMPTIONS = {
    "recipe": (assumption([(0, 0.45, 5, 1.5), (0.35, 0.45, 5, 1.5), (0.9, 0.45, 5, 1.5)]), RECIPE_WEIGHTS),
    "default": (assumption([(0, 0.1, 5, 1), (0.5, 0.5, 4, 1), (0.9, 0.7, 20, 0.7)]), WEIGHTS),
    "quiet": (assumption([(0, 0, 5, 1), (0.5, 0, 5, 1), (0.9, 0, 5, 1)]), WEIGHTS),
    "tall-bursts": (assumption([(0, 0.2, 5, 1), (0.5, 0.6, 5, 1), (0.9, 0.7, 20, 0.7)], 2), WEIGHTS),
}


class Kind:
    """All chains of one kind of noise, kept as plain probabilities with a running log scale."""

    def __init__(self, noise, kind, weights, margin, tick_seconds):
        self.kind = kind
        self.u = np.round(np.arange(-noise["burstRangeLog"], noise["burstRangeLog"] + 1e-9, STEP), 10)
        self.static_shifts = np.array([-0.4, -0.2, 0, margin])
        minutes = tick_seconds / 60
        self.redraw = 1 - (1 - 1 / kind["burstMeanMinutes"]) ** minutes
        self.onset = 1 - 0.98**minutes
        self.target = np.array(weights) / np.sum(weights)
        self.static = None
        self.static_log = np.zeros(4)
        self.jump = None
        self.jump_log = 0.0

    def prior(self, volume):
        share = self.kind["burstShare"] * min(1, volume / self.kind["burstFullEventsPerTick"])
        pi = np.full(len(self.u), share / len(self.u))
        pi[len(self.u) // 2] += 1 - share
        return pi

    def predict(self, pi):
        self.static = (1 - self.redraw) * self.static + self.redraw * self.static.sum(1, keepdims=True) * pi
        moved = self.jump.copy()
        moved[1:] += self.onset * self.target[:, None] * self.jump[0]
        moved[0] *= 1 - self.onset
        self.jump = (1 - self.redraw) * moved + self.redraw * moved.sum(1, keepdims=True) * pi

    def start(self, pi):
        self.static = np.tile(pi, (4, 1))
        self.jump = np.concatenate([[0.1], 0.9 * self.target])[:, None] * pi

    def weigh(self, likelihood_at, log_peak):
        self.static = self.static * likelihood_at(self.static_shifts[:, None] + self.u)
        sums = self.static.sum(1)
        self.static_log += np.log(sums) + log_peak
        self.static /= sums[:, None]
        self.jump = self.jump * likelihood_at(SHIFTS[:, None] + self.u)
        total = self.jump.sum()
        self.jump_log += np.log(total) + log_peak
        self.jump /= total


def filter_counts(noise, weights, margin, tick_seconds, ticks):
    """Log evidence of harm and of safety after every tick."""
    kinds = [Kind(noise, kind, weights, margin, tick_seconds) for kind in noise["kinds"]]
    low = min(-0.4, 0) - noise["burstRangeLog"]
    x = np.round(np.arange(low, 3 + noise["burstRangeLog"] + 1e-9, STEP), 10)
    used, events, out = 0, 0, []
    for n1, x1, n0, x0 in ticks:
        usable = n1 > 0 and n0 > 0
        if usable:
            first, used, events = used == 0, used + 1, events + x1 + x0
            total, rho = x1 + x0, n1 / (n1 + n0)
            weight = min(1, noise["eventCapPerTick"] / total) if total > 0 else 1
            log_l = weight * (x1 * x - total * np.log1p(rho * np.expm1(x)))
            peak = log_l.max()
            plain = np.exp(log_l - peak)
        for kind in kinds:
            if used == 0:
                continue
            pi = kind.prior(events / used)
            if usable and first:
                kind.start(pi)
            else:
                kind.predict(pi)
            if usable:
                smooth = plain
                sd = kind.kind["fastSdLog"]
                if sd > 0:
                    matrix = np.exp(-((x[:, None] - x) ** 2) / (2 * sd * sd))
                    smooth = (matrix / matrix.sum(1, keepdims=True)) @ plain
                kind.weigh(lambda at, s=smooth: s[np.rint((at - x[0]) / STEP).astype(int)], peak)
        if used == 0:
            out.append([0.0, 0.0])
            continue
        chain = [logsumexp([k.static_log[i] for k in kinds]) for i in range(4)]
        jump = logsumexp([k.jump_log for k in kinds])
        out.append([jump - chain[2], logsumexp(chain[:3]) - np.log(3) - chain[3]])
    return np.array(out).tolist()


def streams(random):
    """Ordinary and odd traffic, 25 ticks each."""
    worlds = {
        "even": lambda t: (600, 0.5, 0.005, 1),
        "harm": lambda t: (600, 0.5, 0.01, 3),
        "sparse": lambda t: (20, 0.5, 0.01, 1),
        "ramp": lambda t: (2000, [0.05, 0.1, 0.25, 0.5][min(3, t // 6)], 0.01, 1),
        "huge": lambda t: (200_000, 0.3, 0.02, 1.2),
        "one request": lambda t: (2, 0.5, 0.3, 1),
        "gaps": lambda t: (0 if t % 4 == 0 else 300, 0.5, 0.01, 2),
        "no event at first": lambda t: (300, 0.5, 0 if t < 8 else 0.03, 1),
        "better": lambda t: (600, 0.5, 0.03, 0.5),
    }
    for name, world in worlds.items():
        ticks = []
        for t in range(25):
            volume, share, base, ratio = world(t)
            n1 = int(random.binomial(volume, share))
            n0 = volume - n1
            ticks.append([n1, int(random.binomial(n1, min(1, base * ratio))), n0, int(random.binomial(n0, base))])
        yield name, ticks


def main():
    random = np.random.default_rng(20261125)
    cases = []
    for name, ticks in streams(random):
        for assumed, (noise, weights) in ASSUMPTIONS.items():
            for tick_seconds, margin in [(60, 0.4), (2, 0.2)]:
                evidence = filter_counts(noise, weights, margin, tick_seconds, ticks)
                cases.append({"name": f"{name}, {assumed}, {tick_seconds} s", "noise": noise, "shiftWeights": weights,
                              "marginLog": margin, "tickSeconds": tick_seconds, "ticks": ticks, "evidence": evidence})
    ceiling = []
    for n, k, c in [(200, 10, 0.05), (50, 0, 0.05), (900, 80, 0.05), (4000, 260, 0.05), (300, 40, 0.1)]:
        p = np.minimum(0.999, c * np.array([1.2, 1.5, 2, 3, 4, 6, 10, 16]))
        gains = min(1, 2000 / n) * (binom.logpmf(k, n, p) - binom.logpmf(k, n, c))
        stakes = np.full(8, np.log(0.9 / 8))
        stakes = np.logaddexp(stakes, np.log(0.1 * 0.02 / 8)) + gains
        ceiling.append({"requests": n, "events": k, "ceiling": c, "logWealth": float(logsumexp([*stakes, np.log(0.1 * 0.98)]))})
    ratio = []
    for n, k, q in [(10_000, 500, 0.05), (4000, 1, 0.05), (300, 290, 0.5), (1000, 120, 0.1)]:
        exponent = n * float(rel_entr(k / n, q) + rel_entr(1 - k / n, 1 - q))
        tail = float(np.logaddexp(binom.logcdf(k, n, q), binom.logsf(k - 1, n, q)) if k / n == q else
                     (binom.logcdf(k, n, q) if k / n < q else binom.logsf(k - 1, n, q)))
        ratio.append({"total": n, "canary": k, "intended": q, "exponent": exponent, "logTail": tail})
    target = Path(__file__).parent.parent / "fixtures/statistics/judge.json"
    target.write_text(json.dumps({"countFilter": cases, "ceiling": ceiling, "sampleRatio": ratio}, separators=(",", ":")) + "\n")


main()
