"""The costs of waiting, and who is spared for whom."""

import numpy as np
import pytest

from envs.baselines.c_mu import BANK_COSTS
from envs.baselines.named import rule
from nba.listen.objective import CONTACT_CENTRE_WEIGHTS
from tests.envs.baselines.situations import QUEUE, choice, idle

# Skilled for this contact alike, the second a little better; the second is good at everything.
SPECIALIST = idle(skill_estimate=0.8, skill_mean=0.3, resolve_estimate=0.76)
ALL_ROUND = idle(skill_estimate=0.8, skill_mean=0.6, resolve_estimate=0.8)


def test_a_dear_customer_gets_the_highest_rate_a_cheap_one_spares_the_all_rounder() -> None:
    assert choice(rule("c_mu"), SPECIALIST, ALL_ROUND, QUEUE, contact={"value_tier": 0}) == 0
    faster = ALL_ROUND | {"resolve_estimate": 0.99}
    assert choice(rule("c_mu"), SPECIALIST, faster, QUEUE, contact={"value_tier": 2}) == 1
    assert choice(rule("c_mu"), SPECIALIST, faster, QUEUE, contact={"value_tier": 0}) == 0


def test_among_people_of_one_skill_profile_it_is_the_resolution_rate() -> None:
    staff = (idle(expected_handle_s=150, resolve_estimate=0.5), idle(resolve_estimate=0.8))
    assert choice(rule("c_mu"), *staff, QUEUE, contact={"value_tier": 2}) == 1


def test_costs_rise_with_value_and_average_to_the_typical() -> None:
    costs = BANK_COSTS.of(np.array([[0.0], [1.0], [2.0]]))
    assert (np.diff(costs[:, 0]) > 0).all()
    assert BANK_COSTS.typical == pytest.approx(float(np.dot((0.5, 0.35, 0.15), costs[:, 0])))
    assert costs[0, 0] == pytest.approx(10 / 3600 + 4.0 / 360)


def test_the_costs_are_those_of_the_objective() -> None:
    assert pytest.approx(-CONTACT_CENTRE_WEIGHTS["wait_s"]) == BANK_COSTS.time_eur_per_s
    assert -CONTACT_CENTRE_WEIGHTS["abandoned"] == BANK_COSTS.abandoned_eur
