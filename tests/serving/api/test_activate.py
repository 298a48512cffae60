"""A deferred decision becomes one to learn from when it was shown, within the wait time."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving.asgi import Desk, desk
from tests.serving.live_server import example

DECISION = "/v1/decisions/example-0001"


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path) as opened:
        yield opened


def test_a_deferred_decision_is_for_training_once_it_was_activated(counter: Desk) -> None:
    counter.post("/v1/decisions", example(deferred=True))
    assert counter.get(DECISION)[2]["training"] is False
    assert counter.post(f"{DECISION}/activate", None)[0] == 204
    assert counter.get(DECISION)[2]["training"] is True


def test_a_decision_that_was_shown_at_once_needs_no_activation(counter: Desk) -> None:
    counter.post("/v1/decisions", example())
    counter.now += 10_000
    assert counter.post(f"{DECISION}/activate", None)[0] == 204


def test_an_activation_that_comes_too_late_is_refused(counter: Desk) -> None:
    counter.post("/v1/decisions", example(deferred=True))
    counter.now += 600.5
    status, _, answer = counter.post(f"{DECISION}/activate", None)
    assert (status, answer["error"]["field"]) == (409, "decision_id")
    assert counter.get(DECISION)[2]["training"] is False


def test_what_was_never_decided_cannot_be_activated(counter: Desk) -> None:
    assert counter.post("/v1/decisions/never/activate", None)[0] == 404


def test_an_activation_that_could_not_be_written_is_not_one(
    counter: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    counter.post("/v1/decisions", example(deferred=True))
    with monkeypatch.context() as patch:
        patch.setattr("serving.journal.journal.os.pwrite", full)
        assert counter.post(f"{DECISION}/activate", None)[0] == 503
    assert counter.get(DECISION)[2]["training"] is False
    assert counter.post(f"{DECISION}/activate", None)[0] == 204
    assert counter.get(DECISION)[2]["training"] is True
