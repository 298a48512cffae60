"""`nba bench` tells its figures in the promised form."""

import json

import pytest

from experiments.benchmark import command
from experiments.benchmark.rows import Row, median_rate, report
from nba.cli import main


def test_a_benchmark_prints_one_object_with_rows(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "score", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["bench"] == "score"
    assert set(told["machine"]) == {"cpu", "cores", "python", "system"}
    assert len(told["rows"]) == 4
    for row in told["rows"]:
        assert set(row) == {"metric", "value", "unit", "settings", "peer", "ratio"}
        assert row["value"] > 0


def test_an_unknown_benchmark_is_told_with_the_known_ones(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["bench", "speed"]) == 2
    told = capsys.readouterr().err
    assert all(name in told for name in command.BENCHES)


def test_the_first_round_is_not_counted() -> None:
    rounds: list[int] = []

    def work() -> int:
        rounds.append(1)
        return 10

    assert median_rate(work, rounds=3) > 0
    assert len(rounds) == 4
    assert report("x", [Row("m", 1.0, "s", "none")])["bench"] == "x"
