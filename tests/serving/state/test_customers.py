"""Events are remembered once and fill what the next decision's request leaves out."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from nba.act.rules import read_rules
from serving.journal.forget import forget
from serving.journal.records import EventRecord, float32s
from serving.path.decision import decide_asked
from serving.policies.served import load_served
from serving.state.customers import Customers
from tests.serving.asgi import Desk, desk
from tests.serving.live_server import example

CUSTOMER = example()["customer"]["id"]


def event(
    name: str, kind: str, data: dict[str, object] | None = None, **more: object
) -> dict[str, Any]:
    return {
        "specversion": "1.0", "id": name, "source": "test", "type": kind, "subject": CUSTOMER,
        "data": data or {}, **more,
    }  # fmt: skip


def tell(counter: Desk, *sent: dict[str, Any]) -> dict[str, Any]:
    reply: dict[str, Any] = {}
    for each in sent:
        status, _, reply = counter.post("/v1/events", each)
        assert status == 200, reply
    return reply


def without(*names: str, **changed: object) -> dict[str, Any]:
    sent = example(**changed)
    sent["context"] = {k: v for k, v in sent["context"].items() if k not in names}
    return sent


def context_of(counter: Desk, name: str, sent: dict[str, Any]) -> dict[str, Any]:
    """The context as the record of the decision has it."""
    status, _, reply = counter.post("/v1/decisions", {**sent, "decision_id": name})
    assert status == 200, reply
    record = asyncio.run(counter.server.record(counter.server.entry(name)))
    spec = counter.store.current.loaded.card.spec
    return spec.name_context(float32s(record.context).astype(float))


def test_a_profile_fills_what_a_request_leaves_out(tmp_path: Path) -> None:
    with desk(tmp_path) as counter:
        tell(
            counter,
            event("1", "contact_out"),
            event("2", "contact_out"),
            event("3", "contact_in", {"channel": "chat"}),
            event("4", "message", {"sentiment": -0.5}),
        )
        sent = without("touches_7d", "contacts_in_journey", "sentiment_estimate", "channel")
        found = context_of(counter, "d-1", sent)
        assert (found["touches_7d"], found["contacts_in_journey"]) == (2, 1)
        assert (found["sentiment_estimate"], found["channel"]) == (-0.5, "chat")
        counter.now += 3600
        assert context_of(counter, "d-2", sent)["sentiment_estimate"] == pytest.approx(-0.25)
        counter.now += 8 * 86_400
        assert context_of(counter, "d-3", sent)["touches_7d"] == 0


def test_an_optional_feature_is_filled_where_the_rest_is_sent(tmp_path: Path) -> None:
    with desk(tmp_path) as counter:
        tell(counter, event("1", "message", {"sentiment": 0.75}))
        found = context_of(counter, "d-1", without("sentiment_estimate"))
        assert found["sentiment_estimate"] == 0.75


def test_what_the_request_says_wins(tmp_path: Path) -> None:
    with desk(tmp_path) as counter:
        tell(counter, event("1", "message", {"sentiment": 0.75}), event("2", "contact_out"))
        sent = example()
        found = context_of(counter, "d-1", sent)
        assert found["touches_7d"] == sent["context"]["touches_7d"]
        assert found["sentiment_estimate"] == pytest.approx(sent["context"]["sentiment_estimate"])


def test_an_event_counts_once_also_after_a_restart_and_in_another_worker(tmp_path: Path) -> None:
    with desk(tmp_path, worker=0) as first, desk(tmp_path, worker=1) as second:
        assert tell(first, event("1", "contact_out"))["new"] is True
        assert tell(second, event("1", "contact_out"))["new"] is False
        assert tell(first, event("1", "contact_out"))["known"]["touches_7d"] == 1
    with desk(tmp_path, worker=0) as again:
        reply = tell(again, event("1", "contact_out"))
        assert (reply["new"], reply["known"]["touches_7d"]) == (False, 1)


def test_who_withdraws_consent_is_decided_for_without_personal_features(tmp_path: Path) -> None:
    with desk(tmp_path) as counter:
        tell(counter, event("1", "contact_out"), event("2", "consent", {"granted": False}))
        reply = counter.post("/v1/decisions", example())[2]
        assert reply["mode"] == "rules"
        assert "opted out" in reply["why"][0]
        assert counter.get("/v1/decisions/example-0001")[2]["training"] is False
        tell(counter, event("3", "consent", {"granted": True}))
        assert counter.post("/v1/decisions", example(decision_id="d-2"))[2]["mode"] == "policy"


def test_a_contact_frequency_cap_counts_events(tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text(
        '[[rule]]\nname = "contact cap"\nstage = "contact_policy"\n'
        'remove_if = "context.touches_7d >= 2"\nkinds = ["callback"]\n'
    )
    with desk(tmp_path) as counter:
        served = load_served(tmp_path / "policy.nba", occupancy_cap=0.95, rules=read_rules(rules))
        tell(counter, event("1", "contact_out"), event("2", "contact_out"))
        body = json.dumps(without("touches_7d")).encode()
        asked = counter.server.state.read(body, served.parts.reader, now=counter.now, most=99)
        record = decide_asked(asked, served, decision_id="d", now=0.0)
        assert "contact cap" in record.excluded["callback"]


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        (event("1", "message"), "data.sentiment"),
        (event("1", "message", {"sentiment": 2}), "data.sentiment"),
        (event("1", "contact_in", {"channle": "chat"}), "data.channle"),
        (event("1", "danced"), "type"),
        (event("1", "contact_in", time="yesterday"), "time"),
        ({**event("1", "contact_in"), "subject": ""}, "subject"),
    ],
)
def test_a_wrong_event_is_refused_by_its_field(
    tmp_path: Path, sent: dict[str, Any], field: str
) -> None:
    with desk(tmp_path) as counter:
        status, _, reply = counter.post("/v1/events", sent)
        assert (status, reply["error"]["field"]) == (422, field)


def test_a_forgotten_customer_has_no_profile_after_the_next_start(tmp_path: Path) -> None:
    with desk(tmp_path) as counter:
        tell(counter, event("1", "contact_out"))
    assert forget(tmp_path / "journal", CUSTOMER, now=1.0).others == 1
    with desk(tmp_path) as counter:
        assert counter.server.state.customers.get(CUSTOMER) is None


def test_memory_holds_so_many_customers_and_lets_go_of_the_oldest() -> None:
    customers = Customers(3)
    for number in (1, 2, 3, 1, 4):
        note = EventRecord(f"k{number}{len(customers)}", 1.0, f"c-{number}", "contact_out", {}, b"")
        customers.note(note)
    assert len(customers) == 3
    assert customers.get("c-2") is None
    assert customers.get("c-1") is not None
