"""Sums: any split of the rows gives the same ones, and they say what was left out."""

from dataclasses import replace

import numpy as np
import pytest

from nba.errors import LogError
from nba.evaluate.buckets import row_buckets
from nba.evaluate.difference import difference
from nba.evaluate.direct import dm
from nba.evaluate.doubly_robust import dr
from nba.evaluate.estimand import COLUMNS, Estimand
from nba.evaluate.rows import WeightedRows
from nba.evaluate.stats import SMALL_ESS, SMALL_TAIL, Statistics
from nba.evaluate.weighting import ips
from tests.planted_log import PlantedLog, draw_log, flat_of_rows, make_world, take_rows

WORLD = make_world(np.random.default_rng(1), rows_per_unit=4, unit_effect=1.0)
PLANTED = draw_log(WORLD, 1000, np.random.default_rng(2))


def sums(planted: PlantedLog, rows: np.ndarray | None = None) -> Statistics:
    statistics = Statistics()
    if rows is None:
        rows = np.arange(len(planted.log))
    flat = flat_of_rows(planted.log, rows)
    statistics.update(
        take_rows(planted.log, rows),
        planted.target[flat],
        reward_predictions=planted.mean_reward[flat],
    )
    return statistics


def test_updating_twice_is_merging_two() -> None:
    halves = np.split(np.arange(1000), 2)
    streamed = Statistics()
    for rows in halves:
        flat = flat_of_rows(PLANTED.log, rows)
        streamed.update(
            take_rows(PLANTED.log, rows),
            PLANTED.target[flat],
            reward_predictions=PLANTED.mean_reward[flat],
        )
    merged = sums(PLANTED, halves[0])
    merged.merge(sums(PLANTED, halves[1]))
    np.testing.assert_array_equal(streamed.buckets, merged.buckets)
    assert streamed.residual_range == merged.residual_range == sums(PLANTED).residual_range


def test_an_empty_shard_changes_nothing() -> None:
    merged = sums(PLANTED)
    before = merged.finalize(dr.estimand)
    merged.merge(sums(PLANTED, np.arange(0, 1)))
    assert merged.total("n") == 1001
    untouched = sums(PLANTED)
    untouched.merge(Statistics())
    assert untouched.finalize(dr.estimand) == before


def test_rows_of_one_customer_share_a_bucket() -> None:
    counts = sums(PLANTED).buckets[:, COLUMNS.index("n")]
    assert set((counts % 4).tolist()) == {0.0}
    assert counts.sum() == 1000


def test_chosen_rows_only() -> None:
    rows = np.arange(1000) % 3 == 0
    part = Statistics()
    part.update(PLANTED.log, PLANTED.target, reward_predictions=PLANTED.mean_reward, rows=rows)
    np.testing.assert_allclose(
        part.buckets, sums(PLANTED, np.flatnonzero(rows)).buckets, rtol=1e-12
    )
    assert part.unrewarded == 0


def test_nothing_seen_is_no_estimate() -> None:
    with pytest.raises(LogError, match="no row of the log has a reward"):
        Statistics().finalize(ips.estimand)
    unrewarded = Statistics()
    unrewarded.update(replace(PLANTED.log, reward=np.full(1000, np.nan)), PLANTED.target)
    assert unrewarded.unrewarded == 1000
    with pytest.raises(LogError, match="1000 are missing"):
        unrewarded.finalize(ips.estimand)


def test_a_mean_is_an_estimand_too() -> None:
    found = sums(PLANTED).finalize(Estimand("mean", {"r": 1.0}))
    assert found.value == pytest.approx(PLANTED.log.reward.mean())
    assert found.ess == 1000


def test_the_interval_follows_the_effective_sample_size() -> None:
    large = sums(PLANTED).finalize(dr.estimand)
    small = sums(PLANTED, np.arange(100)).finalize(dr.estimand)
    assert large.ess > SMALL_ESS > small.ess
    assert large.diagnostics["cressie_read"] == 0.0
    assert small.diagnostics["cressie_read"] == 1.0
    reach = large.high - large.value
    assert reach == pytest.approx(large.value - large.low)
    assert reach == pytest.approx(1.97 * large.std_error, rel=0.01)


def test_a_few_rare_rewards_ask_for_the_wider_interval() -> None:
    # All weights are 1, so the effective sample size is that of the rows; six rewards carry all.
    reward = np.zeros(2000)
    reward[::330] = 50.0
    found = Statistics()
    found.add(WeightedRows(row_buckets(2000), np.ones(2000), reward))
    told = found.finalize(ips.estimand)
    assert told.ess == 2000 > SMALL_ESS
    assert told.diagnostics["tail_size"] < SMALL_TAIL
    assert told.diagnostics["cressie_read"] == 1.0
    assert told.high - told.value > told.value - told.low


def test_a_log_with_one_reward_only_says_nothing_of_others() -> None:
    clicks = Statistics()
    rows = WeightedRows(row_buckets(200), np.ones(200), np.zeros(200), np.zeros(200), np.ones(200))
    clicks.add(rows)
    for estimand in (ips.estimand, dr.estimand, Estimand("mean", {"r": 1.0})):
        told = clicks.finalize(estimand)
        assert (told.low, told.high) == (-np.inf, np.inf)
    assert difference(clicks, ips.estimand).high == np.inf
    # The direct method speaks of the model's opinion alone.
    assert np.isfinite(clicks.finalize(dm.estimand).high)
