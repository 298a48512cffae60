"""One pass fills every column: against the formulas in numpy, and what it refuses."""

import numpy as np
import pytest

from nba.errors import InputError
from nba.evaluate.estimand import BASE, COLUMNS, GRIDS, PLACE, shrunk_column
from nba.evaluate.kernel import sum_rows, weigh_rows
from nba.evaluate.rows import weigh_actions
from nba.evaluate.stats import Statistics
from nba.types import Floats

RNG = np.random.default_rng(1)
N = 500
WEIGHT = RNG.exponential(3.0, N) * (RNG.random(N) < 0.8)
REWARD, PREDICTED, VALUE = RNG.normal(2, 1, N), RNG.normal(2, 0.5, N), RNG.normal(2, 0.5, N)
BUCKET = RNG.integers(0, 7, N).astype(np.int32)


def expected_column(name: str) -> Floats:
    """What each row adds to a column, by the formula of its paper."""
    w, r, q = WEIGHT, REWARD, PREDICTED
    plain = {"n": np.ones(N), "r": r, "q": q, "w": w, "wr": w * r, "wq": w * q, "v": VALUE}
    if name in plain:
        return plain[name]
    family, strength = name.removesuffix("]").split("[")
    s = float(strength)
    shrunk = {
        "clip": np.minimum(w, s) * r,
        "subgaussian": w / np.maximum(1 - s + s * w, 1e-300) * r,
        "switch": w * (w <= s) * (r - q),
        "dros": s * w / (w**2 + s) * (r - q),
    }
    return np.asarray(shrunk[family])


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_holds_the_sums_of_its_formula(name: str) -> None:
    sums = np.zeros((7, len(COLUMNS)))
    sum_rows(sums, BUCKET, WEIGHT, REWARD, PREDICTED, VALUE)
    wanted = np.bincount(BUCKET, expected_column(name), minlength=7)
    np.testing.assert_allclose(sums[:, PLACE[name]], wanted, rtol=1e-12, atol=1e-12)


def test_there_is_a_column_for_every_strength() -> None:
    shrunk = [shrunk_column(family, s) for family, grid in GRIDS.items() for s in grid]
    assert [*BASE, *shrunk] == list(COLUMNS)
    assert len(set(COLUMNS)) == len(COLUMNS)


def test_the_pass_tells_ranges_and_squares() -> None:
    told = sum_rows(np.zeros((7, len(COLUMNS))), BUCKET, WEIGHT, REWARD, PREDICTED, VALUE)
    assert told.faulty == -1
    assert told.weight_squares == pytest.approx(np.square(WEIGHT).sum())
    assert told.weight == (WEIGHT.min(), WEIGHT.max())
    assert told.residual == ((REWARD - PREDICTED).min(), (REWARD - PREDICTED).max())


@pytest.mark.parametrize("bad", [np.nan, np.inf, -0.5])
def test_a_faulty_weight_is_refused_and_nothing_is_added(bad: float) -> None:
    weight = WEIGHT.copy()
    weight[41] = bad
    statistics = Statistics()
    rows = weigh_actions(
        BUCKET, np.ones(N), np.arange(N + 1), np.zeros(N, dtype=np.int64), np.ones(N), REWARD
    )
    with pytest.raises(InputError, match=r"row 41 has weight .* and reward"):
        statistics.add(type(rows)(BUCKET, weight, REWARD))
    assert not statistics.buckets.any()


def test_a_weight_is_target_over_propensity_of_the_chosen_action() -> None:
    target = np.array([0.25, 0.75, 1.0, 0.5, 0.3, 0.2])
    predictions = np.array([1.0, 2.0, 5.0, 1.0, 2.0, 3.0])
    offsets = np.array([0, 2, 3, 6])
    faulty, weight, predicted, value = weigh_rows(
        target, predictions, offsets, np.array([1, 0, 2]), np.array([0.5, 1.0, 0.1])
    )
    assert faulty == -1
    np.testing.assert_allclose(weight, [1.5, 1.0, 2.0])
    np.testing.assert_allclose(predicted, [2.0, 5.0, 3.0])
    np.testing.assert_allclose(value, [1.75, 5.0, 1.7])


@pytest.mark.parametrize(
    ("target", "chosen", "propensity", "prediction"),
    [
        ([0.5, 0.6], 0, 0.5, 1.0),
        ([1.5, -0.5], 0, 0.5, 1.0),
        ([np.nan, 1.0], 0, 0.5, 1.0),
        ([0.5, 0.5], 2, 0.5, 1.0),
        ([0.5, 0.5], -1, 0.5, 1.0),
        ([0.5, 0.5], 0, 0.0, 1.0),
        ([0.5, 0.5], 0, 1.5, 1.0),
        ([0.5, 0.5], 0, np.nan, 1.0),
        ([0.5, 0.5], 0, 0.5, np.inf),
    ],
)
def test_a_faulty_row_is_named(
    target: list[float], chosen: int, propensity: float, prediction: float
) -> None:
    with pytest.raises(InputError, match="row 1 has propensity"):
        weigh_actions(
            np.zeros(2, dtype=np.int32),
            np.array([0.5, 0.5, *target]),
            np.array([0, 2, 4]),
            np.array([0, chosen]),
            np.array([0.5, propensity]),
            np.ones(2),
            predictions=np.array([1.0, 1.0, prediction, prediction]),
        )
