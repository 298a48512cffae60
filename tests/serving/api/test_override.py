"""A person overrules a decision: remembered once, told in the trace, and no learner's business."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from nba.listen.log import read_log
from serving.compaction.compact import CompactReport, compact
from tests.serving.asgi import Desk, desk
from tests.serving.live_server import example

DECISION = "/v1/decisions/example-0001"
OVERRIDE = {"action": "queue", "by": "anna", "role": "supervisor", "reason": "a hard morning"}


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path) as opened:
        yield opened


def compacted(folder: Path, *, now: float = 5000.0) -> CompactReport:
    return compact(folder / "journal", folder / "log", now=now, window_s={"": 10.0}, defaults={})


def test_it_is_told_in_the_trace_and_again_the_same(counter: Desk) -> None:
    counter.post("/v1/decisions", example())
    chosen = counter.get(DECISION)[2]["reply"]["chosen"]["id"]
    assert counter.get(DECISION)[2]["override"] is None
    status, _, told = counter.post(f"{DECISION}/override", OVERRIDE)
    assert status == 200
    assert told == {**OVERRIDE, "decision_id": "example-0001", "instead_of": chosen, "at": 1000.0}
    counter.now += 5
    assert counter.post(f"{DECISION}/override", OVERRIDE)[2] == told
    assert counter.get(DECISION)[2]["override"] == told


def test_another_override_an_unknown_action_and_an_unknown_decision_are_refused(
    counter: Desk,
) -> None:
    counter.post("/v1/decisions", example())
    status, _, reply = counter.post(f"{DECISION}/override", {**OVERRIDE, "action": "nobody"})
    assert (status, reply["error"]["field"]) == (422, "action")
    assert counter.post(f"{DECISION}/override", OVERRIDE)[0] == 200
    status, _, reply = counter.post(f"{DECISION}/override", {**OVERRIDE, "by": "ben"})
    assert (status, reply["error"]["field"]) == (409, "action")
    assert counter.post("/v1/decisions/never/override", OVERRIDE)[0] == 404


def test_it_is_there_after_a_restart(tmp_path: Path) -> None:
    with desk(tmp_path) as counter:
        counter.post("/v1/decisions", example())
        told = counter.post(f"{DECISION}/override", OVERRIDE)[2]
    with desk(tmp_path) as counter:
        assert counter.get(DECISION)[2]["override"] == told
        assert counter.post(f"{DECISION}/override", {**OVERRIDE, "by": "ben"})[0] == 409


def test_one_that_could_not_be_written_is_none(
    counter: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    counter.post("/v1/decisions", example())
    with monkeypatch.context() as patch:
        patch.setattr("serving.journal.journal.os.pwrite", full)
        assert counter.post(f"{DECISION}/override", OVERRIDE)[0] == 503
    assert counter.get(DECISION)[2]["override"] is None
    assert counter.post(f"{DECISION}/override", {**OVERRIDE, "by": "ben"})[0] == 200


def test_an_overruled_decision_leaves_no_row_and_no_outcome(tmp_path: Path) -> None:
    with desk(tmp_path) as counter:
        for name in ("d-1", "d-2"):
            counter.post("/v1/decisions", example(decision_id=name))
            counter.post("/v1/outcomes", {"decision_id": name, "components": {"resolved": 1}})
        counter.post("/v1/decisions/d-2/override", OVERRIDE)
    report = compacted(tmp_path)
    assert (report.decisions, report.overruled, report.outcomes_waiting) == (1, 1, 0)
    assert list(read_log(tmp_path / "log").decision_id) == ["d-1"]


def test_one_that_is_overruled_later_leaves_the_log_again(tmp_path: Path) -> None:
    names = ["d-1", "d-2", "d-3"]
    with desk(tmp_path) as counter:
        for name in names:
            counter.post("/v1/decisions", example(decision_id=name))
            counter.now += 1
            counter.post("/v1/outcomes", {"decision_id": name, "components": {"resolved": 1}})
    assert compacted(tmp_path).rows == 3
    with desk(tmp_path) as counter:
        counter.post("/v1/decisions/d-2/override", OVERRIDE)
    report = compacted(tmp_path)
    assert (report.overruled, report.rows) == (1, 2)
    assert list(read_log(tmp_path / "log").decision_id) == ["d-1", "d-3"]
    assert compacted(tmp_path).overruled == 0


def test_it_is_forgotten_with_its_customer(tmp_path: Path) -> None:
    from serving.journal.forget import forget

    with desk(tmp_path) as counter:
        counter.post("/v1/decisions", example())
        counter.post(f"{DECISION}/override", OVERRIDE)
    customer = example()["customer"]["id"]
    report = forget(tmp_path / "journal", customer, now=1.0)
    assert (report.decisions, report.others) == (1, 1)
