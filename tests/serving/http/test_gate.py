"""Who may come in, and how many at once."""

import asyncio
import json
from pathlib import Path

import pytest

from serving.http.app import App
from serving.http.keys import read_keys
from tests.serving.asgi import Answer, Desk, desk
from tests.serving.live_server import EXAMPLE, example

KEYS = """[[keys]]
name = "shop"
key = "a-secret-of-many-letters"
scopes = ["decide"]"""
OWN = ((b"x-api-key", b"a-secret-of-many-letters"),)
DECISIONS = "/v1/decisions"


def test_with_keys_each_route_asks_for_its_scope(tmp_path: Path) -> None:
    with desk(tmp_path) as counter:
        counter.app = App(counter.server, read_keys(KEYS))
        status, headers, reply = counter.send("POST", DECISIONS, EXAMPLE)
        assert (status, headers["www-authenticate"]) == (401, "Bearer")
        assert "scope 'decide'" in reply["error"]["remedy"]
        assert counter.send("POST", DECISIONS, EXAMPLE, headers=OWN)[0] == 200
        status, _, reply = counter.send("GET", "/v1/policies", headers=OWN)
        assert status == 403
        assert reply["error"]["message"] == "key 'shop' is good for decide, not for admin"
        assert counter.get("/healthz")[0] == 200
        assert counter.get("/readyz")[0] == 200
        told = counter.get("/metrics")[2]
        assert 'nba_key_requests_total{key="shop"} 1' in told
        assert 'nba_refusals_total{status="401",field="authorization"} 1' in told
        assert "a-secret" not in told


def test_beyond_its_limit_a_worker_says_when_to_come_again(tmp_path: Path) -> None:
    async def many(counter: Desk) -> list[Answer]:
        bodies = [json.dumps(example(decision_id=f"d-{n}")).encode() for n in range(8)]
        return await asyncio.gather(*(counter.ask("POST", DECISIONS, body) for body in bodies))

    with desk(tmp_path, max_in_flight=3) as counter:
        answers = asyncio.run(many(counter))
        assert sorted(answer[0] for answer in answers) == [200] * 3 + [429] * 5
        refused = next(answer for answer in answers if answer[0] == 429)
        assert refused[1]["retry-after"] == "1"
        assert refused[2]["error"]["field"] == "load"
        assert counter.server.running == {}
        assert counter.send("POST", DECISIONS, EXAMPLE)[0] == 200


def test_a_worker_that_runs_late_takes_nothing_more(tmp_path: Path) -> None:
    with desk(tmp_path) as counter:
        counter.server.lag_s = 0.3
        assert counter.send("POST", DECISIONS, EXAMPLE)[0] == 429
        assert counter.get("/metrics")[0] == 200, "it can still be looked at"
        counter.server.lag_s = 0.0
        assert counter.send("POST", DECISIONS, EXAMPLE)[0] == 200


@pytest.mark.parametrize("ends", ["deadline", "server"])
def test_what_takes_too_long_is_given_up_and_what_is_cancelled_stays_so(
    tmp_path: Path, ends: str
) -> None:
    """A client that sends no body: the deadline answers it, an end of the server does not."""

    async def slow(counter: Desk) -> list[object]:
        said: list[object] = []

        async def receive() -> dict[str, object]:
            await asyncio.sleep(60)
            raise AssertionError

        async def send(message: object) -> None:
            said.append(message)

        scope = {"type": "http", "method": "POST", "path": DECISIONS, "headers": []}
        task = asyncio.create_task(counter.app(scope, receive, send))
        await asyncio.sleep(0.03)
        counter.app.gate.give_up_overdue()
        if ends == "server":
            task.cancel()
        await asyncio.wait((task,))
        assert task.cancelled() == (ends == "server")
        return said

    limit = 0.01 if ends == "deadline" else 60.0
    with desk(tmp_path, deadline_s=limit) as counter:
        said = asyncio.run(slow(counter))
        assert counter.server.running == {}
    if ends == "deadline":
        start, body = said
        assert isinstance(start, dict)
        assert isinstance(body, dict)
        assert start["status"] == 503
        assert (b"retry-after", b"1") in start["headers"]
        assert b"not done within 0.01 s" in body["body"]
    else:
        assert said == []
