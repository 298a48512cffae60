"""A cell's records: every held-out day of every scenario met, the same customers for all."""

from pathlib import Path

from experiments.benchmark.quality.judge import FIGURES, judged
from experiments.benchmark.quality.ladder import RULES
from experiments.benchmark.quality.protocol import Budget, Place

BUDGET = Budget(days=2)


def test_every_day_of_every_scenario_met_has_a_record_per_policy() -> None:
    place = Place("bank", "normal", 1000, BUDGET, Path("nowhere"))
    names = ("longest_idle", "bot_first")
    found = judged(place, {name: RULES[name]() for name in names})
    keys = {(r["policy"], r["scenario"], r["day"]) for r in found}
    assert len(found) == len(keys) == 2 * 3 * 2
    assert {r["preset"] for r in found} == {"bank"}
    assert all(set(FIGURES) <= set(r) for r in found)


def test_a_policy_is_judged_on_the_same_days_again() -> None:
    place = Place("retail", "peak", 0, BUDGET, Path("nowhere"))
    rule = RULES["longest_idle"]()
    assert judged(place, {"a": rule}) == [
        {**record, "policy": "a"} for record in judged(place, {"b": rule})
    ]
