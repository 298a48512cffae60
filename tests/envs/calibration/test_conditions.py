"""The factors between a service mean and a measured time are those of the simulator."""

from dataclasses import replace

import numpy as np
import pytest

from envs.calibration.conditions import (
    COMPLEXITY,
    MISMATCH,
    SKILL,
    SLOWEST,
    TIRED,
    believed_skill,
    conditions_of,
    handle_factor,
)
from envs.config import coefficients
from envs.outcomes import mean_handle_s
from envs.presets import preset
from envs.records import Customer, Desk, Person, table
from envs.workload import fatigue
from tests.envs.calibration.planted_centre import some_contacts

BANK = preset("bank")


@pytest.mark.parametrize("intent", [0, 3])
@pytest.mark.parametrize("skill", [0.2, 0.8])
@pytest.mark.parametrize("complexity", [-1.0, 1.5])
@pytest.mark.parametrize("load", [0.5, 0.95])
@pytest.mark.parametrize("stranger", [False, True])
@pytest.mark.parametrize("tried", [0, 2])
def test_the_coefficients_are_the_kernel_s(
    intent: int, skill: float, complexity: float, load: float, stranger: bool, tried: int
) -> None:
    customer, employee, desk = table(Customer, 1)[0], table(Person, 1)[0], table(Desk, 1)[0]
    rows = {"intent": intent, "complexity": complexity, "second_language": stranger, "tried": tried}
    for name, value in rows.items():
        customer[name] = value  # type: ignore[index]  # a numpy record
    employee["speed"], employee["skill"], employee["stamina"] = 1.1, skill, 0.4  # type: ignore[index]  # a numpy record
    c = coefficients(BANK)
    found = mean_handle_s(c, customer, employee, desk, load)
    expected = BANK.service_mean_s[intent] * 1.1
    expected *= np.exp(COMPLEXITY * complexity - COMPLEXITY**2 / 2) * (SLOWEST - SKILL * skill)
    expected *= 1.0 + TIRED * fatigue(employee, load)
    expected *= (1.0 + MISMATCH * stranger) * (BANK.carry_context if tried else 1.0)
    assert found == pytest.approx(expected + BANK.wrap_up_s)


@pytest.mark.parametrize("in_hand", [0, 1])
def test_a_chat_is_longer_by_the_kernel_s_factor(in_hand: int) -> None:
    c, found = coefficients(BANK), []
    for channel in (0, 1):
        customer, employee, desk = table(Customer, 1)[0], table(Person, 1)[0], table(Desk, 1)[0]
        customer["channel"], desk["active"], employee["speed"] = channel, in_hand, 1.0  # type: ignore[index]  # a numpy record
        found.append(mean_handle_s(c, customer, employee, desk, 0.0) - BANK.wrap_up_s)
    hands = np.full(2, float(in_hand))
    rows = some_contacts(voice=np.array([1.0, 0.0]), in_hand=hands, occupancy=np.zeros(2))
    factor = handle_factor(conditions_of(rows, BANK), BANK)[:, 0]
    assert found[1] / found[0] == pytest.approx(factor[1] / factor[0])
    assert factor[1] / factor[0] > 1.1


def test_averaged_over_a_roster_and_its_customers_the_factor_is_the_expected_one() -> None:
    rng = np.random.default_rng(5)
    n = 200_000
    own = rng.random(n) < 0.5
    logit = np.where(own, BANK.primary_skill, BANK.other_skill)
    logit = logit + BANK.skill_sigma * rng.normal(size=n)
    seen = 1.0 / (1.0 + np.exp(-logit - BANK.skill_noise * rng.normal(size=n)))
    skill = 1.0 / (1.0 + np.exp(-logit))
    complexity = rng.normal(size=n)
    rows = some_contacts(
        skill=seen,
        skill_mean=seen,
        complexity=complexity + BANK.complexity_noise * rng.normal(size=n),
        intent=np.zeros(n, dtype=np.int64),
        language_match=np.ones(n),
        occupancy=np.zeros(n),
    )
    factor = handle_factor(conditions_of(rows, BANK), BANK)[:, 0]
    truth = np.exp(COMPLEXITY * complexity - COMPLEXITY**2 / 2) * (SLOWEST - SKILL * skill)
    # In every tenth of the predictions: right on average, not only as a whole.
    for part in np.array_split(np.argsort(factor), 10):
        assert factor[part].mean() == pytest.approx(truth[part].mean(), rel=0.01)


def test_an_unknown_row_is_served_by_the_average_of_the_roster() -> None:
    settled = replace(BANK, newcomer_share=0.0)
    found = conditions_of(some_contacts(at=np.arange(3.0)), settled)
    assert np.allclose(found.skill, 0.573, atol=0.01)
    stranger = BANK.second_language_share * (1.0 - BANK.second_language_staff)
    assert np.allclose(found.mismatch, stranger)
    assert (found.unseen == 1.0).all()


def test_a_sure_estimate_of_skill_is_believed() -> None:
    sure = replace(BANK, skill_noise=1e-6)
    mean, variance = believed_skill(np.array([0.3, 0.9]), sure)
    assert np.allclose(mean, [0.3, 0.9], atol=1e-4)
    assert (variance < 1e-6).all()
