"""Resampling buckets: near the delta method, and right where rows repeat customers."""

import numpy as np
import pytest

from nba.errors import InputError, LogError
from nba.evaluate.buckets import row_buckets
from nba.evaluate.doubly_robust import dr, sndr
from nba.evaluate.estimators import ESTIMATORS
from nba.evaluate.intervals import delta_error
from nba.evaluate.resampling import (
    bootstrap_intervals,
    bootstrap_values,
    jackknife_error,
    jackknife_interval,
)
from nba.evaluate.rows import WeightedRows
from nba.evaluate.stats import Statistics, linearise
from nba.evaluate.weighting import ips, snips
from tests.planted_log import PlantedLog, draw_log, make_world

WORLD = make_world(np.random.default_rng(1), unit_effect=1.5, rows_per_unit=5)
PLANTED = draw_log(WORLD, 4000, np.random.default_rng(2))
FOUR = [e.estimand for e in (ips, snips, dr, sndr)]


def sums(planted: PlantedLog) -> Statistics:
    statistics = Statistics()
    statistics.update(planted.log, planted.target, reward_predictions=planted.mean_reward)
    return statistics


SUMS = sums(PLANTED)


@pytest.mark.parametrize("estimand", FOUR, ids=lambda e: e.name)
def test_the_jackknife_agrees_with_the_delta_method(estimand: object) -> None:
    error = delta_error(linearise(SUMS, estimand).influence)  # type: ignore[arg-type]  # of FOUR
    assert jackknife_error(SUMS, estimand) == pytest.approx(error, rel=0.01)  # type: ignore[arg-type]  # of FOUR


def test_the_jackknife_of_a_mean_is_the_textbook_error() -> None:
    rewards = np.random.default_rng(3).normal(3, 2, 500)
    statistics = Statistics()
    bucket = np.arange(500, dtype=np.int32)
    statistics.add(WeightedRows(bucket, np.ones(500), rewards))
    wanted = rewards.std(ddof=1) / np.sqrt(500)
    assert jackknife_error(statistics, ips.estimand) == pytest.approx(wanted, rel=1e-9)
    low, high = jackknife_interval(statistics, ips.estimand)
    assert (low + high) / 2 == pytest.approx(rewards.mean())


def test_bootstrap_errors_agree_with_the_delta_method() -> None:
    values = bootstrap_values(SUMS, FOUR, resamples=2000, seed=1)
    for place, estimand in enumerate(FOUR):
        error = delta_error(linearise(SUMS, estimand).influence)
        assert values[:, place].std() == pytest.approx(error, rel=0.08)
        assert values[:, place].mean() == pytest.approx(
            linearise(SUMS, estimand).value, abs=5 * error / np.sqrt(2000)
        )


def test_a_resample_is_what_recomputing_from_its_buckets_gives() -> None:
    values = bootstrap_values(SUMS, [sndr.estimand], resamples=3, seed=2)
    alone = bootstrap_values(SUMS, [ips.estimand, sndr.estimand], resamples=3, seed=2)
    np.testing.assert_allclose(values[:, 0], alone[:, 1], rtol=1e-12)


def test_differences_of_two_policies_are_paired() -> None:
    other = Statistics()
    other.update(PLANTED.log, PLANTED.logging, reward_predictions=PLANTED.mean_reward)
    mine = bootstrap_values(SUMS, [dr.estimand], seed=3)
    theirs = bootstrap_values(other, [dr.estimand], seed=3)
    unpaired = np.hypot(mine.std(), theirs.std())
    assert (mine - theirs).std() < 0.6 * unpaired


def test_percentile_intervals_hold_the_truth_of_customers_that_come_back() -> None:
    rng = np.random.default_rng(4)
    held = np.zeros(3)
    wanted = [snips.estimand, dr.estimand, sndr.estimand]
    for seed in range(400):
        found = bootstrap_intervals(
            sums(draw_log(WORLD, 1000, rng)), wanted, resamples=300, seed=seed
        )
        held += [low <= WORLD.truth <= high for low, high in found]
    assert held.min() / 400 >= 0.92


def test_the_same_seed_gives_the_same_interval() -> None:
    first = bootstrap_intervals(SUMS, FOUR, resamples=150, seed=5)
    assert first == bootstrap_intervals(SUMS, FOUR, resamples=150, seed=5)
    assert first != bootstrap_intervals(SUMS, FOUR, resamples=150, seed=6)


def test_every_estimator_can_be_resampled() -> None:
    chosen = [estimator.choose(SUMS) for estimator in ESTIMATORS]
    values = bootstrap_values(SUMS, chosen, resamples=10)
    assert values.shape == (10, len(ESTIMATORS))
    assert np.isfinite(values).all()


def test_one_customer_says_nothing_about_the_others() -> None:
    statistics = Statistics()
    statistics.add(WeightedRows(np.zeros(3, dtype=np.int32), np.ones(3), np.ones(3)))
    assert jackknife_interval(statistics, ips.estimand) == (-np.inf, np.inf)
    assert bootstrap_intervals(statistics, [ips.estimand]) == ((-np.inf, np.inf),)


def test_bad_questions_are_refused() -> None:
    with pytest.raises(InputError, match="resamples is 1;"):
        bootstrap_values(SUMS, FOUR, resamples=1)
    with pytest.raises(InputError, match="level is 95"):
        bootstrap_intervals(SUMS, FOUR, level=95.0)
    with pytest.raises(LogError, match="no row of the log has a reward"):
        bootstrap_values(Statistics(), FOUR)
    without = Statistics()
    without.add(WeightedRows(row_buckets(9), np.ones(9), np.ones(9)))
    with pytest.raises(InputError, match="dr needs reward_predictions"):
        bootstrap_values(without, [dr.estimand])
