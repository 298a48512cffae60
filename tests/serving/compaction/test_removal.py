"""Rows leave a compacted log and never come back."""

import json
from pathlib import Path

import numpy as np
import pytest

from nba.cli import main
from nba.listen.log import read_log
from nba.listen.log_parts import read_outcomes
from serving.compaction.removal import expire_parts, forget_rows
from serving.journal.forget import forget
from tests.serving.asgi import desk
from tests.serving.compaction.served_days import day, decide, run


@pytest.fixture
def compacted(tmp_path: Path) -> Path:
    for start in range(0, 42, 14):
        with desk(tmp_path) as counter:
            day(counter, range(start, start + 14))
        run(tmp_path, tmp_path / "log")
    return tmp_path


def test_a_customers_rows_and_outcomes_leave_and_the_others_stay(compacted: Path) -> None:
    log = compacted / "log"
    before = read_log(log)
    assert forget_rows(log, "c-3") == 6
    after = read_log(log)
    assert "c-3" not in after.unit
    rest = before.unit != "c-3"
    assert after.decision_id.tolist() == before.decision_id[rest].tolist()
    np.testing.assert_array_equal(after.reward, before.reward[rest])
    assert set(read_outcomes(log).decision_id) <= set(after.decision_id)
    assert forget_rows(log, "c-3") == 0
    assert not any(b"c-3" in path.read_bytes() for path in log.rglob("*.parquet"))


def test_compaction_goes_on_and_does_not_bring_them_back(compacted: Path) -> None:
    forget(compacted / "journal", "c-3", now=1.0)
    forget_rows(compacted / "log", "c-3")
    with desk(compacted) as counter:
        for number in range(42, 48):
            decide(counter, f"n-{number}", 2000.0, customer={"id": f"c-{number % 7}"})
    report = run(compacted, compacted / "log")
    log = read_log(compacted / "log")
    assert report.rows == len(log) == 36 + 6
    assert "c-3" in log.unit[-6:]  # 45: the customer came back
    run(compacted, compacted / "again")
    assert set(read_log(compacted / "again").decision_id) == set(log.decision_id)


def test_old_parts_go(compacted: Path) -> None:
    assert expire_parts(compacted / "log", 1000.0 + 14) == 1
    assert read_log(compacted / "log").decision_id[0] == "n-14"
    assert run(compacted, compacted / "log").rows == 28


def test_the_commands_tell_what_they_did(
    compacted: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    journal, log = str(compacted / "journal"), str(compacted / "log")
    assert main(["journal", "forget", journal, "c-3", "--log", log, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {"decisions": 6, "outcomes": 5, "others": 0, "log_rows": 6}
    assert main(["journal", "expire", journal, "--days", "1", "--log", log]) == 0
    assert "log parts" in capsys.readouterr().out
    assert main(["journal", "expire", journal, "--days", "1", "--log", journal]) == 2
    assert "is no log that `nba journal compact` made" in capsys.readouterr().err
