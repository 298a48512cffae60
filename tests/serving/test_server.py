"""Decisions and outcomes: once, the same again, refused when they differ, kept over a restart."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from nba.act.bundle import Card, save_policy
from nba.act.uniform import Uniform
from nba.listen.contact_features import CONTACT_CENTRE
from tests.serving.asgi import Desk, desk
from tests.serving.live_server import EXAMPLE, ROOT, example

DECISIONS, OUTCOMES = "/v1/decisions", "/v1/outcomes"


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path) as opened:
        yield opened


def counts(counter: Desk) -> dict[str, int]:
    ready: dict[str, int] = counter.get("/readyz")[2]
    return ready


def test_a_retry_gets_the_same_answer_and_is_journalled_once(counter: Desk) -> None:
    first = counter.send("POST", DECISIONS, EXAMPLE)
    again = counter.send("POST", DECISIONS, EXAMPLE)
    # The same request, written differently.
    other_form = counter.post(DECISIONS, json.loads(EXAMPLE))
    assert first[0] == 200
    assert first == again == other_form
    assert counts(counter)["decisions"] == 1


def test_a_retry_gets_the_same_answer_after_another_policy_has_taken_over(
    counter: Desk, tmp_path: Path
) -> None:
    first = counter.send("POST", DECISIONS, EXAMPLE)
    save_policy(tmp_path / "other.nba", Uniform(), Card(CONTACT_CENTRE))
    counter.store.swap(tmp_path / "other.nba")
    assert counter.send("POST", DECISIONS, EXAMPLE) == first
    _, _, new = counter.post(DECISIONS, example(decision_id="d-2"))
    assert new["policy"] == "uniform"


def test_simultaneous_retries_are_one_decision(counter: Desk) -> None:
    async def both() -> list[object]:
        return await asyncio.gather(*(counter.ask("POST", DECISIONS, EXAMPLE) for _ in range(8)))

    answers = asyncio.run(both())
    assert all(answer == answers[0] for answer in answers)
    assert counts(counter)["decisions"] == 1


def test_the_same_id_for_another_request_is_a_conflict(counter: Desk) -> None:
    counter.send("POST", DECISIONS, EXAMPLE)
    status, _, answer = counter.post(DECISIONS, example(customer={"id": "somebody else"}))
    assert (status, answer["error"]["field"]) == (409, "decision_id")
    assert counts(counter)["decisions"] == 1


def test_without_an_id_every_request_is_a_decision_of_its_own(counter: Desk) -> None:
    answers = [counter.post(DECISIONS, example(decision_id=None))[2] for _ in range(3)]
    assert [answer["decision_id"] for answer in answers] == ["new-1", "new-2", "new-3"]


def test_a_dry_run_answers_the_same_and_leaves_no_trace(counter: Desk) -> None:
    _, _, dry = counter.post(DECISIONS, example(dry_run=True))
    assert counter.get(f"{DECISIONS}/example-0001")[0] == 404
    assert counts(counter)["decisions_known"] == 0
    assert counter.send("POST", DECISIONS, EXAMPLE)[2] == dry


def test_an_outcome_is_recorded_once_and_shown(counter: Desk) -> None:
    counter.send("POST", DECISIONS, EXAMPLE)
    sent = {"decision_id": "example-0001", "components": {"resolved": 1.0, "wait_s": 12.5}}
    counter.now = 1100.0
    assert counter.post(OUTCOMES, sent)[2]["recorded"] == ["resolved", "wait_s"]
    counter.now = 1200.0
    status, _, again = counter.post(OUTCOMES, sent)
    assert (status, again["recorded"], again["already_known"]) == (200, [], ["resolved", "wait_s"])
    late = {"decision_id": "example-0001", "components": {"resolved": 1, "handle_s": 200}, "at": 7}
    assert counter.post(OUTCOMES, late)[2]["recorded"] == ["handle_s"]
    _, _, trace = counter.get(f"{DECISIONS}/example-0001")
    assert trace["outcomes"] == [
        {"component": "resolved", "value": 1.0, "at": 1100.0},
        {"component": "wait_s", "value": 12.5, "at": 1100.0},
        {"component": "handle_s", "value": 200.0, "at": 7.0},
    ]
    assert counts(counter)["outcomes"] == 3


def test_an_outcome_that_contradicts_what_is_known_is_refused(counter: Desk) -> None:
    counter.send("POST", DECISIONS, EXAMPLE)
    sent = {"decision_id": "example-0001", "components": {"resolved": 1.0}}
    counter.post(OUTCOMES, sent)
    sent["components"] = {"resolved": 0.0, "wait_s": 1.0}
    status, _, answer = counter.post(OUTCOMES, sent)
    assert (status, answer["error"]["field"]) == (409, "components.resolved")
    assert len(counter.get(f"{DECISIONS}/example-0001")[2]["outcomes"]) == 1


def test_an_unknown_decision_or_component_is_named_with_help(counter: Desk) -> None:
    status, _, answer = counter.post(OUTCOMES, {"decision_id": "x", "components": {"resolved": 1}})
    assert (status, answer["error"]["field"]) == (404, "decision_id")
    assert "POST /v1/decisions" in answer["error"]["remedy"]
    counter.send("POST", DECISIONS, EXAMPLE)
    sent = {"decision_id": "example-0001", "components": {"resolvd": 1}}
    status, _, answer = counter.post(OUTCOMES, sent)
    assert (status, answer["error"]["field"]) == (422, "components.resolvd")
    assert "resolved" in answer["error"]["remedy"]


def test_the_trace_holds_the_request_and_the_reply(counter: Desk) -> None:
    _, _, reply = counter.send("POST", DECISIONS, EXAMPLE)
    _, _, trace = counter.get(f"{DECISIONS}/example-0001")
    assert trace["request"] == json.loads(EXAMPLE)
    assert trace["reply"] == reply
    assert (trace["at"], trace["training"]) == (1000.0, True)
    assert trace["spec_version"] == CONTACT_CENTRE.version


def test_everything_is_known_after_a_restart(tmp_path: Path) -> None:
    sent = {"decision_id": "example-0001", "components": {"resolved": 1.0}}
    with desk(tmp_path) as before:
        reply = before.send("POST", DECISIONS, EXAMPLE)
        before.post(OUTCOMES, sent)
        trace = before.get(f"{DECISIONS}/example-0001")
    with desk(tmp_path) as after:
        assert after.get(f"{DECISIONS}/example-0001") == trace
        assert after.send("POST", DECISIONS, EXAMPLE) == reply
        assert after.post(OUTCOMES, sent)[2]["already_known"] == ["resolved"]


def test_an_opt_out_is_answered_by_the_rules_and_counted(counter: Desk) -> None:
    request = example(customer={"id": "c", "consent": False})
    status, _, answer = counter.post(DECISIONS, request)
    assert (status, answer["mode"], answer["policy"]) == (200, "rules", "safe_rule")
    assert counter.get(f"{DECISIONS}/example-0001")[2]["training"] is False
    assert counts(counter)["opt_outs"] == 1


def test_a_journal_that_cannot_write_gives_503_and_a_retry_succeeds(
    counter: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("serving.journal.journal.os.pwrite", full)
        status, headers, answer = counter.send("POST", DECISIONS, EXAMPLE)
    assert (status, headers["retry-after"]) == (503, "1")
    assert "No space left" in answer["error"]["message"]
    assert counter.send("POST", DECISIONS, EXAMPLE)[0] == 200


def test_a_clock_that_jumps_changes_nothing_that_was_promised(tmp_path: Path) -> None:
    """A day back and a day on: by NTP, by hand, or a virtual machine that slept."""
    facts = json.loads((ROOT / "serving/examples/employee.json").read_text())
    with desk(tmp_path) as counter:
        first = counter.post("/v1/decisions", example(decision_id="d-1"))[2]
        for jump in (-86_400.0, 2 * 86_400.0, -86_400.0):
            counter.now += jump
            name = f"after {counter.now:.0f}".replace(" ", "-")
            assert counter.post("/v1/decisions", example(decision_id="d-1"))[2] == first
            assert counter.post("/v1/decisions", example(decision_id=name))[0] == 200
            sent = {"decision_id": name, "components": {"resolved": 1}}
            assert counter.post("/v1/outcomes", sent)[0] == 200
            told = json.dumps(facts | {"available": jump > 0}).encode()
            assert counter.send("PUT", "/v1/employees/anna", told)[0] == 200
            known = counter.get("/v1/employees/anna")[2]
            assert known["available"] == (jump > 0)
    with desk(tmp_path) as again:
        assert again.post("/v1/decisions", example(decision_id="d-1"))[2] == first
        assert again.get("/v1/employees/anna")[2]["available"] is False
        assert len(again.server.index) == 4
