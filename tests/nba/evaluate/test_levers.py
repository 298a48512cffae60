"""Components weighed together: sums of what they were made of."""

import numpy as np
import pytest

from nba.errors import InputError
from nba.evaluate.buckets import row_buckets
from nba.evaluate.estimand import COLUMNS, PLACE
from nba.evaluate.levers import weigh_components
from nba.evaluate.rows import WeightedRows
from nba.evaluate.stats import Statistics

RNG = np.random.default_rng(1)
N = 200
WEIGHT = RNG.exponential(2.0, N)
PARTS = {"a": RNG.normal(1, 1, (3, N)), "b": RNG.normal(-2, 3, (3, N))}


def sums(reward: np.ndarray, predicted: np.ndarray, value: np.ndarray) -> Statistics:
    statistics = Statistics()
    statistics.add(WeightedRows(row_buckets(N), WEIGHT, reward, predicted, value))
    return statistics


@pytest.mark.parametrize("column", COLUMNS)
def test_every_column_is_that_of_the_weighed_reward(column: str) -> None:
    parts = {name: sums(*rows) for name, rows in PARTS.items()}
    mine = weigh_components(parts, {"a": 2.0, "b": -0.5})
    wanted = sums(*(2.0 * PARTS["a"] - 0.5 * PARTS["b"]))
    place = PLACE[column]
    np.testing.assert_allclose(
        mine.buckets[:, place], wanted.buckets[:, place], rtol=1e-9, atol=1e-9
    )
    assert (mine.weight_squares, mine.weight_range) == (wanted.weight_squares, wanted.weight_range)


def test_ranges_are_never_too_narrow() -> None:
    parts = {name: sums(*rows) for name, rows in PARTS.items()}
    for levers in ({"a": 2.0, "b": -0.5}, {"a": -1.0, "b": 0.0}, {"b": 3.0}):
        mine = weigh_components(parts, levers)
        wanted = sum(lever * PARTS[name] for name, lever in levers.items())
        assert isinstance(wanted, np.ndarray)
        low, high = mine.reward_range
        assert low <= wanted[0].min() + 1e-12
        assert high >= wanted[0].max() - 1e-12


def test_a_component_without_sums_is_named() -> None:
    with pytest.raises(InputError, match="no sums were made of outcome component 'csat'"):
        weigh_components({"a": sums(*PARTS["a"])}, {"csat": 1.0})
