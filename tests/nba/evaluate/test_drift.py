"""Drift: few sums however long the log is, steady logs stay quiet."""

import numpy as np
import pytest

from nba.evaluate.drift import Drift


def filled(values: np.ndarray[tuple[int], np.dtype[np.float64]], parts: int = 1) -> Drift:
    drift = Drift()
    for part in np.array_split(values, parts):
        drift.update(part)
    return drift


def test_chunks_do_not_matter() -> None:
    values = np.random.default_rng(1).normal(size=20_000)
    one, many = filled(values), filled(values, 137)
    np.testing.assert_allclose(one.sums, many.sums)
    assert one.size == many.size


def test_memory_does_not_grow_with_the_log() -> None:
    drift = filled(np.zeros(1_000_000), 50)
    assert len(drift.sums) <= 60
    assert sum(part[0] for part in drift.sums) == 1_000_000


def test_a_steady_series_is_seldom_called_drifting() -> None:
    rng = np.random.default_rng(2)
    z = [filled(rng.normal(size=3000)).z() for _ in range(300)]
    assert np.mean(np.abs(z) > 4) == 0.0
    assert np.std(z) == pytest.approx(1.0, abs=0.2)


def test_missing_values_and_short_series_are_no_drift() -> None:
    assert filled(np.full(100, np.nan)).z() == 0.0
    assert filled(np.arange(5.0)).z() == 0.0
