"""What came back finds its row: late, early, from another worker, or never."""

from pathlib import Path

import numpy as np
import pytest

from nba.listen.log import read_log
from serving.journal.records import OutcomeRecord, encode_record
from tests.serving.asgi import desk
from tests.serving.compaction.served_days import ALL, N, decide, run, served, tell
from tests.serving.journal.test_journal import opened, write

__all__ = ["served"]  # a fixture


def test_late_outcomes_update_rows_that_were_compacted_before(served: Path) -> None:
    run(served, served / "log", now=1600.0)
    assert np.isnan(read_log(served / "log").reward).all()
    with desk(served) as counter:
        decide(counter, "d-new", 1700.0)
        tell(counter, "d-4", 1650.0, ALL)
        tell(counter, "d-new", 1750.0, ALL)
        tell(counter, "d-5", 2500.0, ALL)  # behind its window
    report = run(served, served / "log", now=3000.0)
    assert (report.decisions, report.outcomes_joined) == (1, 2 * len(ALL))
    log = read_log(served / "log")
    assert np.flatnonzero(~np.isnan(log.reward)).tolist() == [4, N]
    assert len(list((served / "log").glob("*.parquet"))) == 2
    assert log.outcomes["resolved"][3] == 1.0  # what was joined before stands


def test_outcomes_that_find_their_decision_in_another_workers_journal(tmp_path: Path) -> None:
    """The outcome is read a round before its decision; it waits for it."""
    with desk(tmp_path) as counter:
        decide(counter, "a", 1000.0)
    (tmp_path / "journal").rename(tmp_path / "first")
    root = tmp_path / "journal"
    root.mkdir()
    other = opened(root / "1")
    write(other, [encode_record(OutcomeRecord("a", 1100.0, 1100.0, ALL))])
    other.close()
    report = run(tmp_path, tmp_path / "log")
    assert (report.rows, report.outcomes_waiting) == (0, len(ALL))
    (tmp_path / "first").rename(root / "0")
    (root / "0" / "specs").rename(root / "specs")
    report = run(tmp_path, tmp_path / "log")
    assert (report.rows, report.outcomes_joined, report.outcomes_waiting) == (1, len(ALL), 0)
    assert not np.isnan(read_log(tmp_path / "log").reward).any()


def test_an_outcome_for_nobody_is_given_up_after_a_round(tmp_path: Path) -> None:

    own = opened(tmp_path / "journal")
    write(own, [encode_record(OutcomeRecord("nobody", 1100.0, 1100.0, {"resolved": 1.0}))])
    own.close()
    assert run(tmp_path, tmp_path / "log").outcomes_waiting == 1
    report = run(tmp_path, tmp_path / "log")
    assert (report.outcomes_waiting, report.outcomes_unmatched) == (0, 1)


def test_an_outcome_stamped_in_the_future_waits_for_its_time(served: Path) -> None:
    with desk(served) as counter:
        tell(counter, "d-2", 1900.0, ALL)
    assert run(served, served / "log", now=1800.0).outcomes_waiting == len(ALL)
    assert run(served, served / "log", now=1850.0).outcomes_waiting == len(ALL)
    assert run(served, served / "log", now=1950.0).outcomes_waiting == 0
    assert not np.isnan(read_log(served / "log").reward[2])


def test_a_window_that_closes_empty_gets_the_default_later(served: Path) -> None:
    zeros = dict.fromkeys(ALL, 0.0)
    assert run(served, served / "log", now=1600.0, defaults=zeros).without_reward == N
    report = run(served, served / "log", now=2005.5, defaults=zeros)
    assert report.without_reward == N - 6
    run(served, served / "log", now=4000.0, defaults=zeros)
    rewards = read_log(served / "log").reward
    assert rewards[3] == pytest.approx(7 - 30 * 10 / 3600)
    assert np.delete(rewards, 3).tolist() == [0.0] * (N - 1)
