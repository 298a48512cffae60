"""Sensitivity bands: the ends that a search over all weights finds, and what Γ means."""

import itertools

import numpy as np
import pytest

from nba.errors import InputError
from nba.evaluate.buckets import row_buckets
from nba.evaluate.sensitivity import (
    WeightRange,
    choice_weights,
    odds_weights,
    robust_gamma,
    sensitivity_band,
)

RNG = np.random.default_rng(1)


@pytest.mark.parametrize("seed", range(5))
def test_the_ends_are_those_of_all_corners(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values, low = rng.normal(size=8), rng.uniform(0.1, 1.0, 8)
    high = low * rng.uniform(1.0, 3.0, 8)
    corners = [
        np.array(w) @ values / np.sum(w) for w in itertools.product(*zip(low, high, strict=True))
    ]
    found = sensitivity_band(values, WeightRange(low, high, 2.0), row_buckets(8), resamples=2)
    assert (found.least, found.most) == pytest.approx((min(corners), max(corners)))


def test_with_gamma_one_the_band_is_the_estimate_and_its_luck() -> None:
    values, e = RNG.normal(2, 1, 2000), RNG.uniform(0.2, 0.8, 2000)
    weights = choice_weights(np.full(2000, 0.5), e, 1.0)
    found = sensitivity_band(values, weights, row_buckets(2000))
    w = 0.5 / e
    assert (found.least, found.most) == pytest.approx((w @ values / w.sum(),) * 2)
    error = np.sqrt(np.square(w * (values - found.least)).sum()) / w.sum()
    assert found.high - found.low == pytest.approx(2 * 1.96 * error, rel=0.2)


def test_a_larger_gamma_gives_a_wider_band() -> None:
    values, e = RNG.normal(size=500), RNG.uniform(0.2, 0.8, 500)
    bands = [
        sensitivity_band(values, choice_weights(np.ones(500), e, g), row_buckets(500))
        for g in (1.0, 1.5, 3.0)
    ]
    assert np.all(np.diff([b.most - b.least for b in bands]) > 0)
    assert np.all(np.diff([b.high - b.low for b in bands]) > 0)


def test_the_band_holds_the_truth_when_a_hidden_cause_bends_the_odds_by_gamma() -> None:
    # A hidden u doubles the odds of the action or halves them, and raises the reward.
    held = trusted = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        u = rng.random(800) < 0.5
        p = np.where(u, 2 / 3, 1 / 3)
        taken = rng.random(800) < p
        reward = u + rng.normal(0, 0.5, 800)
        rows = np.flatnonzero(taken)
        for gamma in (1.0, 2.0):
            weights = choice_weights(np.ones(len(rows)), np.full(len(rows), 0.5), gamma)
            band = sensitivity_band(reward[rows], weights, row_buckets(len(rows)), resamples=100)
            if gamma == 1.0:
                trusted += band.low <= 0.5 <= band.high
            else:
                held += band.low <= 0.5 <= band.high
    assert held >= 95
    assert trusted <= 10


def test_how_robust_a_finding_is() -> None:
    values, e = RNG.normal(1.0, 0.3, 4000), np.full(4000, 0.5)

    def gamma_of(level: float) -> float:
        return robust_gamma(
            lambda g: sensitivity_band(
                values, choice_weights(np.ones(4000), e, g), row_buckets(4000), resamples=50
            ),
            level,
        )

    assert gamma_of(1.1) == 0.0
    assert 1.0 < gamma_of(0.95) < gamma_of(0.8) < 10.0
    assert gamma_of(-10.0) == 10.0


def test_weights_come_from_odds() -> None:
    found = choice_weights(np.array([1.0]), np.array([0.2]), 2.0)
    assert (found.low[0], found.high[0]) == pytest.approx((3.0, 9.0))  # odds 1/4, halved, doubled
    with pytest.raises(InputError, match=r"gamma is 0\.5"):
        odds_weights(np.ones(1), 0.5)
