"""Tenths of the predicted reward from sums: nearly those of sorting, and they add up."""

import numpy as np
import pytest

from nba.evaluate.calibration import CalibrationSums

RNG = np.random.default_rng(1)
PREDICTED = 5.0 + RNG.normal(0.0, 0.1, 20_000)
OBSERVED = PREDICTED + RNG.normal(0.0, 1.0, 20_000)


def test_tenths_are_those_of_sorting_but_for_a_bin() -> None:
    sums = CalibrationSums(centre=5.0)
    sums.update(PREDICTED, OBSERVED)
    found = sums.result()
    assert len(found) == 10
    parts = np.array_split(np.argsort(PREDICTED), 10)
    for tenth, part in zip(found, parts, strict=True):
        assert tenth.rows == pytest.approx(2000, rel=0.05)
        assert tenth.predicted == pytest.approx(PREDICTED[part].mean(), abs=0.005)
        assert tenth.observed == pytest.approx(OBSERVED[part].mean(), abs=0.02)


def test_parts_add_up_and_missing_rewards_are_left_out() -> None:
    whole, first, second = (CalibrationSums(centre=5.0) for _ in range(3))
    observed = np.where(np.arange(20_000) % 4 == 0, np.nan, OBSERVED)
    whole.update(PREDICTED, observed)
    first.update(PREDICTED[:7000], observed[:7000])
    second.update(PREDICTED[7000:], observed[7000:])
    first.merge(second)
    np.testing.assert_allclose(first.sums, whole.sums)
    assert sum(tenth.rows for tenth in first.result()) == 15_000
