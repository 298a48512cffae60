"""Simulated arrivals against the measured profile and over-dispersion of bank_calls (2003)."""

from dataclasses import replace

import numpy as np
import pytest

from envs.presets import preset
from envs.vector import ContactCentreVector
from nba.types import Floats

DAYS = 160  # centre-days at the source's size: 5.32 M calls / 164 weekdays


@pytest.fixture(scope="module")
def counts() -> Floats:
    config = replace(preset("bank"), contacts_per_day=5.32e6 / 164)
    vector = ContactCentreVector(config, DAYS, seed=5)
    vector.reset()
    n = np.array([row.n_arrivals for row in vector.state.centre.view(np.recarray)])  # type: ignore[attr-defined]  # a numpy record array
    slots = np.arange(0, 170) * 300.0
    return np.array(
        [np.histogram(vector.state.arrival[b, : n[b]], slots)[0] for b in range(DAYS)], dtype=float
    )


def test_the_hourly_profile_is_the_measured_one(counts: Floats) -> None:
    measured = np.array([84, 160, 268, 283, 273, 259, 249, 242, 232, 204, 154, 119, 95, 77])
    hourly = counts[:, : 14 * 12].reshape(DAYS, 14, 12).mean(axis=(0, 2))
    assert np.allclose(hourly / hourly.sum(), measured / measured.sum(), rtol=0.03)


def test_weekdays_differ_as_measured(counts: Floats) -> None:
    totals = counts.sum(axis=1).reshape(-1, 5).mean(axis=0)
    assert np.allclose(totals / totals.mean(), [1.122, 1.006, 0.949, 0.948, 0.985], atol=0.03)


def test_counts_are_over_dispersed_as_measured(counts: Floats) -> None:
    by_weekday = counts.reshape(-1, 5, counts.shape[1])
    total = by_weekday.var(axis=0, ddof=1) / by_weekday.mean(axis=0)
    assert total.mean() == pytest.approx(2.01, abs=0.3)
    day = by_weekday.sum(axis=2, keepdims=True)
    expected = by_weekday.mean(axis=0) * day / day.mean(axis=0)
    within = ((by_weekday - expected) ** 2).mean(axis=0) / by_weekday.mean(axis=0)
    assert within.mean() == pytest.approx(1.61, abs=0.1)
