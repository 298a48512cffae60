"""Many decisions in one request are those that each would have been alone."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.serving.asgi import Desk, desk
from tests.serving.live_server import example

BATCH = "/v1/decisions:batch"


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path) as opened:
        yield opened


def rows(*names: str | None, **changed: object) -> list[dict[str, Any]]:
    return [example(decision_id=name, **changed) for name in names]


def ask(counter: Desk, sent: list[dict[str, Any]]) -> tuple[int, list[dict[str, Any]]]:
    status, headers, body = counter.send_raw(BATCH, "\n".join(map(json.dumps, sent)).encode())
    if status == 200:
        assert headers["content-type"] == "application/x-ndjson"
    return status, [json.loads(line) for line in body.splitlines()]


def test_each_is_the_decision_it_would_have_been_alone(tmp_path: Path) -> None:
    names = [f"d-{number}" for number in range(50)]
    (tmp_path / "many").mkdir()
    (tmp_path / "alone").mkdir()
    with desk(tmp_path / "many") as many, desk(tmp_path / "alone") as alone:
        status, replies = ask(many, rows(*names))
        assert status == 200
        assert replies == [alone.post("/v1/decisions", row)[2] for row in rows(*names)]
        assert len({reply["chosen"]["id"] for reply in replies}) > 1
        traces = [counter.get("/v1/decisions/d-7")[2] for counter in (many, alone)]
        assert traces[0]["reply"] == traces[1]["reply"]


def test_the_same_again_gets_the_same_and_another_request_its_refusal(counter: Desk) -> None:
    first = ask(counter, rows("d-1", "d-2"))[1]
    changed = example(decision_id="d-2")
    changed["context"]["hour"] = 3
    status, replies = ask(counter, [*rows("d-1"), changed, *rows("d-3", None)])
    assert status == 200
    assert replies[0] == first[0]
    assert replies[1]["error"]["field"] == "decision_id"
    assert [reply["decision_id"] for reply in replies[2:]] == ["d-3", "new-1"]


def test_a_line_that_cannot_be_read_is_named_and_none_is_decided(counter: Desk) -> None:
    wrong = example(decision_id="d-2")
    wrong["context"]["hour"] = 30
    for sent, field in (
        ([*rows("d-1"), wrong], "rows[1].context.hour"),
        (rows("d-1", "d-3", "d-1"), "rows[2].decision_id"),
    ):
        status, (reply,) = ask(counter, sent)
        assert (status, reply["error"]["field"]) == (422, field)
    assert counter.get("/v1/decisions/d-1")[0] == 404
    status, (reply,) = ask(counter, [])
    assert (status, reply["error"]["field"]) == (422, "rows")


def test_consent_dry_runs_and_removed_actions_are_heeded(counter: Desk) -> None:
    refused = {"id": "c-9", "consent": False}
    status, replies = ask(
        counter,
        [*rows("d-1", customer=refused), *rows("d-2", dry_run=True), *rows("d-3", actions=[])],
    )
    assert status == 200
    assert replies[0]["mode"] == "rules"
    assert replies[1]["decision_id"] == "d-2"
    assert counter.get("/v1/decisions/d-2")[0] == 404
    assert replies[2]["error"]["field"] == "actions"


def test_more_than_may_wait_for_the_disk_are_refused_together(tmp_path: Path) -> None:
    with desk(tmp_path) as counter:
        status, (reply,) = ask(counter, rows(*[f"d-{n}" for n in range(1001)]))
        assert (status, reply["error"]["field"]) == (503, "journal")
        assert counter.get("/v1/decisions/d-0")[0] == 404
