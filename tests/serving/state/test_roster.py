"""The roster: registered employees are candidates, with facts as they stand at the decision."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nba.listen.contact_features import CONTACT_CENTRE as SPEC
from serving.journal.records import EmployeeRecord
from serving.state.roster import Roster, encoded
from tests.serving.asgi import Desk, desk
from tests.serving.live_server import ROOT, example

EMPLOYEE: dict[str, Any] = json.loads((ROOT / "serving/examples/employee.json").read_text())


def told(**changed: object) -> dict[str, Any]:
    base = {**EMPLOYEE, "idle_since": 940.0, "break_ended": 400.0, "shift_ends": 4600.0}
    return base | changed


def put(counter: Desk, name: str, **changed: object) -> None:
    status, _, reply = counter.send(
        "PUT", f"/v1/employees/{name}", json.dumps(told(**changed)).encode()
    )
    assert status == 200, reply


def ask(counter: Desk, name: str, **changed: object) -> dict[str, Any]:
    sent = example(decision_id=name, roster=True, **changed)
    status, _, reply = counter.post("/v1/decisions", sent)
    assert status == 200, reply
    return dict(reply)


def record(name: str, at: float = 0.0, **changed: object) -> EmployeeRecord:
    values = {"available": True, "reason": "", **told(**changed)}
    return EmployeeRecord(name, at, **values)


def test_who_is_registered_is_a_candidate_beside_those_sent(tmp_path: Path) -> None:
    with desk(tmp_path) as counter:
        put(counter, "anna")
        put(counter, "ben", available=False, reason="on leave")
        reply = ask(counter, "d-1")
        ranked = {each["id"] for each in reply["ranked"]}
        sent = {action["id"] for action in example()["actions"]}
        assert ranked - sent == {"anna"}
        assert reply["excluded"]["ben"] == "unavailable: on leave"
        only = ask(counter, "d-2", actions=[])
        assert [each["id"] for each in only["ranked"]] == ["anna"]
        assert {"anna"}.isdisjoint(
            each["id"] for each in counter.post("/v1/decisions", example())[2]["ranked"]
        )


def test_a_registered_employee_is_scored_as_the_same_one_sent(tmp_path: Path) -> None:
    facts = {
        **EMPLOYEE["features"],
        "idle_s": 60.0,
        "minutes_since_break": 10.0,
        "minutes_to_shift_end": 60.0,
        "skill_estimate": EMPLOYEE["skills"]["technical"],
        "skill_mean": float(np.mean(list(EMPLOYEE["skills"].values()))),
        "skill_max": max(EMPLOYEE["skills"].values()),
    }
    others = [action for action in example()["actions"] if action["kind"] != "employee"]
    sent = {"id": "anna", "kind": "employee", "features": facts}
    with desk(tmp_path) as counter:
        put(counter, "anna")
        by_roster = ask(counter, "d-1", actions=others)
        by_hand = counter.post(
            "/v1/decisions", example(decision_id="d-2", actions=[*others, sent])
        )[2]
    shares = [
        {r["id"]: r["probability"] for r in reply["ranked"]} for reply in (by_roster, by_hand)
    ]
    assert shares[0] == pytest.approx(shares[1], abs=1e-6)


def test_the_clock_moves_what_runs_with_it() -> None:
    roster = Roster()
    roster.note(record("anna"))
    context = np.zeros(len(SPEC.context_names), dtype=np.float32)
    rows = [roster.offered(SPEC, context, now).rows[0] for now in (1000.0, 1600.0, 9000.0)]
    column = SPEC.action_column
    assert [row[column("idle_s")] for row in rows] == [60.0, 660.0, 8060.0]
    assert [row[column("minutes_since_break")] for row in rows[:2]] == [10.0, 20.0]
    assert [row[column("minutes_to_shift_end")] for row in rows] == [60.0, 50.0, 0.0]


def test_rows_stay_right_while_employees_come_change_and_go() -> None:
    rng, roster = np.random.default_rng(1), Roster()
    context = np.zeros(len(SPEC.context_names), dtype=np.float32)
    roster.offered(SPEC, context, 0.0)  # the table is there from the beginning
    known: dict[str, EmployeeRecord] = {}
    for step in range(400):
        name = f"e-{rng.integers(40)}"
        if name in known and rng.random() < 0.3:
            roster.note(EmployeeRecord(name, step, False, "", {}, {}, gone=True))
            del known[name]
        else:
            features = {**EMPLOYEE["features"], "backlog": float(rng.integers(100))}
            known[name] = record(name, step, features=features)
            roster.note(known[name])
    found = roster.offered(SPEC, context, 5000.0)
    assert sorted(found.ids) == sorted(known)
    column = SPEC.action_column("backlog")
    for name, row in zip(found.ids, found.rows, strict=True):
        assert row[column] == known[name].features["backlog"]
        assert row[SPEC.action_column("kind=employee")] == 1.0


def test_an_older_fact_changes_nothing() -> None:
    roster = Roster()
    roster.note(record("anna", 10.0))
    roster.note(record("anna", 5.0, available=False))
    assert roster.employees["anna"].available


def test_the_roster_is_there_after_a_restart_and_in_other_workers(tmp_path: Path) -> None:
    with desk(tmp_path, worker=0) as first, desk(tmp_path, worker=1) as second:
        put(first, "anna")
        assert second.get("/v1/employees/anna")[0] == 200
        put(second, "ben")
        assert first.send("DELETE", "/v1/employees/anna")[0] == 204
        names = [each["id"] for each in second.get("/v1/employees")[2]["employees"]]
        assert names == ["ben"]
    with desk(tmp_path, worker=0) as again:
        assert again.get("/v1/employees/anna")[0] == 404
        assert [each["id"] for each in ask(again, "d-9", actions=[])["ranked"]] == ["ben"]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"features": {}}, "features.expected_wait_s"),
        ({"features": {**EMPLOYEE["features"], "backlog": -1}}, "features.backlog"),
        ({"features": {**EMPLOYEE["features"], "shoe_size": 1}}, "features.shoe_size"),
        ({"features": {**EMPLOYEE["features"], "mood": 1}}, "features.mood"),
        ({"skills": {"singing": 1}}, "skills.singing"),
        ({"skills": {"billing": 2}}, "skills"),
    ],
)
def test_what_is_wrong_is_named_and_not_remembered(
    tmp_path: Path, changed: dict[str, object], field: str
) -> None:
    with desk(tmp_path) as counter:
        body = json.dumps(told(**changed)).encode()
        status, _, reply = counter.send("PUT", "/v1/employees/anna", body)
        assert status == 422
        assert reply["error"]["field"].startswith(field), reply
        assert counter.get("/v1/employees/anna")[0] == 404


def test_a_roster_without_anybody_leaves_nothing_to_choose(tmp_path: Path) -> None:
    with desk(tmp_path) as counter:
        for sent in (example(actions=[], roster=True), example(actions=[])):
            status, _, reply = counter.post("/v1/decisions", sent)
            assert (status, reply["error"]["field"]) == (422, "actions")


def test_the_encoded_row_needs_no_derived_feature() -> None:
    row = encoded(record("anna"), SPEC)
    assert row[SPEC.action_column("skill_max")] == max(EMPLOYEE["skills"].values())
