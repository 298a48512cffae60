"""Arrival fitting: on the real series bank_calls, and on counts whose law is known."""

from dataclasses import replace

import numpy as np
import pytest

from envs.calibration.arrivals import dispersion_figures, fit_arrivals
from envs.calibration.counts import SlotCounts, count_arrivals
from envs.calibration.fit import calibrate_counts
from envs.calibration.from_csv import read_table
from envs.config import CentreConfig
from envs.log_columns import opening_time
from envs.presets import preset
from envs.records import column
from envs.vector import ContactCentreVector
from nba.errors import InputError
from nba.types import Floats
from tests.envs.calibration.bank_calls import write_bank_calls

BANK = preset("bank")


@pytest.fixture(scope="module")
def bank_calls(tmp_path_factory: pytest.TempPathFactory) -> SlotCounts:
    found = read_table(write_bank_calls(tmp_path_factory.mktemp("data")), {})
    assert isinstance(found, SlotCounts)
    return found


def simulated(config: CentreConfig, days: int, seed: int) -> SlotCounts:
    vector = ContactCentreVector(config, days, seed)
    vector.reset()
    n = column(vector.state.centre, "n_arrivals").astype(np.int64)
    opening = opening_time(config, np.arange(days))
    at = [opening[b] + vector.state.arrival[b, : n[b]] for b in range(days)]
    return count_arrivals(np.concatenate(at))


def value(table: SlotCounts, field: str) -> Floats:
    return np.asarray(next(row.value for row in fit_arrivals(table).fitted if row.field == field))


def test_the_real_series_gives_the_published_figures(bank_calls: SlotCounts) -> None:
    assert bank_calls.counts.shape == (164, 169)
    assert bank_calls.counts.sum() == pytest.approx(5.32e6, rel=1e-3)
    profile = [84, 160, 268, 283, 273, 259, 249, 242, 232, 204, 154, 119, 95, 77, 70]
    assert value(bank_calls, "profile").round().tolist() == profile
    factors = [1.122, 1.006, 0.949, 0.948, 0.985]
    assert np.allclose(value(bank_calls, "weekday_factors"), factors, atol=5e-4)
    figures = dispersion_figures(bank_calls)
    assert figures["daily_cv"] == pytest.approx(0.09, abs=5e-4)
    assert figures["cell_ratio"] == pytest.approx(2.01, abs=0.005)
    assert figures["residual_ratio"] == pytest.approx(1.61, abs=0.005)
    assert value(bank_calls, "open_hour") == 7.0
    assert value(bank_calls, "profile_hours") == pytest.approx(169 * 5 / 60)


def assert_same_dispersion(found: dict[str, float]) -> None:
    """Near the real series: the bounds hold the sampling error of 160 days, not more."""
    assert found["residual_ratio"] == pytest.approx(1.61, abs=0.06)
    assert found["cell_ratio"] == pytest.approx(2.01, abs=0.25)
    assert found["cell_ratio_mean"] == pytest.approx(2.19, abs=0.25)
    assert found["daily_cv"] == pytest.approx(0.09, abs=0.015)


@pytest.mark.parametrize("seed", [5, 6])
def test_a_simulation_of_the_fit_varies_like_the_real_series(
    bank_calls: SlotCounts, seed: int
) -> None:
    config = calibrate_counts(bank_calls, BANK).config
    assert_same_dispersion(dispersion_figures(simulated(config, 160, seed)))


def test_a_plain_poisson_simulation_fails_that_check(bank_calls: SlotCounts) -> None:
    config = replace(calibrate_counts(bank_calls, BANK).config, day_cv=0.0, dispersion=1.0)
    found = dispersion_figures(simulated(config, 160, seed=5))
    assert found["residual_ratio"] == pytest.approx(1.0, abs=0.03)
    with pytest.raises(AssertionError):
        assert_same_dispersion(found)


@pytest.mark.parametrize(("day_cv", "dispersion"), [(0.12, 1.0), (0.02, 2.5), (0.06, 1.6)])
def test_day_factor_and_slot_noise_are_told_apart(day_cv: float, dispersion: float) -> None:
    config = replace(BANK, contacts_per_day=9000.0, day_cv=day_cv, dispersion=dispersion)
    fitted = {row.field: row for row in fit_arrivals(simulated(config, 150, seed=8)).fitted}
    for name, truth in (("day_cv", day_cv), ("dispersion", dispersion)):
        row = fitted[name]
        assert isinstance(row.value, float)
        assert isinstance(row.std_error, float)
        assert abs(row.value - truth) < 3.5 * row.std_error
        assert row.std_error < 0.15 * max(truth, 0.05)


def test_weekdays_with_their_own_profile_are_noticed() -> None:
    days = 150
    weekday = np.arange(days) % 5
    mean = np.full((days, 100), 60.0)
    mean[weekday == 0, :50] *= 1.3
    mean[weekday == 0, 50:] *= 0.7
    counts = np.random.default_rng(3).poisson(mean).astype(float)
    part = fit_arrivals(SlotCounts(counts, weekday, 8.0, 0))
    figures = dict(part.figures)
    assert figures["dispersion_own_profiles"] == pytest.approx(1.0, abs=0.05)
    fitted = {row.field: row.value for row in part.fitted}
    assert fitted["dispersion"] > 1.5  # type: ignore[operator]  # a single number
    assert any("profiles of their own" in note for note in part.notes)


def test_few_days_fit_no_spread_and_say_so() -> None:
    part = fit_arrivals(simulated(BANK, 6, seed=1))
    assert {"day_cv", "dispersion"} <= {field for field, _ in part.left_out}


def test_no_arrivals_are_refused() -> None:
    with pytest.raises(InputError, match="no arrival on a working day"):
        fit_arrivals(SlotCounts(np.zeros((4, 10)), np.arange(4), 7.0, 0))
