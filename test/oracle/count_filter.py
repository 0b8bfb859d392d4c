"""Evidence from counts: the judge's models of a series of ticks, as plain forward filters over all their states."""

import numpy as np
from scipy import special

# The structure of the models; the numbers of the noise come from the program.
STEP = 0.2
SAFE = [-0.4, -0.2, 0.0]
SHIFTS = [0.2, 0.4, 0.6, 0.8, 1.0, 1.4, 1.8, 2.2, 2.6, 3.0]
SHIFT_WEIGHTS = [0.02, 0.1, 0.95, 1.15, 1.2, 2.4, 0.8, 0.8, 0.25, 0.02]
LATE_START = 0.08
ONSET_PER_MINUTE = 0.02


class CountFilter:
    """
    A likelihood ratio of two models of which arm the events of each tick fell into.

    Hidden states: which kind of noise k the service has (for good), how high the burst level u is (in each tick it stays,
    or is drawn anew from its prior), and how far the canary is shifted, d (none yet, or for good; it may begin later).
    Given them, the log odds of an event being the canary's are those of its share of requests, plus d + u, plus noise of
    the kind's spread.
    """

    def __init__(self, noise, margin, seconds, weights=SHIFT_WEIGHTS, late_start=LATE_START):
        reach = round(noise["burstRangeLog"] / STEP)
        self.cap, self.kinds = noise["eventCapPerTick"], noise["kinds"]
        self.u = STEP * np.arange(-reach, reach + 1)
        self.static = np.array([*SAFE, margin])
        self.jump = np.array([0.0, *SHIFTS])
        every = np.concatenate([self.static, self.jump])
        low, high = round((every.min() - self.u[-1]) / STEP), round((every.max() + self.u[-1]) / STEP)
        self.x = STEP * np.arange(low, high + 1)
        self.smooth = [fast_noise(self.x, kind["fastSdLog"]) for kind in self.kinds]
        minutes = seconds / 60
        self.redraw = [1 - (1 - 1 / kind["burstMeanMinutes"]) ** minutes for kind in self.kinds]
        self.onset = 1 - (1 - ONSET_PER_MINUTE) ** minutes
        self.weights = np.array(weights) / np.sum(weights)
        self.late_start = late_start
        self.ticks, self.events = 0, 0.0
        self.f = self.g = None
        self.log_static = np.zeros((len(self.kinds), len(self.static)))
        self.log_jump = np.zeros(len(self.kinds))

    def at(self, shift):
        """Lattice positions of shift + u."""
        return np.rint((shift + self.u - self.x[0]) / STEP).astype(int)

    def prior(self, kind):
        """Of the burst level: the share of bursts follows the mean number of events."""
        share = kind["burstShare"] * min(1, self.events / self.ticks / kind["burstFullEventsPerTick"])
        return share / len(self.u) + (1 - share) * (np.arange(len(self.u)) == len(self.u) // 2)

    def start(self):
        shifts = np.concatenate([[self.late_start], (1 - self.late_start) * self.weights])
        self.f = np.array([np.outer(np.ones(len(self.static)), self.prior(kind)) for kind in self.kinds])
        self.g = np.array([np.outer(shifts, self.prior(kind)) for kind in self.kinds])

    def predict(self):
        """Time passes: a matrix over burst levels, and one over shifts."""
        if self.ticks == 0:
            return
        begin = np.eye(len(self.jump))
        begin[0] = np.concatenate([[1 - self.onset], self.onset * self.weights])
        moves = [
            (1 - redraw) * np.eye(len(self.u)) + redraw * np.outer(np.ones(len(self.u)), self.prior(kind))
            for redraw, kind in zip(self.redraw, self.kinds)
        ]
        self.f = np.array([f @ move for f, move in zip(self.f, moves)])
        self.g = np.array([begin.T @ g @ move for g, move in zip(self.g, moves)])

    def take(self, n1, x1, n0, x0):
        if n1 <= 0 or n0 <= 0:
            self.predict()
            return
        self.ticks += 1
        self.events += x1 + x0
        self.start() if self.ticks == 1 else self.predict()
        events, rho = x1 + x0, n1 / (n1 + n0)
        scale = min(1, self.cap / events) if events > 0 else 1
        like = scale * (x1 * self.x - events * np.log1p(rho * np.expm1(self.x)))
        for k, matrix in enumerate(self.smooth):
            seen = matrix @ np.exp(like - like.max())
            self.f[k] *= [seen[self.at(d)] for d in self.static]
            self.g[k] *= [seen[self.at(d)] for d in self.jump]
            self.log_static[k] += np.log(self.f[k].sum(axis=1)) + like.max()
            self.log_jump[k] += np.log(self.g[k].sum()) + like.max()
        self.f /= self.f.sum(axis=2, keepdims=True)
        self.g /= self.g.sum(axis=(1, 2), keepdims=True)

    def evidence(self):
        """Logs: of harm, and of safety."""
        if self.ticks == 0:
            return [0.0, 0.0]
        chains = special.logsumexp(self.log_static, axis=0)
        safe = special.logsumexp(chains[:-1]) - np.log(len(SAFE))
        return [special.logsumexp(self.log_jump) - chains[SAFE.index(0.0)], safe - chains[-1]]


def fast_noise(x, sd):
    if sd == 0:
        return np.eye(len(x))
    weights = np.exp(-((x[:, None] - x[None, :]) ** 2) / (2 * sd**2))
    return weights / weights.sum(axis=1, keepdims=True)


def judge_counts(noise, stream):
    counts = CountFilter(noise[stream["noise"]], stream["marginLog"], stream["tickSeconds"])
    evidence = []
    for number, tick in enumerate(stream["ticks"]):
        counts.predict() if tick is None else counts.take(*tick)
        if (number + 1) % stream["every"] == 0:
            evidence.append(counts.evidence())
    return {**stream, "evidence": evidence}


def check_worked_example():
    """The oracle itself, against figures of a first version that were printed before this program was written."""
    kind = {"burstShare": 0.45, "burstMeanMinutes": 5, "burstFullEventsPerTick": 1.5}
    noise = {
        "burstRangeLog": 1.2,
        "eventCapPerTick": 100,
        "kinds": [{**kind, "fastSdLog": sd} for sd in (0, 0.35, 0.9)],
    }
    counts = CountFilter(noise, 0.4, 60, [0.25, 0.75, 1, 1, 1, 1, 1, 0.75, 0.5, 0.25], 0.1)
    ticks = [(300, 2, 300, 1), (310, 1, 290, 2), (290, 4, 300, 1), (305, 3, 295, 0)]
    for tick in [*ticks, (300, 5, 310, 2), (0, 0, 600, 3), (300, 4, 300, 1), (300, 6, 300, 2)]:
        counts.take(*tick)
    np.testing.assert_allclose(counts.evidence(), [1.219892368, -1.496075828], atol=6e-10)
