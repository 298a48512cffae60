"""Policies are promoted, rolled back and moved by one call; what is bad changes nothing."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nba.act.bundle import Card, save_policy
from nba.act.uniform import Uniform
from nba.listen.contact_features import CONTACT_CENTRE
from nba.types import Policy
from serving.http.app import App
from serving.journal.records import PlanRecord, decode_record
from serving.journal.segments import payload_at, read_segment, scan, segment_path
from serving.policies.opening import open_store
from serving.settings import Settings
from tests.nba.act.sample_policies import scorer
from tests.serving.asgi import Desk, desk
from tests.serving.live_server import EXAMPLE, policy_file

PROMOTE, ROLLBACK, MODE = (f"/v1/policies:{use}" for use in ("promote", "rollback", "mode"))
BINARY = ((b"content-type", b"application/octet-stream"),)


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Desk]:
    """A desk whose policies lie in a store folder."""
    with desk(tmp_path) as opened:
        settings = Settings(store=str(tmp_path / "store"))
        opened.store = open_store(policy_file(tmp_path), settings)
        opened.server.store = opened.store
        opened.server.note_plan()
        opened.app = App(opened.server)
        yield opened


def saved(folder: Path, policy: Policy, name: str = "new.nba") -> tuple[str, bytes]:
    """A policy's version and file."""
    version = save_policy(folder / name, policy, Card(CONTACT_CENTRE))
    return version, (folder / name).read_bytes()


def sent(counter: Desk, raw: bytes, query: str = "") -> tuple[int, Any]:
    status, _, reply = counter.send("POST", PROMOTE, raw, headers=BINARY, query=query)
    return status, reply


def decided_by(counter: Desk) -> str:
    request = json.loads(EXAMPLE) | {"dry_run": True}
    return str(counter.post("/v1/decisions", request)[2]["policy"])


def test_a_sent_file_is_promoted_and_a_rollback_brings_the_old_one_back(
    counter: Desk, tmp_path: Path
) -> None:
    before = counter.store.current.loaded.policy.version
    version, raw = saved(tmp_path, Uniform())
    status, reply = sent(counter, raw)
    assert (status, reply["generation"], reply["workers"]) == (200, 2, 1)
    assert reply["plan"] == {
        "active": version,
        "previous": [before],
        "mode": "online",
        "canary": None,
        "holdout": 0.0,
        "shadows": [],
    }
    assert decided_by(counter) == "uniform"
    assert counter.post(ROLLBACK, {})[2]["plan"]["active"] == before
    assert decided_by(counter) == "scorer"
    status, _, reply = counter.post(ROLLBACK, {})
    assert (status, reply["error"]["field"]) == (409, "use_case")


def test_a_file_in_the_store_or_a_version_is_promoted_by_name(
    counter: Desk, tmp_path: Path
) -> None:
    first = counter.store.current.loaded.policy.version
    version, _ = saved(tmp_path / "store", Uniform(), "brought.nba")
    assert counter.post(PROMOTE, {"file": "brought.nba"})[2]["plan"]["active"] == version
    assert counter.post(PROMOTE, {"version": first})[2]["plan"]["active"] == first
    for body, field in (
        ({"file": "../policy.nba"}, "file"),
        ({"file": "policy\0.nba"}, "file"),
        ({"file": "absent.nba"}, "file"),
        ({"version": "f" * 12}, "policy"),
        ({}, "version"),
        ({"version": first, "use_case": "a b"}, "use_case"),
    ):
        status, _, reply = counter.post(PROMOTE, body)
        assert (status, reply["error"]["field"]) == (422, field)


@pytest.mark.parametrize("harm", ["cut", "flipped", "garbage"])
def test_a_damaged_file_changes_nothing_and_is_told(
    counter: Desk, tmp_path: Path, harm: str
) -> None:
    _, raw = saved(tmp_path, Uniform())
    middle = len(raw) // 2
    flipped = raw[:middle] + bytes([raw[middle] ^ 1]) + raw[middle + 1 :]
    files = sorted((tmp_path / "store").iterdir())
    plan = (tmp_path / "store/plan.json").read_bytes()
    status, reply = sent(counter, {"cut": raw[:-1], "flipped": flipped, "garbage": b"no"}[harm])
    assert status == 422
    assert reply["error"]["message"].startswith("policy file as sent is damaged")
    assert reply["error"]["remedy"] == "what is served has not changed"
    assert sorted((tmp_path / "store").iterdir()) == files
    assert (tmp_path / "store/plan.json").read_bytes() == plan
    assert decided_by(counter) == "scorer"


def test_a_file_over_its_own_limit_is_refused(tmp_path: Path) -> None:
    with desk(tmp_path, max_policy_bytes=1000, max_body_bytes=10) as counter:
        assert sent(counter, b"x" * 1001)[0] == 413
        assert sent(counter, b"x" * 1000)[0] == 409, "this desk has a single file, no store"


def test_canary_shadow_and_mode_follow_their_calls(counter: Desk, tmp_path: Path) -> None:
    version, raw = saved(tmp_path, Uniform())
    other, other_raw = saved(tmp_path, scorer(5))
    assert sent(counter, raw, "role=canary")[1]["error"]["field"] == "share"
    assert sent(counter, raw, "role=canary&share=1.0")[0] == 200
    assert counter.store.assignment("default", "anyone").control == "canary"
    assert sent(counter, other_raw, "role=shadow")[1]["plan"]["shadows"] == [other]
    plan = counter.post(MODE, {"mode": "shadow", "holdout": 0.25})[2]["plan"]
    assert (plan["mode"], plan["holdout"]) == ("shadow", 0.25)
    assert plan["canary"] == {"version": version, "share": 1.0}
    assert counter.store.assignment("default", "anyone").mode == "shadow"
    plan = counter.post(MODE, {"canary_share": 0.0, "shadows": [], "mode": "online"})[2]["plan"]
    assert (plan["canary"], plan["shadows"]) == (None, [])
    status, _, reply = counter.post(MODE, {"canary_share": 0.5})
    assert (status, reply["error"]["field"]) == (409, "canary_share")
    assert counter.post(MODE, {"mode": "loud"})[0] == 422
    assert counter.post(MODE, {"shadows": ["f" * 12]})[0] == 422
    assert counter.store.plan.use_cases["default"].shadows == []


def test_a_new_use_case_begins_switched_off(counter: Desk, tmp_path: Path) -> None:
    _, raw = saved(tmp_path, Uniform())
    assert sent(counter, raw, "use_case=mail")[1]["plan"]["mode"] == "off"
    status, _, reply = counter.post(MODE, {"use_case": "chat", "mode": "online"})
    assert (status, reply["error"]["remedy"]) == (422, "use one of: default, mail")


def test_all_is_shown_with_cards_plan_and_workers(counter: Desk, tmp_path: Path) -> None:
    version, raw = saved(tmp_path, Uniform())
    sent(counter, raw, "role=shadow")
    shown = counter.get("/v1/policies")[2]
    assert {card["version"] for card in shown["policies"]} == {shown["active"], version}
    assert shown["use_cases"]["default"]["shadows"] == [version]
    assert shown["workers"] == {"0": shown["generation"]}


def test_every_change_is_in_the_journal(counter: Desk, tmp_path: Path) -> None:
    version, raw = saved(tmp_path, Uniform())
    sent(counter, raw)
    counter.post(MODE, {"mode": "off"})
    data = read_segment(segment_path(tmp_path / "journal", 1))
    payloads = [payload_at(data, offset) for offset, _ in scan(data).records]
    records = [decode_record(payload) for payload in payloads if payload is not None]
    changes = [record for record in records if isinstance(record, PlanRecord)]
    assert [(r.generation, r.what) for r in changes] == [
        (2, f"promote {version} as active"),
        (3, "mode"),
    ]
    assert json.loads(changes[1].plan)["mode"] == "off"
