"""Shrunk weights: the limits of every family, and the weight that an estimand says it has."""

import numpy as np
import pytest

from nba.errors import InputError
from nba.evaluate.direct import dm
from nba.evaluate.doubly_robust import dr
from nba.evaluate.estimand import GRIDS, Family, Shrinkage
from nba.evaluate.rows import WeightedRows
from nba.evaluate.shrinkage import (
    NAMES,
    clipped_ips,
    dros,
    shrinkage_path,
    sub_gaussian,
    switch_dr,
)
from nba.evaluate.stats import Statistics, linearise
from nba.evaluate.weighting import ips

RNG = np.random.default_rng(1)
N = 400
REWARD = RNG.normal(3, 1, N)


def sums(weight: np.ndarray) -> Statistics:
    statistics = Statistics()
    rng = np.random.default_rng(2)
    bucket = rng.integers(0, 100, N).astype(np.int32)
    statistics.add(WeightedRows(bucket, weight, REWARD, rng.normal(3, 1, N), rng.normal(3, 1, N)))
    return statistics


SMALL = sums(RNG.uniform(0.0, 1.0, N))  # no weight is above the least threshold
HUGE = sums(RNG.uniform(2000.0, 3000.0, N))  # every weight is above the largest


def value(statistics: Statistics, estimator: object) -> float:
    return linearise(statistics, estimator.estimand).value  # type: ignore[attr-defined]  # ours


def test_without_a_limit_clipping_is_ips_and_switching_is_dr() -> None:
    assert clipped_ips(np.inf) is ips
    assert sub_gaussian(0.0) is ips
    assert switch_dr(np.inf) is dr
    assert dros(np.inf) is dr
    assert switch_dr(0.0) is dm
    assert dros(0.0) is dm


@pytest.mark.parametrize("strength", GRIDS["clip"])
def test_weights_below_the_threshold_are_left_alone(strength: float) -> None:
    assert value(SMALL, clipped_ips(strength)) == pytest.approx(value(SMALL, ips), rel=1e-12)
    assert value(SMALL, switch_dr(strength)) == pytest.approx(value(SMALL, dr), rel=1e-12)


@pytest.mark.parametrize("strength", GRIDS["switch"])
def test_where_all_weights_are_above_it_switching_is_the_direct_method(strength: float) -> None:
    assert value(HUGE, switch_dr(strength)) == pytest.approx(value(HUGE, dm), rel=1e-12)
    wanted = strength * REWARD.mean()
    assert value(HUGE, clipped_ips(strength)) == pytest.approx(wanted, rel=1e-12)


def test_optimistic_shrinkage_goes_from_dr_to_the_direct_method() -> None:
    far = [abs(value(SMALL, dros(s)) - value(SMALL, dr)) for s in GRIDS["dros"]]
    assert far == sorted(far)
    assert far[0] < 1e-5
    assert value(HUGE, dros(0.1)) == pytest.approx(value(HUGE, dm), abs=1e-3)


def test_full_sub_gaussian_shrinkage_is_the_mean_reward() -> None:
    assert value(HUGE, sub_gaussian(1.0)) == pytest.approx(REWARD.mean(), rel=1e-12)
    assert value(SMALL, sub_gaussian(0.001)) == pytest.approx(value(SMALL, ips), rel=2e-3)


@pytest.mark.parametrize("family", NAMES)
def test_a_path_ends_with_less_noise_than_it_begins(family: Family) -> None:
    statistics = sums(np.random.default_rng(3).pareto(1.5, N))
    path = shrinkage_path(family)
    noise = [np.square(linearise(statistics, estimand).influence).sum() for estimand in path]
    assert noise[-1] < 0.5 * noise[0]
    assert len({estimand.name for estimand in path}) == len(path)


@pytest.mark.parametrize("family", GRIDS)
def test_an_estimand_knows_its_own_weights(family: Family) -> None:
    # One row of reward 1 and no model: the value is the shrunk weight itself.
    for strength in GRIDS[family]:
        for weight in (0.0, 0.5, 3.0, 700.0):
            statistics = Statistics()
            one = np.ones(1)
            statistics.add(
                WeightedRows(np.zeros(1, dtype=np.int32), one * weight, one, 0 * one, 0 * one)
            )
            estimand = next(
                e for e in shrinkage_path(family) if e.shrinkage == Shrinkage(family, strength)
            )
            found = linearise(statistics, estimand).value
            assert Shrinkage(family, strength).weight(weight) == pytest.approx(found, rel=1e-12)


def test_a_strength_without_sums_is_refused_with_the_grid() -> None:
    with pytest.raises(InputError, match=r"λ of clipped-ips is 7, .* use one of 1, 2, 5, 10"):
        clipped_ips(7.0)
