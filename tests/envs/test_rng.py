"""Keyed draws have the distributions their names promise, and no memory."""

import numpy as np
import pytest

from envs import rng
from envs.jit import njit
from nba.types import Floats

N = 40_000


def _draws(kind: int, parameter: float) -> Floats:
    values = np.empty(N)
    _draw(values, kind, parameter)
    return values


@njit
def _draw(values: Floats, kind: int, parameter: float) -> None:
    for i in range(N):
        key = rng.key(np.uint64(5), i)
        if kind == 0:
            values[i] = rng.uniform(key, rng.SERVICE)
        elif kind == 1:
            values[i] = rng.normal(key, rng.SERVICE)
        elif kind == 2:
            values[i] = rng.gamma(key, rng.SLOT, parameter)
        else:
            values[i] = rng.poisson(key, rng.ARRIVAL, parameter)


@pytest.mark.parametrize(
    ("kind", "parameter", "mean", "variance"),
    [
        (0, 0.0, 0.5, 1 / 12),
        (1, 0.0, 0.0, 1.0),
        (2, 0.4, 0.4, 0.4),
        (2, 30.0, 30.0, 30.0),
        (3, 0.7, 0.7, 0.7),
        (3, 60.0, 60.0, 60.0),
    ],
)
def test_mean_and_variance_are_those_of_the_distribution(
    kind: int, parameter: float, mean: float, variance: float
) -> None:
    values = _draws(kind, parameter)
    assert abs(values.mean() - mean) < 4 * np.sqrt(variance / N)
    assert values.var() == pytest.approx(variance, rel=0.06)


def test_the_same_key_and_purpose_give_the_same_number_and_others_do_not() -> None:
    key = rng.key(np.uint64(1), 2)
    assert rng.uniform(key, rng.RESOLVE) == rng.uniform(key, rng.RESOLVE)
    assert rng.uniform(key, rng.RESOLVE) != rng.uniform(key, rng.SERVICE)
    assert rng.key(np.uint64(1), 2) != rng.key(np.uint64(1), 3)


def test_neighbouring_keys_are_not_correlated() -> None:
    values = _draws(0, 0.0)
    assert abs(np.corrcoef(values[:-1], values[1:])[0, 1]) < 4 / np.sqrt(N)
