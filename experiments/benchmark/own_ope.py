"""Our side of the `ope` benchmark, in a process of its own so that its memory can be told.

`python -m experiments.benchmark.own_ope time|intervals ROWS ACTIONS SEED` prints one JSON object.
"""

import json
import sys

import numpy as np

from experiments.benchmark.peer_obp import (
    DROS,
    SWITCH,
    Arrays,
    draw,
    draw_high_rewards,
    peak_bytes,
    reset_peak,
    seconds,
)
from nba.evaluate.buckets import row_buckets
from nba.evaluate.direct import dm
from nba.evaluate.doubly_robust import dr, sndr
from nba.evaluate.estimator import RatioEstimator
from nba.evaluate.resampling import bootstrap_intervals
from nba.evaluate.rows import weigh_actions
from nba.evaluate.shrinkage import dros, switch_dr
from nba.evaluate.stats import Statistics
from nba.evaluate.weighting import ips, snips
from nba.types import Floats, Ints

# In the peer's order and with the peer's names.
SEVEN: dict[str, RatioEstimator] = {
    "ips": ips,
    "snips": snips,
    "dm": dm,
    "dr": dr,
    "sndr": sndr,
    "switch-dr": switch_dr(SWITCH),
    "dros": dros(DROS),
}
ROUNDS = 5


def sum_arrays(arrays: Arrays, offsets: Ints) -> Statistics:
    """The sums of the peer's arrays, every row a unit of its own."""
    rows = weigh_actions(
        row_buckets(len(arrays.reward)),
        _flat(arrays.target),
        offsets,
        arrays.chosen,
        arrays.propensity,
        arrays.reward,
        predictions=_flat(arrays.predictions),
    )
    statistics = Statistics()
    statistics.add(rows)
    return statistics


def row_offsets(arrays: Arrays) -> Ints:
    """Where each row's actions begin in the flat arrays."""
    n, k = arrays.target.shape
    return np.arange(0, n * k + 1, k, dtype=np.int64)


def values(arrays: Arrays) -> dict[str, float]:
    """The seven estimates with their intervals made, as a caller gets them."""
    statistics = sum_arrays(arrays, row_offsets(arrays))
    return {name: each.finalize(statistics).value for name, each in SEVEN.items()}


def snips_intervals(n: int, logs: int) -> tuple[list[float], float]:
    """Widths of the 95 % SNIPS interval where rewards are high, and how often it holds."""
    widths, held = [], 0
    for seed in range(logs):
        arrays, truth = draw_high_rewards(n, seed)
        found = snips.finalize(sum_arrays(arrays, row_offsets(arrays)))
        widths.append(found.high - found.low)
        held += found.low <= truth <= found.high
    return widths, held / logs


def main(arguments: list[str]) -> None:
    """Print what was asked for as one JSON object."""
    what, n, k, seed = arguments[0], *(int(word) for word in arguments[1:4])
    arrays = draw(n, k, seed)
    reset_peak()
    if what == "intervals":
        estimands = [each.estimand for each in SEVEN.values()]
        statistics = sum_arrays(arrays, row_offsets(arrays))
        taken = seconds(lambda: bootstrap_intervals(statistics, estimands), ROUNDS)
    else:
        taken = seconds(lambda: values(arrays), ROUNDS)
    sys.stdout.write(json.dumps({"seconds": taken, "peak_bytes": peak_bytes()}) + "\n")


def _flat(values: Floats) -> Floats:
    return values.reshape(-1)


if __name__ == "__main__":
    main(sys.argv[1:])
