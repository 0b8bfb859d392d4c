"""What the statistics of this program should give, by numpy, scipy, scikit-learn and rank_bm25: writes test/fixtures/statistics.

    python3 -m venv .mlops/oracle && .mlops/oracle/bin/pip install -r test/oracle/requirements.txt
    PATH=$PWD/node_modules/.bin:$PATH .mlops/oracle/bin/python test/oracle/generate.py

Written from definitions and papers, never from the TypeScript, and in the plainest way: whole matrices, no shortcuts.
The noise assumptions are read from domain/rollout/judge/noise.ts, so after a change of their numbers the commands above
are enough. The structure of the judge's models (shifts, weights, late starts, bets) stands at the top of count_filter.py
and bets.py and changes by hand: that is the point of an oracle.
"""

import json
import subprocess
from pathlib import Path

import numpy as np

from bets import ceiling_cases, log_add_cases, score_cases, tolerance_cases
from count_filter import check_worked_example, judge_counts
from figures import (
    bootstrap_cases,
    bootstrap_coverage,
    negative_binomial_cases,
    quantile_cases,
    ranking_cases,
    sample_ratio_cases,
    slow_bound_cases,
    wald_cases,
    wilson_cases,
)
from overlap import burst_cases, overlap_cases
from release import judge_stream, judge_streams
from rivals import kayenta_streams, shift_cases
from samplers import sampler_cases
from streams import count_streams
from words import bm25_cases

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "test" / "fixtures" / "statistics"


def main():
    noise = read("domain/rollout/judge/noise.ts", "NOISE_ASSUMPTIONS")
    check_worked_example()
    write("count-filter", {"assumptions": noise, "streams": [judge_counts(noise, one) for one in count_streams(noise)]})
    write(
        "bets",
        {
            "ceiling": ceiling_cases(),
            "tolerance": tolerance_cases(),
            "scores": score_cases(),
            "logAdd": log_add_cases(),
        },
    )
    write(
        "release",
        {"assumption": noise["default"], "streams": [judge_stream(noise["default"], one) for one in judge_streams()]},
    )
    write("intervals", {"wilson": wilson_cases(), "bootstrap": bootstrap_cases(), "coverage": bootstrap_coverage()})
    write("sample-ratio", sample_ratio_cases())
    write("ranking", ranking_cases())
    write(
        "quantiles",
        {
            "samples": quantile_cases(),
            "slowBounds": slow_bound_cases(read("domain/rollout/telemetry.ts", "LATENCY_BOUNDS_MS")),
            "waldFloor": wald_cases(),
        },
    )
    write("overlap", overlap_cases())
    write("bursts", burst_cases())
    write("samplers", sampler_cases())
    write("bm25", bm25_cases())
    write("negative-binomial", negative_binomial_cases())
    write("rivals", {"shifts": shift_cases(), "streams": kayenta_streams()})


def read(module, name):
    """A table of numbers as the program has it; no code crosses over."""
    script = f"import {{ {name} }} from './{module}'; console.log(JSON.stringify({name}))"
    found = subprocess.run(["node", "--input-type=module", "-e", script], cwd=ROOT, check=True, capture_output=True)
    return json.loads(found.stdout)


def write(name, data):
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / f"{name}.json").write_text(
        json.dumps(rounded(data), allow_nan=False, separators=(",", ":")).replace('},{"', '},\n{"') + "\n"
    )


def rounded(value):
    """14 significant digits: more than any test asks for, fewer than the last bits machines differ in."""
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [rounded(one) for one in value]
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float(f"{value:.14g}")
    return value


main()
