"""Streams of counts to judge: [canary requests, canary events, control requests, control events] per tick."""

import numpy as np


def count_streams(noise):
    rng = np.random.default_rng(20_110)
    streams = []

    def add(name, ticks, assumption="default", margin=0.4, seconds=60, every=1):
        streams.append(
            {
                "name": name,
                "noise": assumption,
                "marginLog": margin,
                "tickSeconds": seconds,
                "every": every,
                "ticks": ticks,
            }
        )

    for volume in (60, 600, 6000):
        add(f"healthy, {volume} requests", traffic(rng, 60, volume))
    for ratio in (0.5, 2, 4, 10):
        add(f"{ratio}x", traffic(rng, 40, 600, ratio=ratio))
    for begin in (0, 30):
        add(
            f"4x from tick {begin} on a ramp 5/10/25/50 %",
            traffic(
                rng,
                60,
                6000,
                share=lambda t: [0.05, 0.1, 0.25, 0.5][t // 15],
                ratio=lambda t, b=begin: 4 if t >= b else 1,
            ),
        )
    add("base rises from 0.1 to 5 %", traffic(rng, 60, 2000, share=0.2, base=lambda t: 0.001 + 0.049 * t / 60))
    for share in (0.1, 0.5):
        gaps = traffic(rng, 60, 600, ratio=1.5, share=share)
        add(f"a third of the ticks missing, share {share}", [None if rng.random() < 0.33 else tick for tick in gaps])
    add("missing until the tenth tick", [None] * 10 + traffic(rng, 20, 600))
    add(
        "an arm without requests now and then",
        [
            (0, 0, n0, x0) if i % 7 == 3 else (n1, x1, 0, 0) if i % 5 == 2 else (n1, x1, n0, x0)
            for i, (n1, x1, n0, x0) in enumerate(traffic(rng, 40, 600))
        ],
    )
    add("nothing usable at all", [(0, 0, 10, 1), (10, 1, 0, 0), None])
    add("no event at all", [(300, 0, 300, 0)] * 30)
    add("no event until the sixth tick", [(300, 0, 300, 0)] * 5 + traffic(rng, 20, 600))
    for volume in (10, 60):
        add(f"mostly without events, {volume} requests", traffic(rng, 120, volume, base=0.002, ratio=2))
    for ratio in (1, 1.05):
        add(f"a million requests a tick, {ratio}x", traffic(rng, 20, 1_000_000, base=0.01, ratio=ratio))
    add(
        "around the cap of events",
        [
            (1000, x1, 1000, x0)
            for x1, x0 in [(50, 49), (50, 50), (50, 51), (99, 1), (100, 1), (0, 101), (101, 0), (1000, 1000)]
        ],
    )
    add("one request each", [(1, int(rng.random() < 0.3), 1, int(rng.random() < 0.2)) for _ in range(60)])
    add("one canary request", [(1, int(rng.random() < 0.3), 999, int(rng.binomial(999, 0.05))) for _ in range(60)])
    for share in (0.001, 0.01, 0.99):
        add(f"share {share}", traffic(rng, 40, 20_000, share=share, ratio=2))
    add("every request fails", [(50, 50, 450, 450)] * 10)
    add("all failures in the canary", [(300, 300, 300, 0)] * 10)
    add("all failures in the control", [(300, 0, 300, 300)] * 10)
    for seconds in (1, 2, 5, 300, 3600):
        add(f"ticks of {seconds} s", traffic(rng, 60, 10 * min(seconds, 300), ratio=2), seconds=seconds)
    for margin in (0.2, 0.6, 1.0, 3.0):
        add(f"margin {margin}", traffic(rng, 30, 2000, ratio=0.9), margin=margin)
    for name in noise:
        for volume, ratio in ((60, 1), (600, 2), (6000, 1)):
            add(
                f"{name}: {ratio}x at {volume} requests with bursts",
                traffic(rng, 60, volume, ratio=ratio, bursts=True),
                assumption=name,
            )
        add(f"{name}: ticks of 2 s", traffic(rng, 60, 60, bursts=True), assumption=name, seconds=2, margin=0.6)
    for volume in (60, 600):
        add(f"a thousand ticks with bursts, {volume} requests", traffic(rng, 1000, volume, bursts=True), every=50)
    return streams


def traffic(rng, ticks, requests, share=0.5, base=0.005, ratio=1, bursts=False):
    """Poisson requests, split and failing by binomials; with bursts, either arm is three times as bad now and then."""
    value = lambda one, tick: one(tick) if callable(one) else one
    rows, on = [], [False, False]
    for tick in range(ticks):
        total = rng.poisson(requests)
        n1 = rng.binomial(total, value(share, tick))
        on = [rng.random() >= 0.2 if one else rng.random() < 0.03 for one in on]
        factors = [3 if bursts and one else 1 for one in on]
        p1 = min(1, value(base, tick) * value(ratio, tick) * factors[0])
        p0 = min(1, value(base, tick) * factors[1])
        rows.append((n1, rng.binomial(n1, p1), total - n1, rng.binomial(total - n1, p0)))
    return rows
