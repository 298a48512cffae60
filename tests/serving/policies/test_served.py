"""Levers change one decision's objective; what is expected of it is told when asked for."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from serving.path.replay import replay
from tests.nba.act.sample_policies import component_scorer
from tests.serving.asgi import Desk, desk
from tests.serving.live_server import example


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path, component_scorer()) as opened:
        yield opened


def ask(counter: Desk, name: str, **changed: object) -> dict[str, Any]:
    status, _, reply = counter.post("/v1/decisions", example(decision_id=name, **changed))
    assert status == 200, reply
    return dict(reply)


def shares(reply: dict[str, Any]) -> dict[str, float]:
    return {each["id"]: each["probability"] for each in reply["ranked"]}


def test_levers_hold_for_one_decision_and_are_replayed(counter: Desk) -> None:
    plain = ask(counter, "d-1")
    weights = counter.store.current.loaded.card.objective.weights
    assert shares(ask(counter, "d-2", levers=dict(weights))) == pytest.approx(
        shares(plain), abs=1e-6
    )
    changed = ask(counter, "d-3", levers={"resolved": 20.0})
    assert shares(changed) != pytest.approx(shares(plain), abs=1e-3)
    assert shares(ask(counter, "d-4")) == shares(plain)
    assert changed["policy_version"] == plain["policy_version"]
    for name in ("d-1", "d-3"):
        record = asyncio.run(counter.server.record(counter.server.entry(name)))
        assert record.levers == ({"resolved": 20.0} if name == "d-3" else {})
        assert replay(record, counter.store.current) == []


def test_expected_components_add_up_to_the_expected_reward(counter: Desk) -> None:
    reply = ask(counter, "d-1", expected=True)
    weights = counter.store.current.loaded.card.objective.weights
    found = reply["expected"]
    assert set(found) == set(weights)
    told = {each["id"]: each["expected_reward_eur"] for each in reply["ranked"]}
    summed = sum(weights[name] * each["mean"] for name, each in found.items())
    assert summed == pytest.approx(told[reply["chosen"]["id"]], abs=1e-3)
    assert all(each["std_error"] > 0 for each in found.values())
    assert "expected" not in ask(counter, "d-2")
    assert ask(counter, "d-1", expected=True) == reply


def test_a_lever_that_is_none_is_refused(counter: Desk) -> None:
    sent = example(decision_id="d-1", levers={"joy": 1.0})
    status, _, reply = counter.post("/v1/decisions", sent)
    assert (status, reply["error"]["field"]) == (422, "levers")
    assert "joy" in reply["error"]["message"]


def test_a_policy_without_components_says_so(tmp_path: Path) -> None:
    with desk(tmp_path) as counter:
        sent = example(levers={"resolved": 1.0})
        status, _, reply = counter.post("/v1/decisions", sent)
        assert (status, reply["error"]["field"]) == (422, "levers")
        assert ask(counter, "d-2", expected=True)["expected"] == {}


def test_many_weightings_take_no_more_memory_than_some(counter: Desk) -> None:
    for number in range(80):
        ask(counter, f"d-{number}", levers={"resolved": float(number)})
    assert len(counter.store.current.levered) == 64


def test_who_opted_out_is_decided_for_without_levers(counter: Desk) -> None:
    customer = {"id": "c", "consent": False}
    reply = ask(counter, "d-1", customer=customer, levers={"joy": 1.0}, expected=True)
    assert (reply["mode"], reply["expected"]) == ("rules", {})
    assert json.dumps(reply)
