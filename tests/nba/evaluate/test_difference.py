"""Paired differences: what both policies share cancels."""

import numpy as np
import pytest

from nba.errors import InputError
from nba.evaluate.difference import difference, logging_statistics
from nba.evaluate.doubly_robust import dr
from nba.evaluate.estimator import RatioEstimator
from nba.evaluate.stats import Statistics
from nba.evaluate.weighting import ips, snips
from nba.types import Floats
from tests.planted_log import PlantedLog, draw_log, make_world

WORLD = make_world(np.random.default_rng(1), unit_effect=3.0, rows_per_unit=4)
PLANTED = draw_log(WORLD, 2000, np.random.default_rng(2))
GAIN = WORLD.truth - WORLD.value(WORLD.logging)


def sums(planted: PlantedLog, target: Floats) -> Statistics:
    statistics = Statistics()
    statistics.update(planted.log, target, reward_predictions=planted.mean_reward)
    return statistics


@pytest.mark.parametrize("estimator", [ips, snips, dr], ids=lambda e: e.name)
def test_the_difference_is_that_of_the_estimates(estimator: RatioEstimator) -> None:
    mine, theirs = sums(PLANTED, PLANTED.target), sums(PLANTED, PLANTED.logging)
    estimand = estimator.estimand
    found = difference(mine, estimand, baseline=theirs)
    assert found.value == pytest.approx(
        mine.finalize(estimand).value - theirs.finalize(estimand).value
    )
    against_log = difference(mine, estimand)
    assert against_log.value == pytest.approx(
        mine.finalize(estimand).value - PLANTED.log.reward.mean()
    )


@pytest.mark.parametrize("estimator", [ips, snips, dr], ids=lambda e: e.name)
def test_a_policy_differs_from_itself_by_nothing(estimator: RatioEstimator) -> None:
    mine = sums(PLANTED, PLANTED.target)
    found = difference(mine, estimator.estimand, baseline=mine)
    assert (found.value, found.std_error) == (0.0, 0.0)
    # Against the log the weights are 1 and only a model's opinion of the choices is left.
    logged = difference(sums(PLANTED, PLANTED.logging), estimator.estimand)
    assert logged.low <= 0.0 <= logged.high
    assert abs(logged.value) < 0.1


def test_any_estimate_of_the_logging_policy_is_the_mean_reward() -> None:
    logged = logging_statistics(sums(PLANTED, PLANTED.target))
    for estimator in (ips, snips, dr):
        assert logged.finalize(estimator.estimand).value == pytest.approx(PLANTED.log.reward.mean())
    assert logged.ess == 2000


def test_pairing_gives_a_tighter_interval_than_two_estimates() -> None:
    mine = sums(PLANTED, PLANTED.target)
    paired = difference(mine, dr.estimand).std_error
    apart = np.hypot(
        mine.finalize(dr.estimand).std_error,
        logging_statistics(mine).finalize(dr.estimand).std_error,
    )
    assert paired < 0.7 * apart


def coverage(sharpness: float, n: int, logs: int, *, against_log: bool) -> float:
    world = make_world(np.random.default_rng(3), sharpness=sharpness)
    uniform = 1.0 / np.repeat(np.diff(world.offsets), np.diff(world.offsets))
    gain = world.truth - world.value(world.logging if against_log else uniform)
    rng = np.random.default_rng(4)
    held = 0
    for _ in range(logs):
        planted = draw_log(world, n, rng)
        k = np.diff(planted.log.offsets)
        other = None if against_log else sums(planted, 1.0 / np.repeat(k, k))
        found = difference(sums(planted, planted.target), dr.estimand, baseline=other)
        held += found.low <= gain <= found.high
    return held / logs


@pytest.mark.parametrize("against_log", [True, False], ids=["logging", "uniform"])
@pytest.mark.parametrize(("sharpness", "n"), [(1.0, 600), (3.0, 300)])
def test_intervals_of_differences_hold_the_truth(
    sharpness: float, n: int, against_log: bool
) -> None:
    assert coverage(sharpness, n, 400, against_log=against_log) >= 0.93


def test_sums_of_other_rows_are_no_baseline() -> None:
    fewer = draw_log(WORLD, 500, np.random.default_rng(5))
    other = sums(fewer, fewer.target)
    with pytest.raises(InputError, match="of 2000 rows and the baseline's of others"):
        difference(sums(PLANTED, PLANTED.target), dr.estimand, baseline=other)
