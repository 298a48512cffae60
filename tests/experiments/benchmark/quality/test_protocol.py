"""Blocks of days never meet, and a larger centre is that centre three times."""

from pathlib import Path

from experiments.benchmark.quality.protocol import HEADLINE, MET, PRESETS, Budget, Place


def place(seed: int) -> Place:
    return Place("bank", "peak", seed, Budget(), Path("kept"))


def test_the_budget_of_a_headline_is_ten_trainings_or_more() -> None:
    assert Budget().seeds >= 10
    assert Budget().days >= 40, "a drift lasts forty days"


def test_the_protocol_covers_the_presets_and_scenarios() -> None:
    assert set(PRESETS) == {"telecom", "bank", "retail"}
    assert {met for all_met in MET.values() for met in all_met} == {
        "normal", "peak", "shortage", "drift",
    }  # fmt: skip
    assert HEADLINE in MET


def test_what_is_kept_is_told_apart_by_preset_scenario_and_seed() -> None:
    assert place(0).kept("scorer.safetensors") == Path("kept/made/bank-peak-0-scorer.safetensors")
    assert place(0).kept("a") != place(1000).kept("a")


def test_schooling_and_training_take_the_budget_and_the_seed() -> None:
    here = place(3000)
    assert (here.schooling().seed, here.training().seed) == (3000, 3000)
    assert here.schooling().log_days == here.training().log_days == Budget().log_days
    assert here.training().total_steps == Budget().scorer_steps
