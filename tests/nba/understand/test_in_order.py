"""Sums in a fixed order: those of a loop, to the bit, whatever the shape."""

import numpy as np
import pytest

from nba.types import Floats32
from nba.understand.in_order import product, sums


def by_loop(left: Floats32, right: Floats32) -> Floats32:
    found = np.zeros((len(left), right.shape[1]), dtype=np.float32)
    for i in range(left.shape[1]):
        found = found + left[:, i, None] * right[i]
    return found


@pytest.mark.parametrize("k", [1, 7, 200])
@pytest.mark.parametrize("n", [1, 8, 9, 130])
@pytest.mark.parametrize("h", [1, 2, 48])
def test_a_product_is_summed_row_by_row(k: int, n: int, h: int) -> None:
    rng = np.random.default_rng(k + n + h)
    left = rng.normal(size=(k, n)).astype(np.float32)
    right = rng.normal(size=(n, h)).astype(np.float32)
    found = product(left, right)
    assert found.dtype == np.float32
    assert found.tobytes() == by_loop(left, right).tobytes()
    assert found == pytest.approx(left @ right, abs=1e-4)


def test_the_order_is_not_that_of_the_library() -> None:
    rng = np.random.default_rng(3)
    left = rng.normal(size=(40, 100)).astype(np.float32)
    right = rng.normal(size=(100, 40)).astype(np.float32)
    assert product(left, right).tobytes() != (left @ right).tobytes()


def test_nothing_sums_to_nothing() -> None:
    assert product(np.zeros((2, 0)), np.zeros((0, 3))).tolist() == [[0.0] * 3] * 2
    assert sums(np.zeros((2, 0, 1))).tolist() == [[0.0]] * 2
