"""Routing rules in the exact model: none beats the optimum, and the optimum thinks ahead."""

from dataclasses import replace

import pytest

from envs.tiny_centre import chain_of
from envs.tiny_policies import RULES, policy_of, random_idle, solve
from envs.value_iteration import evaluate, optimise
from nba.types import Floats
from tests.envs.tiny_experts import EXPERTS


@pytest.mark.parametrize("discount_per_s", [0.0, 1.0 / 3600.0])
def test_no_rule_beats_the_optimum_and_experts_are_worth_waiting_for(discount_per_s: float) -> None:
    solved = solve(EXPERTS, discount_per_s=discount_per_s)

    def worth(gain: float, value: Floats) -> float:
        return gain if discount_per_s == 0.0 else float(value[0])

    best = worth(solved.best.gain, solved.best.value)
    assert solved.optimum.low[0] - 1e-9 <= best <= solved.optimum.high[0] + 1e-9
    rules = {name: worth(rule.gain, rule.value) for name, rule in solved.rules.items()}
    assert all(value <= best for value in rules.values())
    assert rules["longest_idle"] < rules["best_idle"] < best  # EUR: none of them is the optimum
    assert rules["best_with_room"] < best


def test_every_rule_is_legal_with_three_employees() -> None:
    three = replace(
        EXPERTS,
        mean_service_s=((150.0, 150.0, 200.0), (250.0, 250.0, 200.0)),
        value_eur=((6.5, 0.5, 4.0), (0.5, 6.5, 4.0)),
        own_queue_limit=0,
    )
    chain, states = chain_of(three)
    best = float(optimise(chain).high[0])
    for rule in RULES.values():
        assert evaluate(chain, policy_of(three, states, rule)).gain <= best
    assert evaluate(chain, random_idle(three, states)).gain < best
