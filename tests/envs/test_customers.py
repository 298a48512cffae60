"""Customers: who they are has the stated mix, which may drift; what is seen has stated noise."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from envs.config import CentreConfig, coefficients
from envs.customers import draw_contact, draw_customer, pick, upset
from envs.records import Customer, column, table
from envs.scenarios import scenario
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


def mix(config: CentreConfig, day: int) -> Floats:
    """The shares of the intents among many customers of a day."""
    row, numbers = table(Customer, 1), coefficients(config)
    counts = np.zeros(4)
    for number in range(N):
        draw_customer(numbers, np.uint64(7), day, row[0], number)
        counts[int(column(row, "intent")[0])] += 1
    return counts / N


@pytest.mark.parametrize(("day", "drifted"), [(0, 0.0), (20, 0.5), (40, 1.0), (90, 1.0)])
def test_the_mix_of_a_day_lies_on_the_line_between_the_mixes(day: int, drifted: float) -> None:
    config = scenario(small("telecom"), "drift")
    first, last = np.array(config.intent_share), np.array(config.drift_share)
    wanted = (1.0 - drifted) * first + drifted * last
    assert np.array_equal(last, first[::-1])
    assert np.abs(mix(config, day) - wanted).max() < 4 * np.sqrt(0.25 / N)


def test_without_drift_the_mix_stays() -> None:
    config = small("telecom")
    assert np.array_equal(mix(config, 0), mix(config, 90))


def test_only_intents_drift() -> None:
    config = small("retail")
    drifting = coefficients(scenario(config, "drift"))
    rows = table(Customer, 2)
    changed = 0
    for number in range(200):
        draw_customer(drifting, np.uint64(3), 40, rows[0], number)
        draw_customer(coefficients(config), np.uint64(3), 40, rows[1], number)
        intents = column(rows, "intent")
        changed += int(intents[0] != intents[1])
        intents[0] = intents[1]
        assert rows[0] == rows[1]
    assert changed > 20


def test_a_faster_drift_gets_there_sooner() -> None:
    config = replace(scenario(small("bank"), "drift"), drift_days=2.0)
    assert np.array_equal(mix(config, 2), mix(config, 40))
    assert not np.allclose(mix(config, 1), mix(config, 2), atol=0.03)
