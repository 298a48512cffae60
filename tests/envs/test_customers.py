"""Customers: who they are has the stated mix; what is seen of them has the stated noise."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from envs.config import CentreConfig, coefficients
from envs.customers import draw_contact, draw_customer, pick, upset
from envs.records import Customer, column, table
from nba.types import Floats
from tests.envs.small_centre import small

N = 8_000
CONFIG = replace(small("telecom"), bump_share=0.3)
NAMES = (
    "intent", "channel", "tier", "second_language", "consent", "touches", "complexity", "affinity",
    "sentiment", "contact", "patience", "seen",
)  # fmt: skip


def drawn(config: CentreConfig, n: int = N) -> Mapping[str, Floats]:
    row, numbers = table(Customer, 1), coefficients(config)
    rows = table(Customer, n)
    for number in range(n):
        draw_customer(numbers, np.uint64(99), 0, row[0], number)
        draw_contact(numbers, np.uint64(99), row[0])
        rows[number] = row[0]
    return {name: column(rows, name).astype(np.float64) for name in NAMES}


@pytest.fixture(scope="module")
def many() -> Mapping[str, Floats]:
    return drawn(CONFIG)


def test_the_mixes_are_as_configured(many: Mapping[str, Floats]) -> None:
    error = 4 * np.sqrt(0.25 / N)
    intents = np.bincount(many["intent"].astype(int), minlength=4) / N
    assert intents == pytest.approx(np.array(CONFIG.intent_share), abs=error)
    tiers = np.bincount(many["tier"].astype(int), minlength=3) / N
    assert tiers == pytest.approx(np.array(CONFIG.value_share), abs=error)
    for name, share in (
        ("channel", 1 - CONFIG.voice_share),
        ("second_language", CONFIG.second_language_share),
        ("consent", CONFIG.consent_share),
        ("contact", CONFIG.carry_over_share),
    ):
        assert many[name].mean() == pytest.approx(share, abs=error)
    assert many["touches"].mean() == pytest.approx(CONFIG.touches_mean, abs=0.05)


def test_latent_traits_are_standard_normal_and_independent(many: Mapping[str, Floats]) -> None:
    for name in ("complexity", "affinity"):
        assert many[name].mean() == pytest.approx(0.0, abs=4 / np.sqrt(N))
        assert many[name].std() == pytest.approx(1.0, abs=4 / np.sqrt(N))
    assert np.abs(many["sentiment"]).max() < 1.0
    traits = np.array([many[name] for name in NAMES[:11]])
    # Chats wait longer: that alone hangs together.
    traits[10] /= np.where(many["channel"] == 1, CONFIG.chat_patience_factor, 1.0)
    together = np.corrcoef(traits) - np.eye(len(traits))
    assert np.abs(together).max() < 5 / np.sqrt(N)


def test_estimates_are_the_truth_plus_noise_of_the_stated_size(many: Mapping[str, Floats]) -> None:
    seen = many["seen"]
    error = seen[:, 2] - many["complexity"]
    assert error.std() == pytest.approx(CONFIG.complexity_noise, rel=0.05)
    assert abs(np.corrcoef(error, many["complexity"])[0, 1]) < 5 / np.sqrt(N)
    known = seen[:, 6] == 0
    error = (seen[:, 5] - many["affinity"])[known]
    assert error.std() == pytest.approx(CONFIG.affinity_noise, rel=0.05)
    for column_of, share in (
        (4, CONFIG.sentiment_missing_share),
        (6, CONFIG.affinity_missing_share),
    ):
        assert seen[:, column_of].mean() == pytest.approx(share, abs=4 * np.sqrt(0.25 / N))
        # What is missing tells nothing.
        assert not seen[seen[:, column_of] == 1, column_of - 1].any()


def test_patience_has_the_stated_median_and_a_bump_at_a_minute(many: Mapping[str, Floats]) -> None:
    calls = many["patience"][many["channel"] == 0]
    usual = np.mean((calls >= 50) & (calls < 75))
    without = drawn(replace(CONFIG, bump_share=0.0), 3_000)
    plain = without["patience"][without["channel"] == 0]
    added = usual - np.mean((plain >= 50) & (plain < 75)) * (1 - CONFIG.bump_share)
    assert added == pytest.approx(CONFIG.bump_share, abs=0.04)
    assert np.median(plain) == pytest.approx(CONFIG.patience_median_s, rel=0.12)
    assert np.log(plain).std() == pytest.approx(CONFIG.patience_sigma, rel=0.08)
    chats = without["patience"][without["channel"] == 1]
    factor = np.exp(np.log(chats).mean() - np.log(plain).mean())
    assert factor == pytest.approx(CONFIG.chat_patience_factor, rel=0.15)


def test_a_number_picks_the_share_that_holds_it() -> None:
    assert [pick((0.2, 0.5, 0.3), u) for u in (0.0, 0.19, 0.21, 0.69, 0.71, 0.999)] == [
        0, 0, 1, 1, 2, 2,
    ]  # fmt: skip


def test_a_mood_stays_between_its_ends() -> None:
    row = table(Customer, 1)
    mood = column(row, "sentiment")
    for by, after in ((0.4, -0.4), (0.9, -1.0), (-1.5, 0.5), (-3.0, 1.0)):
        upset(row[0], by)
        assert mood[0] == pytest.approx(after)
