"""Rows of Arrow get the decisions that each would have got alone, and keep every promise."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from serving.journal.forget import forget
from serving.journal.records import BatchRecord, DecisionRecord, Record, decode_record
from serving.journal.segments import records_from, segment_numbers, segment_path
from tests.serving.api.arrow_stream import KIND, as_stream, ask, ask_raw, stream
from tests.serving.asgi import Desk, desk
from tests.serving.live_server import example

BATCH = "/v1/decisions:batch"


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path) as opened:
        yield opened


def requests(number: int, *, named: bool = True) -> list[dict[str, Any]]:
    """Different ones, with 1 to 5 actions, of which a rule removes some."""
    rng = np.random.default_rng(3)
    found = []
    for i in range(number):
        request = example(customer={"id": f"c-{i % 7}"})
        request["context"]["hour"] = float(rng.integers(0, 23))
        employee = next(a for a in request["actions"] if a["kind"] == "employee")
        others = [a for a in request["actions"] if a["kind"] != "employee"]
        request["actions"] = others[: rng.integers(1, len(others) + 1)]
        for one in range(int(rng.integers(0, 3))):
            features = {**employee["features"], "idle_s": float(rng.integers(0, 600))}
            features["occupancy_1h"] = float(rng.choice([0.5, 0.96]))
            request["actions"].append({**employee, "id": f"anna-{one}", "features": features})
        request.pop("decision_id", None)
        found.append({**request, "decision_id": f"d-{i}"} if named else request)
    return found


def records(journal: Path) -> list[Record]:
    return [
        decode_record(payload)
        for number in segment_numbers(journal)
        for _, payload in records_from(segment_path(journal, number).read_bytes())
    ]


def test_each_row_is_the_decision_it_would_have_been_alone(tmp_path: Path) -> None:
    sent = requests(200)
    (tmp_path / "many").mkdir()
    (tmp_path / "alone").mkdir()
    with desk(tmp_path / "many") as many, desk(tmp_path / "alone") as alone:
        found = ask(many, sent)
        assert all(isinstance(record, BatchRecord) for record in records(many.settings.journal))
        for request, row in zip(sent, found, strict=True):
            reply = alone.post("/v1/decisions", request)[2]
            assert row["decision_id"] == reply["decision_id"]
            assert (row["chosen"], row["kind"]) == tuple(reply["chosen"].values())
            assert row["propensity"] == pytest.approx(reply["propensity"], abs=1e-6)
            ranked = {each["id"]: each["probability"] for each in reply["ranked"]}
            expected = [ranked.get(action["id"], 0.0) for action in request["actions"]]
            assert row["probabilities"] == pytest.approx(expected, abs=1e-6)
            assert (row["policy_version"], row["mode"], row["fallback"], row["error"]) == (
                reply["policy_version"],
                "policy",
                False,
                None,
            )
        for name in ("d-3", "d-77", "d-199"):
            mine, theirs = (c.get(f"/v1/decisions/{name}")[2] for c in (many, alone))
            assert mine["reply"].pop("propensity") == pytest.approx(
                theirs["reply"].pop("propensity"), abs=1e-6
            )
            del mine["reply"]["ranked"], theirs["reply"]["ranked"]
            theirs["request"].setdefault("actions", [])
            assert mine == theirs


def test_ids_made_here_find_their_rows(counter: Desk) -> None:
    found = ask(counter, requests(130, named=False))
    names = [row["decision_id"] for row in found]
    assert len(set(names)) == 130
    assert counter.get("/readyz")[2]["decisions_known"] == 130
    for place in (0, 127, 128, 129):
        status, _, trace = counter.get(f"/v1/decisions/{names[place]}")
        assert (status, trace["reply"]["chosen"]["id"]) == (200, found[place]["chosen"])
        told = {"decision_id": names[place], "components": {"resolved": 1}}
        assert counter.post("/v1/outcomes", told)[0] == 200
        outcomes = counter.get(f"/v1/decisions/{names[place]}")[2]["outcomes"]
        assert [each["component"] for each in outcomes] == ["resolved"]
    for unknown in ("new-1", "new-1~128", "new-1~064", "new-1~", "new-9~0", "~0"):
        assert counter.get(f"/v1/decisions/{unknown}")[0] == 404


def test_the_same_again_gets_the_same_also_alone_and_after_a_restart(tmp_path: Path) -> None:
    sent = requests(140)
    with desk(tmp_path) as counter:
        first = ask(counter, sent)
        assert ask(counter, sent) == first
    with desk(tmp_path) as counter:
        assert ask(counter, sent) == first
        status, _, alone = counter.post("/v1/decisions", sent[5])
        assert (status, alone["chosen"]["id"]) == (200, first[5]["chosen"])
        assert alone["propensity"] == first[5]["propensity"]
        other = {**sent[5], "context": {**sent[5]["context"], "hour": 23}}
        assert counter.post("/v1/decisions", other)[0] == 409
        assert ask(counter, [other])[0]["error"].startswith("decision_id")


def test_what_is_not_usual_is_decided_beside_it(counter: Desk) -> None:
    sent = [{**request, "dry_run": False} for request in requests(10)]
    sent[2]["customer"] = {"id": "c-9", "consent": False}
    sent[4]["dry_run"] = True
    sent[6]["customer"] = {"id": "c-6", "consent": True}
    found = ask(counter, sent)
    assert [row["decision_id"] for row in found] == [row["decision_id"] for row in sent]
    assert [row["mode"] for row in found] == ["policy"] * 2 + ["rules"] + ["policy"] * 7
    assert counter.get("/v1/decisions/d-4")[0] == 404
    kinds = [type(record) for record in records(counter.settings.journal)]
    assert sorted(kinds, key=str) == [BatchRecord, DecisionRecord]


def test_a_row_without_a_way_out_is_refused_and_the_others_are_decided(counter: Desk) -> None:
    sent = requests(4)
    sent[1]["actions"] = [{**sent[1]["actions"][0], "kind": "content", "unavailable": "closed"}]
    found = ask(counter, sent)
    assert [row["decision_id"] for row in found] == ["d-0", None, "d-2", "d-3"]
    assert found[1]["error"].startswith("actions: no action is eligible")
    assert [row["error"] for row in found[2:]] == [None, None]


def test_a_wrong_row_is_named_and_nothing_is_decided(counter: Desk) -> None:
    def refusal(sent: list[dict[str, Any]]) -> str:
        status, _, body = counter.send_raw(BATCH, stream(sent), KIND)
        assert status == 422
        return str(json.loads(body)["error"]["field"])

    sent = requests(5)
    sent[3]["context"]["hour"] = 30.0
    assert refusal(sent) == "rows[3].context.hour"
    sent = requests(5)
    sent[1]["actions"] = [sent[1]["actions"][0]] * 2
    assert refusal(sent) == "rows[1].actions[1].id"
    sent = requests(5)
    sent[4]["decision_id"] = "d-0"
    assert refusal(sent) == "rows[4].decision_id"
    assert refusal([]) == "rows"
    assert records(counter.settings.journal) == []
    status, _, body = counter.send_raw(BATCH, b"no stream", KIND)
    assert (status, json.loads(body)["error"]["field"]) == (400, "body")


def test_pieces_and_dictionaries_say_the_same(tmp_path: Path) -> None:
    table = pa.Table.from_pylist(requests(20))
    place = table.column_names.index("decision_id")
    other = table.set_column(place, "decision_id", table["decision_id"].dictionary_encode())
    replies = []
    for name, sent in (("whole", table), ("pieces", pa.concat_tables([other[:7], other[7:]]))):
        (tmp_path / name).mkdir()
        with desk(tmp_path / name) as counter:
            replies.append(ask_raw(counter, as_stream(sent)))
            assert {type(r) for r in records(counter.settings.journal)} == {BatchRecord}
    assert replies[0] == replies[1]


def test_a_forgotten_customer_leaves_the_batch_and_the_others_stay(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    with desk(tmp_path) as counter:
        first = ask(counter, requests(140))
        for name in ("d-1", "d-8", "d-2"):
            told = {"decision_id": name, "components": {"resolved": 1}}
            assert counter.post("/v1/outcomes", told)[0] == 200
        report = forget(journal, "c-1", now=5.0)
        assert (report.decisions, report.outcomes) == (20, 2)
        assert counter.get("/v1/decisions/d-8")[0] == 404
    assert not any(b"c-1" in path.read_bytes() for path in journal.glob("*.journal"))
    with desk(tmp_path) as counter:
        assert not counter.journal.notes
        assert counter.get("/v1/decisions/d-8")[0] == 404
        trace = counter.get("/v1/decisions/d-2")[2]
        assert trace["reply"]["propensity"] == first[2]["propensity"]
        assert len(trace["outcomes"]) == 1
    assert forget(journal, "c-1", now=6.0).decisions == 0
