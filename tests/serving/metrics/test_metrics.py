"""Workers' numbers add up, whichever of them is asked."""

from pathlib import Path

import pytest

from serving.metrics.metrics import Metrics, family_total


def test_the_sum_over_the_workers_is_told_by_each(tmp_path: Path) -> None:
    team = [Metrics(tmp_path, worker=worker, workers=3) for worker in range(3)]
    for amount, worker in enumerate(team, 1):
        worker.cell("nba_refusals_total", "status", "429").add(amount)
        worker.own("nba_policy_generation").set(amount)
    for worker in team:
        assert worker.total()['nba_refusals_total{status="429"}'] == 6.0
        assert worker.generations() == {0: 1.0, 1: 2.0, 2: 3.0}


def test_a_worker_that_has_not_started_has_no_generation(tmp_path: Path) -> None:
    first = Metrics(tmp_path, worker=0, workers=2)
    first.own("nba_policy_generation").set(4)
    assert first.generations() == {0: 4.0, 1: 0.0}


def test_a_metric_without_a_family_is_our_mistake() -> None:
    with pytest.raises(AssertionError, match=r"nba_typo_total is missing in serving/metrics"):
        Metrics().cell("nba_typo_total")


def test_labels_are_escaped_and_kept_short() -> None:
    metrics = Metrics()
    metrics.cell("nba_fallbacks_total", "cause", 'a"b\\c\n' + "x" * 500).add()
    (sample,) = [name for name in metrics.board.read() if name.startswith("nba_fallbacks")]
    assert sample.startswith('nba_fallbacks_total{cause="a\\"b\\\\c\\n')
    assert len(sample) < 200
    assert family_total(metrics.total(), "nba_fallbacks_total") == 1.0
