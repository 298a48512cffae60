"""One line an event, as text for people or JSON for a collector."""

import json

import pytest

from serving.lifecycle_log import LifecycleLog


def test_json_lines_hold_the_event_its_fields_and_the_worker(
    capsys: pytest.CaptureFixture[str],
) -> None:
    LifecycleLog("json", worker=2).tell("refused", status="429", path="/v1/decisions")
    line = json.loads(capsys.readouterr().err)
    assert line.pop("at") > 0
    expected = {"event": "refused", "worker": 2, "status": "429", "path": "/v1/decisions"}
    assert line == expected


def test_text_is_what_people_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    log = LifecycleLog()
    log.tell("worker_died", "worker 1 ended by signal 9", died=1)
    log.tell("plan_refused", error="no such file")
    log.tell("draining")
    told = capsys.readouterr().err
    assert told == "worker 1 ended by signal 9\nplan refused: error no such file\ndraining\n"
