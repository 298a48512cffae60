"""Azure Personalizer's wire format, spoken as its SDKs do: http.client against a live server."""

import asyncio
import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nba.client import Client
from nba.listen.log import read_log
from tests.serving.asgi import Desk, desk
from tests.serving.compaction.served_days import run
from tests.serving.live_server import ROOT, policy_file, serving

MAP = ROOT / "serving/examples/personalizer.toml"
RANK: dict[str, Any] = json.loads((ROOT / "serving/examples/rank.json").read_bytes())
EVENT = RANK["eventId"]
V11 = "/personalizer/v1.1"


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path, personalizer=str(MAP)) as opened:
        yield opened


def asked(**changed: object) -> dict[str, Any]:
    return RANK | changed


def test_an_application_of_personalizer_is_served_as_its_sdk_speaks(tmp_path: Path) -> None:
    variables = {"NBA_SERVE_PERSONALIZER": str(MAP)}
    with serving(policy_file(tmp_path), tmp_path / "journal", **variables) as server:
        wire = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        headers = {
            "Ocp-Apim-Subscription-Key": "0123456789abcdef",
            "Content-Type": "application/json; charset=utf-8",
            "Accept": "application/json",
            "x-ms-client-request-id": "f0e1",
        }

        def send(path: str, body: object = None) -> tuple[int, bytes]:
            content = None if body is None else json.dumps(body)
            wire.request("POST", f"{V11}{path}", content, headers)
            answer = wire.getresponse()
            return answer.status, answer.read()

        status, body = send("/rank", RANK)
        reply = json.loads(body)
        assert status == 201
        assert set(reply) == {"ranking", "eventId", "rewardActionId"}
        assert reply["eventId"] == EVENT
        assert send(f"/events/{EVENT}/reward", {"value": 0.5}) == (204, b"")
        assert send(f"/events/{EVENT}/activate") == (204, b"")
        assert send("/rank", {"contextFeatures": []})[0] == 400
        wire.close()
        assert server.stop() == 0


def test_an_excluded_action_keeps_its_place_with_probability_0(counter: Desk) -> None:
    status, _, reply = counter.post("/rank", RANK)
    assert status == 201
    ranking = reply["ranking"]
    assert {action["id"] for action in ranking} == {action["id"] for action in RANK["actions"]}
    assert ranking[1] == {"id": "article-21", "probability": 0.0}
    assert reply["rewardActionId"] == ranking[0]["id"]
    assert sum(action["probability"] for action in ranking) == pytest.approx(1)
    others = [ranking[2]["probability"], ranking[3]["probability"]]
    assert others == sorted(others, reverse=True)


def test_an_excluded_first_action_stays_first_and_is_not_chosen(counter: Desk) -> None:
    _, _, reply = counter.post("/rank", asked(excludedActions=["article-18"]))
    assert reply["ranking"][0] == {"id": "article-18", "probability": 0.0}
    assert reply["rewardActionId"] == reply["ranking"][1]["id"]


@pytest.mark.parametrize("prefix", ["", V11, "/personalizer/v1.0", "/personalizer/v1.1-preview.3"])
def test_an_event_gets_the_same_answer_under_every_prefix(counter: Desk, prefix: str) -> None:
    first = counter.post("/rank", RANK)
    assert counter.post(f"{prefix}/rank", RANK) == first
    assert counter.get("/readyz")[2]["decisions"] == 1


def test_an_event_without_an_id_gets_one(counter: Desk) -> None:
    replies = [counter.post("/rank", asked(eventId=None))[2] for _ in range(2)]
    assert replies[0]["eventId"] != replies[1]["eventId"]
    assert counter.post(f"/events/{replies[0]['eventId']}/reward", {"value": 1})[0] == 204


def test_an_event_id_may_be_any_text(counter: Desk) -> None:
    _, _, reply = counter.post("/rank", asked(eventId="page 7, left ü"))
    assert reply["eventId"] == "page 7, left ü"
    assert counter.post("/events/page 7, left ü/reward", {"value": 1})[0] == 204


def test_the_first_reward_of_an_event_is_its_outcome(counter: Desk) -> None:
    counter.post("/rank", RANK)
    for value in (0.25, 1.0):
        assert counter.post(f"/events/{EVENT}/reward", {"value": value})[0] == 204
    trace = counter.get(f"/v1/decisions/{EVENT}")[2]
    assert [(o["component"], o["value"]) for o in trace["outcomes"]] == [("resolved", 0.25)]


def test_rewards_that_come_at_the_same_time_are_one_outcome(counter: Desk) -> None:
    async def all_at_once() -> list[Any]:
        path = f"/events/{EVENT}/reward"
        bodies = [json.dumps({"value": value / 8}).encode() for value in range(8)]
        return await asyncio.gather(*(counter.ask("POST", path, body) for body in bodies))

    counter.post("/rank", RANK)
    assert [status for status, _, _ in asyncio.run(all_at_once())] == [204] * 8
    assert len(counter.get(f"/v1/decisions/{EVENT}")[2]["outcomes"]) == 1


def rows_learned_from(folder: Path) -> dict[str, float]:
    """Decision id → what it was worth, of the rows that a learner would see."""
    run(folder, folder / "log", window=600.0, defaults={"resolved": 0.0})
    log = read_log(folder / "log")
    return dict(zip(log.decision_id, log.outcomes["resolved"].tolist(), strict=True))


def test_a_deferred_event_is_learned_from_only_when_it_was_shown(tmp_path: Path) -> None:
    with desk(tmp_path, personalizer=str(MAP)) as counter:
        for event in ("shown", "unseen", "too-late"):
            assert counter.post("/rank", asked(eventId=event, deferActivation=True))[0] == 201
        counter.post("/rank", asked(eventId="plain"))
        counter.post("/events/unseen/reward", {"value": 1.0})
        counter.now += 60
        for _ in range(2):
            assert counter.post("/events/shown/activate", None)[0] == 204
        counter.post("/events/shown/reward", {"value": 0.75})
        counter.now += 600
        status, _, refusal = counter.post("/events/too-late/activate", None)
        assert (status, refusal["error"]["code"]) == (409, "Conflict")
        assert counter.post("/events/plain/activate", None)[0] == 204
    assert rows_learned_from(tmp_path) == {"shown": 0.75, "plain": 0.0}


def test_an_activation_is_known_after_a_restart(tmp_path: Path) -> None:
    with desk(tmp_path, personalizer=str(MAP)) as counter:
        counter.post("/rank", asked(deferActivation=True))
        counter.post(f"/events/{EVENT}/activate", None)
    with desk(tmp_path, personalizer=str(MAP)) as counter:
        counter.now += 10_000
        assert counter.post(f"/events/{EVENT}/activate", None)[0] == 204
        assert counter.post(f"/events/{EVENT}/reward", {"value": 1})[0] == 204
        assert len(counter.get(f"/v1/decisions/{EVENT}")[2]["outcomes"]) == 1


def test_who_does_not_consent_leaves_no_row_whatever_is_activated(tmp_path: Path) -> None:
    request = asked(deferActivation=True)
    request["contextFeatures"] = [{"user": {"id": "c", "consent": False}}, *RANK["contextFeatures"]]
    with desk(tmp_path, personalizer=str(MAP)) as counter:
        counter.post("/rank", request)
        counter.post("/rank", asked(eventId="other"))
        assert counter.post(f"/events/{EVENT}/activate", None)[0] == 204
        assert counter.get(f"/v1/decisions/{EVENT}")[2]["training"] is False
    assert set(rows_learned_from(tmp_path)) == {"other"}


@pytest.mark.parametrize(
    ("path", "body", "status", "code", "told"),
    [
        ("/rank", {"actions": []}, 400, "InvalidRankRequest", "actions"),
        ("/rank", [1], 400, "InvalidRankRequest", "object"),
        ("/rank", asked(contextFeatures=[]), 400, "InvalidRankRequest", "user.id"),
        (
            "/rank",
            asked(excludedActions=[action["id"] for action in RANK["actions"]]),
            400,
            "InvalidRankRequest",
            "every action is excluded",
        ),
        ("/events/never/reward", {"value": 1}, 404, "ResourceNotFound", "never"),
        ("/events/never/reward", {"valu": 1}, 400, "InvalidRewardRequest", "value"),
        ("/events/never/activate", None, 404, "ResourceNotFound", "never"),
    ],
)
def test_a_refusal_has_personalizers_form(
    counter: Desk, path: str, body: object, status: int, code: str, told: str
) -> None:
    found, _, answer = counter.post(path, body)
    assert (found, answer["error"]["code"]) == (status, code)
    assert told in answer["error"]["message"]


def test_another_request_for_the_same_event_is_a_conflict(counter: Desk) -> None:
    counter.post("/rank", RANK)
    status, _, answer = counter.post("/rank", asked(excludedActions=[]))
    assert (status, answer["error"]["code"]) == (409, "Conflict")


def test_without_a_map_the_names_are_those_of_the_spec(tmp_path: Path) -> None:
    native = json.loads((ROOT / "serving/examples/decision.json").read_bytes())
    request = {
        "contextFeatures": [native["context"]],
        "actions": [
            {"id": action["id"], "features": [action["features"], {"kind": action["kind"]}]}
            for action in native["actions"]
        ],
    }
    with desk(tmp_path) as counter:
        status, _, reply = counter.post("/rank", request)
        assert status == 201
        status, _, answer = counter.post(f"/events/{reply['eventId']}/reward", {"value": 1})
        assert (status, answer["error"]["code"]) == (400, "InvalidRewardRequest")
        assert "reward_component" in answer["error"]["message"]


def test_refusals_at_the_gate_have_personalizers_form_too(tmp_path: Path) -> None:
    with desk(tmp_path, max_body_bytes=10) as counter:
        status, _, answer = counter.post(f"{V11}/rank", RANK)
    assert (status, answer["error"]["code"]) == (413, "BadRequest")


@pytest.mark.parametrize(
    ("excluded", "baseline"), [([], "article-18"), (["article-18"], "article-21")]
)
def test_an_apprentice_answers_with_the_applications_own_choice(
    tmp_path: Path, excluded: list[str], baseline: str
) -> None:
    variables = {"NBA_SERVE_PERSONALIZER": str(MAP)}
    with (
        serving(policy_file(tmp_path), tmp_path / "journal", **variables) as server,
        Client(f"http://127.0.0.1:{server.port}") as client,
    ):
        client.mode("apprentice")
        status, reply = server.client().post("/rank", asked(excludedActions=excluded))
        assert (status, reply["rewardActionId"]) == (201, baseline)
        chosen = next(action for action in reply["ranking"] if action["id"] == baseline)
        assert chosen["probability"] == 1.0
        assert client.trace(EVENT).reply.mode == "baseline"


def test_a_key_is_taken_from_where_the_sdk_puts_it(tmp_path: Path) -> None:
    keys = '[[keys]]\nname = "app"\nscopes = ["decide"]\nkey = "0123456789abcdef"\n'
    (tmp_path / "keys.toml").write_text(keys)
    variables = {
        "NBA_SERVE_PERSONALIZER": str(MAP),
        "NBA_SERVE_KEYS": str(tmp_path / "keys.toml"),
    }
    with serving(policy_file(tmp_path), tmp_path / "journal", **variables) as server:
        wire = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        statuses = []
        for key in ("0123456789abcdef", "another-key-of-16"):
            headers = {"Ocp-Apim-Subscription-Key": key}
            wire.request("POST", f"{V11}/rank", json.dumps(RANK), headers)
            answer = wire.getresponse()
            statuses.append((answer.status, set(json.loads(answer.read()))))
        wire.close()
    assert statuses == [(201, {"ranking", "eventId", "rewardActionId"}), (401, {"error"})]
