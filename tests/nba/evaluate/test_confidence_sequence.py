"""Confidence sequences: right at every look, where a fixed interval that is looked at is not."""

import numpy as np
import pytest

from nba.errors import InputError
from nba.evaluate.confidence_sequence import (
    ConfidenceSequence,
    asymptotic_sequence,
    difference_sequence,
    value_sequence,
)
from nba.types import Floats

LOGGING = np.array([0.5, 0.3, 0.2])
TARGET = np.array([0.1, 0.3, 0.6])
CLICK = np.array([0.2, 0.4, 0.5])
TRUTH = float(TARGET @ CLICK)
GAIN = float((TARGET - LOGGING) @ CLICK)


def rows(n: int, seed: int) -> tuple[Floats, Floats, Floats]:
    rng = np.random.default_rng(seed)
    action = rng.choice(3, n, p=LOGGING)
    reward = (rng.random(n) < CLICK[action]).astype(np.float64)
    return (TARGET / LOGGING)[action], reward, np.arange(n, dtype=np.float64)


def ever_wrong(found: ConfidenceSequence, truth: float, first: int = 0) -> bool:
    return bool(((found.low[first:] > truth) | (found.high[first:] < truth)).any())


def test_peeking_at_every_row_errs_seldom() -> None:
    value = difference = fixed = 0
    for seed in range(1000):
        weight, reward, at = rows(1000, seed)
        value += ever_wrong(value_sequence(weight, reward, at, reward_range=(0, 1)), TRUTH)
        found = difference_sequence(weight, reward, at, reward_range=(0, 1))
        difference += ever_wrong(found, GAIN)
        x, t = weight * reward, np.arange(1, 1001)
        mean = np.cumsum(x) / t
        error = np.sqrt(np.maximum(np.cumsum(x * x) / t - mean**2, 0) / t)
        fixed += bool((np.abs(mean - TRUTH) > 1.96 * error)[50:].any())
    assert value <= 50
    assert difference <= 50
    assert fixed > 150  # what 5 % become when one looks at a fixed interval all the time


def test_the_asymptotic_sequence_errs_seldom_once_rows_are_many() -> None:
    wrong = 0
    for seed in range(1000):
        weight, reward, at = rows(1000, seed)
        wrong += ever_wrong(asymptotic_sequence(weight * reward, at, best_at=500), TRUTH, first=100)
    assert wrong <= 50


def test_the_interval_closes_in_on_the_truth() -> None:
    weight, reward, at = rows(50_000, 1)
    found = value_sequence(weight, reward, at, reward_range=(0, 1))
    width = found.high - found.low
    assert width[-1] < 0.05
    assert width[-1] < 0.3 * width[2000]
    closer = asymptotic_sequence(weight * reward, at)
    assert closer.high[-1] - closer.low[-1] < width[-1]


def test_a_clear_difference_is_decided_early_and_none_is_not_decided() -> None:
    weight, reward, at = rows(20_000, 2)
    decided = difference_sequence(weight, reward, at, reward_range=(0, 1)).decided_at()
    assert 0 < decided < 10_000
    same = difference_sequence(np.ones(20_000), reward, at, reward_range=(0, 1))
    assert same.decided_at() == -1


def test_rewards_in_another_range_are_only_scaled() -> None:
    weight, reward, at = rows(500, 3)
    plain = value_sequence(weight, reward, at, reward_range=(0, 1))
    euros = value_sequence(weight, 40 * reward - 10, at, reward_range=(-10, 30))
    np.testing.assert_allclose(euros.low, 40 * plain.low - 10)
    np.testing.assert_allclose(euros.high, 40 * plain.high - 10)


def test_the_order_matters_and_later_rows_change_nothing_before() -> None:
    weight, reward, at = rows(500, 4)
    whole = value_sequence(weight, reward, at, reward_range=(0, 1))
    half = value_sequence(weight[:250], reward[:250], at[:250], reward_range=(0, 1))
    np.testing.assert_array_equal(whole.low[:250], half.low)
    turned = value_sequence(weight[::-1], reward[::-1], at, reward_range=(0, 1))
    assert turned.low[-1] != whole.low[-1]


def test_tightened_ends_never_move_away() -> None:
    found = value_sequence(*rows(500, 5), reward_range=(0, 1))
    tight = found.tightened()
    assert np.all(np.diff(tight.low) >= 0)
    assert np.all(np.diff(tight.high) <= 0)
    assert tight.low[-1] == found.low.max()


def test_what_cannot_be_read_is_refused_with_its_row() -> None:
    weight, reward, at = rows(10, 6)
    with pytest.raises(InputError, match="row 4 is earlier than row 3"):
        value_sequence(weight, reward, np.where(np.arange(10) == 4, 0.0, at), reward_range=(0, 1))
    changed = np.where(np.arange(10) == 2, 7.0, reward)
    with pytest.raises(InputError, match=r"reward\[2\] is 7\.0, outside the range 0 to 1"):
        value_sequence(weight, changed, at, reward_range=(0, 1))
    with pytest.raises(InputError, match=r"weight\[1\] is -1\.0"):
        difference_sequence(
            np.where(np.arange(10) == 1, -1.0, weight), reward, at, reward_range=(0, 1)
        )
    with pytest.raises(InputError, match="9 times were given for 10 rows"):
        asymptotic_sequence(reward, at[1:])
    with pytest.raises(InputError, match="level is 95"):
        asymptotic_sequence(reward, at, level=95)
