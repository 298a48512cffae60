"""The level of resolution, with what is latent integrated out."""

import numpy as np
import pytest

from envs.calibration.contacts import Contacts
from envs.calibration.resolution import fit_bots, fit_resolution
from envs.presets import preset
from tests.envs.calibration.planted_centre import some_contacts

BANK = preset("bank")


def served(n: int, seed: int, level: float, *, seen: bool) -> Contacts:
    """Contacts resolved as the simulator does; what was seen of them, or only the outcome."""
    rng = np.random.default_rng(seed)
    own = rng.random(n) < 0.5
    logit = np.where(own, BANK.primary_skill, BANK.other_skill)
    logit = logit + BANK.skill_sigma * rng.normal(size=n)
    skill, hard = 1.0 / (1.0 + np.exp(-logit)), rng.normal(size=n)
    stranger = rng.random(n) < BANK.second_language_share * (1.0 - BANK.second_language_staff)
    x = level + BANK.resolve_skill * (skill - 0.5) - BANK.resolve_complexity * hard
    x = x - BANK.resolve_language * stranger
    columns = {
        "handle_s": np.full(n, 100.0),
        "resolved": (rng.random(n) < 1.0 / (1.0 + np.exp(-x))).astype(float),
    }
    if seen:
        believed = 1.0 / (1.0 + np.exp(-logit - BANK.skill_noise * rng.normal(size=n)))
        columns |= {
            "skill": believed,
            "skill_mean": believed,
            "complexity": hard + BANK.complexity_noise * rng.normal(size=n),
            "language_match": 1.0 - stranger,
            "occupancy": np.zeros(n),
            "intent": np.zeros(n, dtype=np.int64),
        }
    return some_contacts(**columns)


@pytest.mark.parametrize("seen", [True, False])
@pytest.mark.parametrize("level", [0.3, 1.4])
def test_the_planted_level_is_recovered_with_and_without_conditions(
    level: float, seen: bool
) -> None:
    row = fit_resolution(served(20_000, 3, level, seen=seen), BANK).part.fitted[0]
    assert row.field == "resolve_base"
    assert isinstance(row.std_error, float)
    assert abs(float(np.atleast_1d(row.value)[0]) - level) < 3.5 * row.std_error
    assert row.std_error < 0.03


def test_the_share_s_own_logit_would_be_another_level() -> None:
    rows = served(20_000, 3, 1.4, seen=False)
    share = rows.resolved.mean()
    assert abs(np.log(share / (1.0 - share)) - 1.4) > 0.1


def test_predictions_are_right_on_average_in_every_part() -> None:
    fit = fit_resolution(served(20_000, 4, 1.0, seen=True), BANK)
    for part in np.array_split(np.argsort(fit.predicted), 8):
        assert abs(fit.predicted[part].mean() - fit.resolved[part].mean()) < 0.035


def test_a_bot_s_containment_is_not_its_resolution() -> None:
    rng = np.random.default_rng(6)
    n = 30_000
    like, hard = rng.normal(size=n), rng.normal(size=n)
    mood = np.tanh(0.6 * rng.normal(size=n))
    kind = np.array(["content", "chat_bot", "voice_bot"], dtype=object)[rng.integers(0, 3, n)]
    code = np.array([("content", "chat_bot", "voice_bot").index(name) for name in kind])
    base, leaving = np.array([-1.0, -0.5, 0.0])[code], np.array([0.4, 0.2, 0.3])[code]
    x = base + np.array(BANK.bot_affinity)[code] * like - 0.9 * hard
    x = x + np.array(BANK.bot_sentiment)[code] * mood
    resolved = rng.random(n) < 1.0 / (1.0 + np.exp(-x))
    stays = resolved | (rng.random(n) < leaving)
    rows = some_contacts(
        kind=kind,
        resolved=np.where(stays, resolved, 1.0),  # escalated ones are resolved by somebody later
        next_at=np.where(stays, np.nan, 1.0),
        affinity=like + BANK.affinity_noise * rng.normal(size=n),
        complexity=hard + BANK.complexity_noise * rng.normal(size=n),
        sentiment=np.where(rng.random(n) < 0.3, np.nan, mood + 0.35 * rng.normal(size=n)),
    )
    truth = {"bot_base": (-1.0, -0.5, 0.0), "bot_contained": (0.4, 0.2, 0.3)}
    found = {row.field: row for row in fit_bots(rows, BANK).fitted}
    for name, true in truth.items():
        z = (np.array(found[name].value) - true) / np.array(found[name].std_error)
        assert np.abs(z).max() < 3.5, name


def test_one_sided_outcomes_fit_nothing_and_say_so() -> None:
    rows = some_contacts(handle_s=np.ones(300), resolved=np.ones(300))
    part = fit_resolution(rows, BANK).part
    assert [field for field, _ in part.left_out] == ["resolve_base"]
    assert ("first_contact_resolution", 1.0) in part.figures
