"""All evidence of one release in one budget."""

import numpy as np
from scipy import special

from bets import (
    CASH,
    CEILING_MULTIPLES,
    SCORE_FRACTIONS,
    TOLERANCE_FRACTIONS,
    Bets,
    ceiling_gains,
    score_gains,
    tolerance_gains,
)
from count_filter import CountFilter
from streams import traffic

CEILING_SHARE = 0.05


def judge_streams():
    """Ticks of [n1, x1, s1, n0, x0, s0, canary scores, control scores]; null is an absent metric."""
    rng = np.random.default_rng(4)
    streams = []

    def add(name, ticks, carried=1.0, **world):
        rows = []
        for tick in range(ticks):
            errors = traffic(
                rng,
                1,
                world.get("requests", 600),
                world.get("share", 0.5),
                world.get("base", 0.005),
                world.get("errors", 1),
            )[0]
            slow = [rng.binomial(errors[0], min(1, 0.02 * world.get("slow", 1))), rng.binomial(errors[2], 0.02)]
            has_slow, has_scores = tick >= world.get("slow_from", 0), tick >= world.get("scores_from", 10**9)
            scores = (
                [
                    np.round(np.clip(rng.beta(4, 2, size=size) - loss, 0, 1), 2)
                    for size, loss in ((8, world.get("loss", 0)), (13, 0))
                ]
                if has_scores
                else [None, None]
            )
            rows.append(
                [
                    errors[0],
                    errors[1],
                    slow[0] if has_slow else None,
                    errors[2],
                    errors[3],
                    slow[1] if has_slow else None,
                    *scores,
                ]
            )
        streams.append({"name": name, "carriedWealth": carried, "ticks": rows})

    add("healthy", 60)
    add("healthy and without errors", 60, base=0)
    add("errors and slowness", 40, errors=4, slow=4)
    add("errors alone", 40, errors=4)
    add("slowness alone", 40, slow=3)
    add("slowness is counted from the tenth tick on", 40, errors=2, slow=2, slow_from=10)
    add("scores come from the fifth tick on and are lower", 60, scores_from=5, loss=0.25)
    add("scores from the start", 80, requests=6000, scores_from=0)
    add("slowness first at 8, scores at 16", 40, errors=2, slow_from=8, scores_from=16, loss=0.1)
    add("both arms above the ceiling", 40, base=0.1)
    add("a second attempt", 40, carried=5.5, errors=2)
    add("a second attempt after a good first", 40, carried=0.02, errors=2)
    add("much traffic, small share", 60, requests=20_000, share=0.05)
    return streams


def judge_stream(noise, stream):
    """One error budget over all metrics. A metric that comes into play shares the wealth there was before its tick."""
    limit, ceiling, margin, tolerance = 20, 0.05, 0.05, {"errors": 0.005, "slow": 0.01}
    carried = np.log(stream["carriedWealth"])
    filters = {name: CountFilter(noise, 0.4, 60) for name in tolerance}
    tolerances = {name: Bets(len(TOLERANCE_FRACTIONS), 0) for name in tolerance}
    bets = {
        "ceiling": Bets(len(CEILING_MULTIPLES), CASH),
        "harm": Bets(len(SCORE_FRACTIONS), CASH),
        "safe": Bets(len(SCORE_FRACTIONS), 0),
    }
    onset = filters["errors"].onset
    parts, harm_before, evidence, before = {}, {}, [], carried
    rollback = None
    for number, (n1, x1, s1, n0, x0, s0, low, high) in enumerate(stream["ticks"], 1):
        counts = {"errors": (n1, x1, n0, x0), **({} if s1 is None else {"slow": (n1, s1, n0, s0)})}
        present = [*counts, *([] if low is None else ["scores"])]
        newcomers = [name for name in present if name not in parts]
        if newcomers:
            total = special.logsumexp(list(parts.values())) if parts else carried
            parts = {name: total - np.log(len(parts) + len(newcomers)) for name in [*parts, *newcomers]}
        harm, safe = {}, {}
        for name, row in counts.items():
            filters[name].take(*row)
            tolerances[name].settle(tolerance_gains(row[1], row[0], tolerance[name]), 0)
            harm[name], safe[name] = filters[name].evidence()
            # Nothing speaks for harm: a service without events stands at 0 up to rounding.
            if harm[name] <= 1e-9:
                safe[name] = max(safe[name], tolerances[name].wealth())
        if low is not None:
            gains = score_gains(np.array(low), np.array(high), margin)
            bets["harm"].settle(gains[0], onset)
            bets["safe"].settle(gains[1], 0)
            harm["scores"], safe["scores"] = bets["harm"].wealth(), bets["safe"].wealth()
        for name in present:
            parts[name] += harm[name] - harm_before.get(name, 0)
        harm_before.update(harm)
        bets["ceiling"].settle(ceiling_gains(x1, n1, ceiling), onset)
        share = CEILING_SHARE
        total = special.logsumexp(
            [np.log(share) + carried + bets["ceiling"].wealth(), *(np.log(1 - share) + part for part in parts.values())]
        )
        if rollback is None and total >= np.log(limit) and before >= np.log(limit / 2):
            rollback = number
        before = total
        evidence.append(
            {
                "total": total,
                "ceiling": bets["ceiling"].wealth(),
                **{name: [harm[name], safe[name]] for name in present},
            }
        )
    return {**stream, "evidence": evidence, "actsAt": rollback}
