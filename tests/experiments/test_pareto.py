"""Which policies none beats in both earnings and overload."""

from types import MappingProxyType

import numpy as np

from envs.evaluate_days import DayTable
from experiments.pareto import pareto


def table(name: str, earned: float, overload: float) -> DayTable:
    columns = {
        "eur_per_contact": np.array([earned - 1, earned + 1]),
        "overload_min": np.array([overload, overload]),
    }
    return DayTable(name, MappingProxyType(columns), {})


def test_a_policy_that_another_beats_in_both_is_not_on_the_curve() -> None:
    found = pareto([table("rich", 5.0, 90.0), table("poor", 3.0, 50.0), table("calm", 4.0, 40.0)])
    assert [(each.policy, each.efficient) for each in found] == [
        ("calm", True),
        ("poor", False),
        ("rich", True),
    ]


def test_policies_that_are_equal_are_both_on_the_curve() -> None:
    assert all(each.efficient for each in pareto([table("a", 5.0, 9.0), table("b", 5.0, 9.0)]))
