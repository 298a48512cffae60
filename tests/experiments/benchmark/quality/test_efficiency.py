"""A learner has passed another from the snapshot on from which it is surely above it."""

from experiments.benchmark.cells import Record
from experiments.benchmark.quality.efficiency import decisions_until


def snapshots(lows: list[float]) -> list[Record]:
    return [
        {"policy": "linucb", "decisions": 100 * (at + 1), "over greedy, low": low}
        for at, low in enumerate(lows)
    ]


def test_the_first_sure_snapshot_counts() -> None:
    assert decisions_until(snapshots([-1.0, 0.1, 0.2]), "linucb", "greedy") == 200


def test_who_falls_back_has_not_passed() -> None:
    assert decisions_until(snapshots([0.1, -0.1, 0.2]), "linucb", "greedy") == 300
    assert decisions_until(snapshots([0.1, 0.2, -0.1]), "linucb", "greedy") is None


def test_other_learners_do_not_count() -> None:
    assert decisions_until(snapshots([0.1]), "thompson", "greedy") is None
