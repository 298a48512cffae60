"""HTTP: routes, limits, and no request that makes the server fail."""

import asyncio
import json
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.http.openapi import openapi
from tests.serving.asgi import Desk, desk
from tests.serving.live_server import EXAMPLE, example

DECISIONS, OUTCOMES = "/v1/decisions", "/v1/outcomes"


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk(tmp_path_factory.mktemp("desk"), max_body_bytes=20_000, max_actions=9) as opened:
        yield opened


def test_the_small_routes_answer(counter: Desk) -> None:
    assert counter.get("/healthz")[2] == {"status": "ok"}
    ready = counter.get("/readyz")[2]
    assert (ready["policy"], ready["durability"]) == ("scorer", "os")
    policies = counter.get("/v1/policies")[2]
    assert policies["active"] == policies["policies"][0]["version"] == ready["policy_version"]
    assert counter.get("/openapi.json")[2] == openapi()


def test_every_described_route_is_served(counter: Desk) -> None:
    for path, operations in openapi()["paths"].items():
        for method in operations:
            status, _, answer = counter.send(method.upper(), path)
            assert status != 405
            assert status != 404 or "is unknown here" in answer["error"]["message"]


def test_a_body_in_parts_is_put_together(counter: Desk) -> None:
    parts = [EXAMPLE[:100], EXAMPLE[100:101], b"", EXAMPLE[101:]]
    assert counter.send("POST", DECISIONS, *parts)[0] == 200


def test_unknown_paths_and_methods_say_what_there_is(counter: Desk) -> None:
    status, _, answer = counter.get("/v2/decisions")
    assert (status, answer["error"]["field"]) == (404, "path")
    status, headers, answer = counter.get(DECISIONS)
    assert (status, headers["allow"], answer["error"]["remedy"]) == (405, "POST", "use POST")
    assert counter.send("DELETE", "/v1/decisions/x")[1]["allow"] == "GET"


def test_a_body_that_is_too_long_is_refused_before_it_is_read(counter: Desk) -> None:
    long = [(b"content-length", b"20001")]
    status, _, answer = counter.send("POST", DECISIONS, b"{}", headers=long)
    assert (status, answer["error"]["field"]) == (413, "body")
    assert counter.send("POST", DECISIONS, b" " * 12_000, b" " * 12_000)[0] == 413


def test_too_many_candidates_are_refused(counter: Desk) -> None:
    request = example()
    request["actions"] *= 2
    status, _, answer = counter.post(DECISIONS, request)
    assert (status, answer["error"]["field"]) == (422, "actions")
    assert "18 candidates were sent; 9" in answer["error"]["message"]


def test_a_client_that_leaves_is_told_so(counter: Desk) -> None:
    said: list[object] = []

    async def receive() -> dict[str, str]:
        return {"type": "http.disconnect"}

    async def send(message: object) -> None:
        said.append(message)

    scope = {"type": "http", "method": "POST", "path": DECISIONS, "headers": []}
    asyncio.run(counter.app(scope, receive, send))
    assert "the client left" in str(said)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=6,
)


@settings(max_examples=120, deadline=None)
@given(body=st.binary(max_size=60), path=st.sampled_from([DECISIONS, OUTCOMES]))
def test_rubbish_is_refused_and_never_fails_the_server(
    counter: Desk, body: bytes, path: str
) -> None:
    status, _, answer = counter.send("POST", path, body)
    assert status in (400, 422)
    assert answer["error"]["field"]


@settings(max_examples=250, deadline=None)
@given(data=st.data())
def test_a_request_with_anything_anywhere_is_answered_or_refused(
    counter: Desk, data: st.DataObject
) -> None:
    request = example(decision_id=None, dry_run=True)
    inner, steps = request, data.draw(st.integers(1, 4))
    for _ in range(steps):
        places = list(inner) if isinstance(inner, dict) else list(range(len(inner)))
        place = data.draw(st.sampled_from(places))
        if not isinstance(inner[place], dict | list) or not inner[place]:
            break
        outer, inner = inner, inner[place]
    else:
        inner = outer
    inner[place] = data.draw(json_values)
    status, _, answer = counter.send("POST", DECISIONS, json.dumps(request).encode())
    assert status in (200, 400, 422)
    assert ("error" in answer) == (status != 200)


@settings(max_examples=150, deadline=None)
@given(place=st.integers(0, len(EXAMPLE) - 1), byte=st.integers(0, 255))
def test_a_request_with_any_byte_changed_is_answered_or_refused(
    counter: Desk, place: int, byte: int
) -> None:
    body = bytearray(EXAMPLE)
    body[place] = byte
    status, _, answer = counter.send("POST", DECISIONS, bytes(body))
    assert status in (200, 400, 409, 422)
    assert ("error" in answer) == (status != 200)


def test_numbers_beyond_every_range_are_refused(counter: Desk) -> None:
    for number in (b"1e400", b"-1e400", b"1" + b"0" * 400, b"NaN", b"Infinity"):
        body = EXAMPLE.replace(b"10.25", number)
        assert counter.send("POST", DECISIONS, body)[0] in (400, 422)


def test_text_that_is_no_text_is_refused(counter: Desk) -> None:
    for customer in (b"\\ud800", b"\xff", b"\xed\xa0\x80"):
        body = EXAMPLE.replace(b"customer-4711", customer)
        assert counter.send("POST", DECISIONS, body)[0] in (400, 422)
