"""Coverage in its fast form: few logs, so a shortfall must be beyond the luck of so many."""

import json
from math import sqrt
from pathlib import Path

import numpy as np
import pytest

from experiments.benchmark.coverage import study_cell
from experiments.benchmark.coverage_worlds import World, draw_rows, worlds
from nba.cli import main
from nba.evaluate.doubly_robust import dr
from nba.evaluate.stats import Statistics
from nba.evaluate.weighting import snips

LOGS = 200
LEAST = 0.93 - 2.33 * sqrt(0.93 * 0.07 / LOGS)  # a right interval falls below by 1 in 100


@pytest.mark.parametrize("n", [200, 1000])
@pytest.mark.parametrize("world", worlds().values(), ids=lambda w: w.name)
def test_the_house_interval_holds_the_truth_in_every_world(world: World, n: int) -> None:
    for cell in study_cell(world, n, logs=LOGS, estimands=(snips.estimand, dr.estimand)):
        assert float(cell["house"]) >= LEAST, cell


def test_the_study_tells_a_bad_interval_from_a_good_one() -> None:
    cells = study_cell(worlds()["rare clicks"], 500, logs=LOGS, estimands=(snips.estimand,))
    value = next(cell for cell in cells if cell["quantity"] == "value")
    assert float(value["delta"]) < 0.93 <= float(value["cressie-read"])
    assert float(value["house width"]) > 1.2


@pytest.mark.slow
@pytest.mark.parametrize("n", [200, 500, 2000, 20_000])
@pytest.mark.parametrize("world", worlds().values(), ids=lambda w: w.name)
def test_coverage_over_a_thousand_logs(world: World, n: int) -> None:
    least = 0.93 - 2.33 * sqrt(0.93 * 0.07 / 1000)
    for cell in study_cell(world, n, logs=1000):
        assert float(cell["house"]) >= least, cell


def test_the_study_is_a_command(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    arguments = ["bench", "coverage", "--logs", "2", "--out", str(tmp_path), "--json"]
    assert main(arguments) == 0
    told = json.loads(capsys.readouterr().out)
    assert {row["metric"] for row in told["rows"]} >= {"least coverage, house"}
    table = (tmp_path / "coverage.md").read_text()
    assert "| small ESS | 200 |" in table


def test_high_rewards_do_not_widen_the_self_normalised_interval() -> None:
    # The peer's (obp 0.5.7) freezes the denominator: its rows are w r / mean(w), their mean is
    # taken to be normal. With rewards near 0.9 that is twice as wide as the ratio's own error.
    world, n, logs = worlds()["high reward"], 2000, 1000
    rng = np.random.default_rng(11)
    held, mine, peer = 0, [], []
    for _ in range(logs):
        rows = draw_rows(world, n, rng)
        statistics = Statistics()
        statistics.add(rows)
        found = statistics.finalize(snips.estimand)
        held += found.low <= world.truth <= found.high
        mine.append(found.high - found.low)
        frozen = rows.weight * rows.reward / rows.weight.mean()
        peer.append(2 * 1.96 * frozen.std(ddof=1) / sqrt(n))
    assert 0.93 <= held / logs <= 0.97
    assert np.mean(mine) <= 0.55 * np.mean(peer)
