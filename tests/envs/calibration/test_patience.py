"""Patience from censored waits: against textbook numbers, the kernel's law, and planted values."""

import numpy as np
import pytest

from envs.calibration.patience import density, fit_patience, kaplan_meier, survival
from envs.config import CentreConfig, coefficients
from envs.customers import draw_contact
from envs.presets import preset
from envs.records import Customer, table
from nba.types import Floats
from tests.envs.calibration.planted_centre import some_contacts

BANK = preset("bank")
TRUTH = np.array([BANK.patience_median_s, BANK.patience_sigma, BANK.bump_share, 1.6])


def kernel_patience(config: CentreConfig, n: int, channel: int) -> Floats:
    """Patience as the simulator draws it."""
    customers, c = table(Customer, 1), coefficients(config)
    drawn = np.zeros(n)
    for i in range(n):
        customers[0]["number"], customers[0]["channel"] = i, channel  # type: ignore[index]  # a numpy record
        draw_contact(c, np.uint64(77), customers[0])
        drawn[i] = customers[0]["patience"]  # type: ignore[index]  # a numpy record
    return drawn


def test_kaplan_meier_gives_the_textbook_curve() -> None:
    """Remission times of 21 patients on 6-MP: Kleinbaum and Klein 2012, table 2.1."""
    time = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
    event = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
    curve = kaplan_meier(np.array(time, dtype=float), np.array(event, dtype=float))
    assert curve.time_s.tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert np.allclose(curve.share, [0.857, 0.807, 0.753, 0.690, 0.628, 0.538, 0.448], atol=6e-4)
    assert curve.at_risk.tolist() == [21, 17, 15, 12, 11, 7, 6]


@pytest.mark.parametrize("channel", [0, 1])
def test_the_model_is_the_kernel_s(channel: int) -> None:
    drawn = np.sort(kernel_patience(BANK, 20_000, channel))
    left = survival(TRUTH, drawn, np.full(len(drawn), float(channel)))
    distance = np.abs(1.0 - left - (np.arange(len(drawn)) + 0.5) / len(drawn)).max()
    assert distance < 1.63 / np.sqrt(len(drawn))  # Kolmogorov's 1 % point


def test_the_density_is_the_slope_of_the_survival() -> None:
    time_s, chat = np.linspace(1.0, 900.0, 800), np.zeros(800)
    slope = (survival(TRUTH, time_s - 1e-3, chat) - survival(TRUTH, time_s + 1e-3, chat)) / 2e-3
    assert np.allclose(density(TRUTH, time_s, chat), slope, atol=1e-6)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_planted_patience_is_recovered_though_most_were_answered(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, truth = 12_000, np.array([200.0, 0.7, 0.1, 1.3])
    chat = (rng.random(n) < 0.4).astype(float)
    early = rng.random(n) < truth[2]
    patience = np.where(
        early, 50.0 + 25.0 * rng.random(n), truth[0] * np.exp(truth[1] * rng.normal(size=n))
    ) * np.where(chat > 0, truth[3], 1.0)
    offered = rng.exponential(90.0, n)
    wait, gave_up = np.minimum(patience, offered), (patience < offered).astype(float)
    assert gave_up.mean() < 0.3
    rows = some_contacts(wait_s=wait, abandoned=gave_up, voice=1.0 - chat)
    fitted = fit_patience(rows, BANK).part.fitted
    assert len(fitted) == 4
    for row, true in zip(fitted, truth, strict=True):
        assert isinstance(row.value, float)
        assert isinstance(row.std_error, float)
        assert abs(row.value - true) < 3.5 * row.std_error
        assert row.std_error < 0.15 * true


def test_taking_answered_waits_for_patience_would_be_far_off() -> None:
    """What the censoring is for: the median of abandonment times is no median of patience."""
    rng = np.random.default_rng(4)
    patience, offered = 300.0 * np.exp(rng.normal(size=8000)), rng.exponential(60.0, 8000)
    gave_up = (patience < offered).astype(float)
    rows = some_contacts(wait_s=np.minimum(patience, offered), abandoned=gave_up)
    median = next(r for r in fit_patience(rows, BANK).part.fitted if r.field == "patience_median_s")
    assert np.median(patience[gave_up > 0]) < 100.0
    assert median.value == pytest.approx(300.0, rel=0.2)


def test_few_abandonments_fit_nothing_and_say_so() -> None:
    rows = some_contacts(wait_s=np.full(500, 10.0), abandoned=np.zeros(500))
    part = fit_patience(rows, BANK).part
    assert part.fitted == ()
    assert {field for field, _ in part.left_out} == {
        "patience_median_s", "patience_sigma", "bump_share", "chat_patience_factor",
    }  # fmt: skip
    assert "0 abandonments" in part.left_out[0][1]
