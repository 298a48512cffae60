"""Sums per outcome component become the sums of one reward, for any weights, without a new pass."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from nba.errors import InputError
from nba.evaluate.estimand import COLUMNS, PLACE
from nba.evaluate.stats import Statistics

# These count rows and weights; every other column is linear in the reward.
_NOT_REWARD: Final = [PLACE["n"], PLACE["w"]]
_REWARD: Final = [place for place in range(len(COLUMNS)) if place not in _NOT_REWARD]


def weigh_components(parts: Mapping[str, Statistics], levers: Mapping[str, float]) -> Statistics:
    """The sums of the reward Σ lever · component, from the sums of each component on the same rows.

    The range of that reward is told from the components' ranges: never narrower than it is.
    Raises InputError for a component that has no sums.
    """
    absent = [name for name in levers if name not in parts]
    if absent:
        known = ", ".join(parts) or "none"
        raise InputError(
            f"no sums were made of outcome component {absent[0]!r}; there are some of {known}: "
            "name it in the objective when comparing"
        )
    first = parts[next(iter(levers))]
    found = Statistics(
        buckets=np.zeros_like(first.buckets),
        weight_squares=first.weight_squares,
        weight_range=first.weight_range,
        unrewarded=first.unrewarded,
        has_model=all(parts[name].has_model for name in levers),
    )
    found.buckets[:, _NOT_REWARD] = first.buckets[:, _NOT_REWARD]
    for name, lever in levers.items():
        found.buckets[:, _REWARD] += lever * parts[name].buckets[:, _REWARD]
    if found.total("n") > 0:
        found.reward_range = _range([(parts[n].reward_range, v) for n, v in levers.items()])
        found.residual_range = _range([(parts[n].residual_range, v) for n, v in levers.items()])
    return found


def _range(spans: Sequence[tuple[tuple[float, float], float]]) -> tuple[float, float]:
    ends = [sorted((lever * low, lever * high)) for (low, high), lever in spans]
    return sum(low for low, _ in ends), sum(high for _, high in ends)
