"""Intervals: against numbers worked elsewhere, and how often they hold the planted truth."""

from dataclasses import replace

import numpy as np
import pytest

from nba.errors import InputError
from nba.evaluate.doubly_robust import dr
from nba.evaluate.estimator import RatioEstimator
from nba.evaluate.intervals import (
    Extreme,
    cressie_read_interval,
    delta_error,
    delta_interval,
    empirical_bernstein_interval,
    t_quantile,
    tail_size,
)
from nba.evaluate.weighting import ips, snips
from tests.planted_log import IDS, PlantedWorld, draw_log, make_world

PLAIN = make_world(np.random.default_rng(1))
CLUSTERED = make_world(np.random.default_rng(3), unit_effect=1.5, rows_per_unit=6)
LOGS = 1000


def coverage(
    estimators: tuple[RatioEstimator, ...],
    world: PlantedWorld,
    n: int,
    *,
    logs: int = LOGS,
    by_row: bool = False,
) -> dict[str, float]:
    """How often each estimator's 95 % interval holds the truth."""
    rng = np.random.default_rng(7)
    held = dict.fromkeys([estimator.name for estimator in estimators], 0)
    for _ in range(logs):
        planted = draw_log(world, n, rng)
        log = replace(planted.log, unit=IDS[:n]) if by_row else planted.log
        for estimator in estimators:
            model = 0.5 * planted.mean_reward + 1.0
            found = estimator(log, planted.target, reward_predictions=model)
            held[estimator.name] += found.low <= world.truth <= found.high
    return {name: count / logs for name, count in held.items()}


@pytest.mark.parametrize(
    ("degrees", "table"),  # two-sided 95 % points of Student's t, any statistics table
    [(1, 12.706), (2, 4.303), (5, 2.571), (10, 2.228), (30, 2.042), (120, 1.980), (100_000, 1.960)],
)
def test_t_quantiles_are_those_of_the_table(degrees: int, table: float) -> None:
    assert t_quantile(0.95, degrees) == pytest.approx(table, abs=0.0006)


def test_a_level_is_a_probability() -> None:
    with pytest.raises(InputError, match=r"level is 1\.0"):
        t_quantile(1.0, 10)


def test_the_delta_interval_of_a_mean_is_the_textbook_one() -> None:
    values = np.random.default_rng(1).normal(3, 2, 50)
    influence = (values - values.mean()) / 50
    assert delta_error(influence) == pytest.approx(values.std(ddof=1) / np.sqrt(50))
    low, high = delta_interval(values.mean(), influence, level=0.95)
    assert high - low == pytest.approx(2 * 2.0096 * values.std(ddof=1) / np.sqrt(50), rel=1e-4)


def test_one_customer_says_nothing_about_the_others() -> None:
    assert delta_interval(1.0, np.zeros(1), level=0.95) == (-np.inf, np.inf)
    one = np.ones(1)
    assert cressie_read_interval(one, one, one, [Extreme(0, 0)], level=0.95) == (-np.inf, np.inf)


def test_cressie_read_is_a_little_wider_than_the_delta_interval_in_a_large_log() -> None:
    # With weights of 1 nothing but the mean of the rewards is left; room for the row that is not
    # there makes it sqrt(1 + 1 / 1.96²) = 1.12 times as wide.
    rewards = np.random.default_rng(2).normal(3, 2, 20_000)
    one = np.ones(20_000)
    extremes = [Extreme(float(rewards.min()), 1.0), Extreme(float(rewards.max()), 1.0)]
    mine = cressie_read_interval(rewards, one, one, extremes, level=0.95)
    theirs = delta_interval(rewards.mean(), (rewards - rewards.mean()) / 20_000, level=0.95)
    assert (mine.high - mine.low) / (theirs.high - theirs.low) == pytest.approx(1.12, abs=0.03)
    assert mine.low < theirs.low < theirs.high < mine.high


def test_cressie_read_allows_for_a_row_that_is_not_there() -> None:
    rng = np.random.default_rng(3)
    weight = rng.exponential(1.0, 100)
    totals, rows = weight * rng.normal(3, 1, 100), np.ones(100)
    narrow = cressie_read_interval(totals, rows, weight, [Extreme(3.0, 1.0)], level=0.95)
    wide = cressie_read_interval(totals, rows, weight, [Extreme(60.0, 6.0)], level=0.95)
    assert wide.high > narrow.high + 0.05


def test_cressie_read_has_an_interval_when_the_weights_are_off() -> None:
    # The distance to mean weight 1 is the same for every value: it must not use the level up.
    rng = np.random.default_rng(4)
    weight = rng.uniform(0.2, 3.0, 400)
    rewards = rng.normal(3, 1, 400)
    extremes = [Extreme(w * r, w) for w in (0.0, 3.0) for r in (0.0, 6.0)]
    found = cressie_read_interval(weight * rewards, np.ones(400), weight, extremes, level=0.95)
    assert found.low < 3.0 < found.high
    assert 0.1 < found.high - found.low < 0.8


def test_the_empirical_bernstein_interval_is_the_papers() -> None:
    # Maurer & Pontil 2009, theorem 4, worked by hand: n = 100, δ = .05 split over both ends.
    values = np.tile([0.0, 1.0], 50)
    low, high = empirical_bernstein_interval(0.5, (values - 0.5) / 100, level=0.95)
    variance, surprise = 0.25 * 100 / 99, np.log(2 / 0.025)
    reach = np.sqrt(2 * variance * surprise / 100) + 7 * surprise / (3 * 99)
    assert (low, high) == pytest.approx((0.5 - reach, 0.5 + reach))


def test_the_empirical_bernstein_interval_holds_more_often_than_it_must() -> None:
    # Clicks of one in fifty: the normal interval fails, this one may not.
    rng = np.random.default_rng(5)
    held, normal = 0, 0
    for _ in range(2000):
        clicks = (rng.random(60) < 0.02).astype(float)
        influence = (clicks - clicks.mean()) / 60
        low, high = empirical_bernstein_interval(
            clicks.mean(), influence, level=0.95, spread=1 / 60
        )
        held += low <= 0.02 <= high
        plain = delta_interval(clicks.mean(), influence, level=0.95)
        normal += plain.low <= 0.02 <= plain.high
    assert held == 2000
    assert normal < 0.8 * 2000


def test_a_larger_possible_spread_gives_a_wider_bernstein_interval() -> None:
    influence = np.random.default_rng(6).normal(0, 0.01, 200)
    widths = [
        np.ptp(empirical_bernstein_interval(1.0, influence, level=0.95, spread=spread))
        for spread in (None, 0.2, 0.5)
    ]
    assert widths == sorted(widths)
    assert empirical_bernstein_interval(1.0, np.ones(1), level=0.95) == (-np.inf, np.inf)
    with pytest.raises(InputError, match="level is 95"):
        empirical_bernstein_interval(1.0, influence, level=95.0)


def test_the_tail_size_counts_the_buckets_that_carry_the_variance() -> None:
    normal = np.random.default_rng(7).normal(0, 1, 30_000)
    assert tail_size(normal) == pytest.approx(10_000, rel=0.05)
    assert tail_size(1e-200 * normal) == pytest.approx(tail_size(normal))


def test_intervals_hold_the_truth_at_their_rate() -> None:
    found = coverage((ips, snips, dr), PLAIN, 400)
    assert min(found.values()) >= 0.93, found
    assert max(found.values()) <= 0.98, found


def test_intervals_hold_the_truth_when_customers_come_back() -> None:
    found = coverage((snips, dr), CLUSTERED, 600, logs=LOGS)
    assert min(found.values()) >= 0.93, found


def test_intervals_by_row_would_be_too_sure_of_themselves() -> None:
    found = coverage((snips, dr), CLUSTERED, 600, logs=300, by_row=True)
    assert max(found.values()) < 0.88, found


@pytest.mark.parametrize("seed", [2, 3])
def test_small_effective_samples_are_still_covered(seed: int) -> None:
    world = make_world(np.random.default_rng(seed), sharpness=3.0)
    found = coverage((ips, snips, dr), world, 300, logs=300)
    assert min(found.values()) >= 0.93, found


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 9))
@pytest.mark.parametrize(
    ("sharpness", "rows_per_unit", "n"),
    [(1.0, 1, 400), (1.0, 5, 1000), (2.0, 4, 800), (3.0, 1, 300), (3.0, 4, 400)],
)
def test_coverage_over_many_worlds(seed: int, sharpness: float, rows_per_unit: int, n: int) -> None:
    world = make_world(
        np.random.default_rng(seed),
        sharpness=sharpness,
        unit_effect=1.5 if rows_per_unit > 1 else 0.0,
        rows_per_unit=rows_per_unit,
    )
    found = coverage((ips, snips, dr), world, n, logs=1000)
    assert min(found.values()) >= 0.92, found
