"""Rows that were kept come back as they were, in any order."""

import numpy as np
import pytest

import envs.log_rows
from envs.log_rows import Pages


def test_pages_give_back_any_rows_in_any_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(envs.log_rows, "_PAGE", 7)
    rng = np.random.default_rng(1)
    whole = rng.random((50, 3)).astype(np.float32)
    pages = Pages(3)
    for part in np.split(whole, [1, 2, 20, 20, 34]):
        pages.append(part)
    for index in (np.arange(50), rng.permutation(50), np.array([49, 0, 0]), np.array([], np.int64)):
        np.testing.assert_array_equal(pages.take(index), whole[index])
