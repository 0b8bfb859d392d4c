"""Distributions that simulated traffic is drawn from."""

import numpy as np
from scipy import stats


def sampler_cases():
    """Cells of each distribution with their chances, about equally likely, and the value chi-square must stay below."""
    cells = lambda name, arguments, dist, discrete=True: {
        "sampler": name,
        "arguments": arguments,
        **divide(dist, discrete),
    }
    return {
        "draws": 20_000,
        "cases": [
            cells("uniform", [], stats.uniform(), discrete=False),
            cells("normal", [], stats.norm(), discrete=False),
            *(cells("poisson", [mean], stats.poisson(mean)) for mean in (0.05, 0.7, 3, 12, 29.9, 31, 60, 600, 6000)),
            *(
                cells("binomial", [n, p], stats.binom(n, p))
                for n, p in (
                    (1, 0.3),
                    (30, 0.005),
                    (300, 0.005),
                    (3000, 0.005),
                    (600, 0.5),
                    (40, 0.5),
                    (40, 0.9),
                    (20_000, 0.005),
                    (6000, 0.5),
                    (1000, 0.97),
                )
            ),
            *(
                cells("gammaNoise", [cv], stats.gamma(1 / cv**2, scale=cv**2), discrete=False)
                for cv in (0.1, 0.3, 0.6, 1, 1.5)
            ),
        ],
    }


def divide(dist, discrete, count=40):
    edges = dist.ppf(np.arange(1, count) / count)
    edges = np.unique(edges)
    inside = dist.cdf(edges)
    # A last edge with all the mass below it would leave a cell that cannot be hit.
    edges, inside = edges[inside < 1 - 1e-3], inside[inside < 1 - 1e-3]
    chances = np.diff([0.0, *inside, 1.0])
    return {"upperEdges": edges, "chances": chances, "limit": stats.chi2.ppf(1 - 1e-4, len(chances) - 1)}
