"""Differences are paired, shares of the gap are shares, and few trainings are told as few."""

import numpy as np
import pytest

from experiments.benchmark.cells import Record
from experiments.benchmark.quality.summary import (
    interquartile_mean,
    overall,
    standings,
)
from experiments.compare import mean_interval

LEVELS = {"longest_idle": 1.0, "index_rule": 2.0, "scorer": 3.0}


def lived(
    trainings: int, *, presets: tuple[str, ...] = ("bank",), noise: float = 0.1
) -> list[Record]:
    """Days whose luck all policies share, and a little of their own."""
    rng = np.random.default_rng(7)
    records: list[Record] = []
    for preset in presets:
        for seed in range(trainings):
            luck = rng.normal(size=20)
            for policy, level in LEVELS.items():
                own = rng.normal(scale=noise, size=20)
                for day in range(20):
                    figures = dict.fromkeys(("wait_s", "abandoned", "overload_min"), level)
                    records.append(
                        {
                            "policy": policy,
                            "preset": preset,
                            "scenario": "peak",
                            "seed": seed,
                            "day": day,
                            "eur_per_contact": level + luck[day] + own[day],
                            **figures,
                        }
                    )
    return records


def test_the_best_comes_first_and_shares_of_the_gap_reach_from_floor_to_best() -> None:
    found = standings(lived(4), "bank", "peak")
    assert [each.policy for each in found] == ["scorer", "index_rule", "longest_idle"]
    assert [each.gap_closed for each in found] == pytest.approx([1.0, 0.5, 0.0], abs=0.05)
    assert [each.wait_s for each in found] == [3.0, 2.0, 1.0]


def test_shared_luck_drops_out_of_a_difference() -> None:
    scorer = standings(lived(4), "bank", "peak")[0]
    width = scorer.over_anchor.high - scorer.over_anchor.low
    assert scorer.over_anchor.low < 1.0 < scorer.over_anchor.high
    assert width < 0.25 * (scorer.earned.high - scorer.earned.low)


def test_enough_trainings_are_counted_and_not_their_days() -> None:
    records = lived(3)
    scorer = standings(records, "bank", "peak")[0]
    means = [
        np.mean(
            [
                float(r["eur_per_contact"])
                for r in records
                if r["policy"] == "scorer" and r["seed"] == seed
            ]
        )
        for seed in range(3)
    ]
    assert scorer.over_trainings
    assert scorer.earned == mean_interval(np.array(means))
    assert not standings(lived(2), "bank", "peak")[0].over_trainings


def test_over_all_presets_the_better_policy_beats_the_anchor_for_sure() -> None:
    found = {each.policy: each for each in overall(lived(4, presets=("bank", "retail")), "peak")}
    assert found["scorer"].improvement == pytest.approx(1.0, abs=0.2)
    assert found["index_rule"].improvement == 0.5
    scorer = found["scorer"].score
    assert scorer.low <= scorer.value <= scorer.high


def test_a_policy_that_is_missing_in_a_preset_has_no_overall_score() -> None:
    records = lived(2, presets=("bank", "retail"))
    some = [r for r in records if (r["policy"], r["preset"]) != ("scorer", "retail")]
    assert "scorer" not in {each.policy for each in overall(some, "peak")}


def test_the_interquartile_mean_counts_ends_of_the_middle_half_in_part() -> None:
    assert interquartile_mean(np.array([0.0, 4.0])) == 2.0
    assert interquartile_mean(np.arange(8.0)) == 3.5
    # Of six values 1.5 are left out at either end: half of the second and fifth count.
    assert interquartile_mean(np.array([-9.0, 0.0, 1.0, 3.0, 6.0, 99.0])) == pytest.approx(7 / 3)
