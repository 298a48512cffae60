"""The page tells every part of the benchmark, and says of how many trainings."""

from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from experiments.benchmark.cells import Record
from experiments.benchmark.quality.adaptation import DAYS, FROZEN, KEPT
from experiments.benchmark.quality.bench import write_page
from experiments.benchmark.quality.efficiency import LEARNERS
from experiments.benchmark.quality.ladder import CORE
from experiments.benchmark.quality.protocol import MET, PRESETS, TRUTH, Budget
from experiments.benchmark.quality.study import Lived
from experiments.benchmark.quality.transfer import TUNED_THERE

POLICIES = ("longest_idle", TRUTH, *CORE)
SCENARIOS = tuple(name for met in MET.values() for name in met)
FIGURES = ("wait_s", "abandoned", "overload_min")


def days(policies: Sequence[str], scenarios: Sequence[str], n_days: int = 3) -> list[Record]:
    """Later policies earn more and overload less."""
    rng = np.random.default_rng(3)
    return [
        {
            "policy": policy, "preset": preset, "scenario": scenario, "seed": seed, "day": day,
            "eur_per_contact": policies.index(policy) + rng.normal(scale=0.1),
            **dict.fromkeys(FIGURES, float(len(policies) - policies.index(policy))),
        }
        for policy, preset, scenario, seed, day in product(
            policies, PRESETS, scenarios, (0, 1000, 2000), range(n_days)
        )
    ]  # fmt: skip


def snapshots() -> list[Record]:
    figures = ("over greedy", "over greedy, low", "over index_rule", "over index_rule, low")
    return [
        {"policy": name, "preset": preset, "decisions": 5000 * at, **dict.fromkeys(figures, at - 1)}
        for name, preset, at in product(LEARNERS, PRESETS, (1, 2))
    ]


def test_the_page_has_every_part_with_its_pictures(tmp_path: Path) -> None:
    found = Lived(
        days=days(POLICIES, SCENARIOS),
        transfer=days((TUNED_THERE, *CORE), ("peak, 3 × the employees",)),
        adaptation=days((*FROZEN, *KEPT), ("drift",), DAYS),
        overload=days(("scorer, overload × 8",), ("peak",)),
        efficiency=snapshots(),
    )
    write_page(found, Budget(seeds=3), tmp_path)
    page = (tmp_path / "QUALITY.md").read_text()
    for scenario in SCENARIOS:
        assert f"## EUR per contact: {scenario}" in page
    pictures = [line.partition("(")[2][:-1] for line in page.splitlines() if line[:2] == "!["]
    assert pictures
    assert all((tmp_path / name).read_text().startswith("<svg") for name in pictures)
    assert "| scorer | 3 |" in page, "so many trainings"
    assert "| scorer_from_bandit | 10 k | 10 k |" in page, "decisions until others are passed"
    first = page.partition("## What the action scorer earns more")[2].splitlines()
    row = next(line for line in first if line.startswith("| telecom"))
    gaps = [float(cell.split()[0]) for cell in row.split("|")[2:5]]
    places = [POLICIES.index(name) for name in ("index_rule", TRUTH)]
    assert gaps[:2] == pytest.approx([POLICIES.index("scorer") - at for at in places], abs=0.1)
    assert "seed 2000" in page, "no training is left out"
    assert "nan" not in page
