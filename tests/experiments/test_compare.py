"""Policies on the same days."""

import numpy as np
import pytest

from envs.evaluate_days import DayTable
from experiments.compare import (
    Contestant,
    difference_over_blocks,
    mean_interval,
    paired_difference,
)

RNG = np.random.default_rng(4)


def table(
    name: str, earned: list[float] | np.ndarray[tuple[int], np.dtype[np.float64]]
) -> DayTable:
    return DayTable(name, {"eur_per_contact": np.asarray(earned, dtype=np.float64)}, {})


def test_the_interval_is_the_textbook_one() -> None:
    # Standard error sqrt(50 / 24), t(0.975, 23) = 2.068658 (any table of Student's t).
    found = mean_interval(np.arange(24.0))
    half = 2.068658 * np.sqrt(50.0 / 24.0)
    expected = (11.5, 11.5 - half, 11.5 + half)
    assert (found.value, found.low, found.high) == pytest.approx(expected, abs=1e-4 * half)


def test_about_one_interval_in_twenty_misses_the_truth() -> None:
    days = RNG.normal(1.0, 2.0, size=(2000, 12))
    found = [mean_interval(row) for row in days]
    missed = np.mean([not one.low <= 1.0 <= one.high for one in found])
    assert missed == pytest.approx(0.05, abs=0.015)


def test_pairing_takes_out_what_both_lived_through() -> None:
    day = RNG.normal(0.0, 5.0, size=40)
    worse, better = table("worse", day), table("better", day + RNG.normal(0.2, 0.1, size=40))
    paired = paired_difference(better, worse)
    alone = mean_interval(better["eur_per_contact"])
    assert paired.low > 0.0
    assert paired.high - paired.low < 0.1 * (alone.high - alone.low)


def test_a_difference_the_other_way_round_is_its_negative() -> None:
    one, other = table("one", RNG.normal(size=9)), table("other", RNG.normal(size=9))
    there, back = paired_difference(one, other), paired_difference(other, one)
    assert (there.value, there.low, there.high) == pytest.approx(
        (-back.value, -back.high, -back.low)
    )


def test_blocks_count_where_policies_were_trained_and_days_where_not() -> None:
    # Two blocks of many equal days: the days agree, what two trainings gave does not.
    zero, lucky, unlucky = (table("p", [gain] * 50) for gain in (0.0, 1.0, 0.0))
    base = Contestant("base", (zero, zero))
    trained = Contestant("trained", (lucky, unlucky), learned_anew=True)
    fixed = Contestant("fixed", (lucky, unlucky))
    over_blocks = difference_over_blocks(trained, base)
    assert (over_blocks.value, over_blocks.high - 0.5) == pytest.approx(
        (0.5, 0.5 * 12.7062), rel=1e-4
    )
    over_days = difference_over_blocks(fixed, base)
    assert over_days.value == 0.5
    assert over_days.high - 0.5 == pytest.approx(1.9842 * 0.5 / np.sqrt(99), rel=1e-3)
