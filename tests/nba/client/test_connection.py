"""Connections stay open, what may be sent twice is retried, and a refusal is told by its kind."""

import json
import socket
import ssl

import pytest

from nba.client.connection import Connections
from nba.errors import (
    ConflictError,
    InputError,
    NotAllowedError,
    RequestError,
    UnavailableError,
    UnknownIdError,
)
from tests.nba.client.scripted_server import Said, Scripted, scripted

DONE = Said(200, b"done")
REFUSAL = json.dumps({"error": {"field": "context.hour", "message": "wrong", "remedy": "mend it"}})


def connections(
    server: Scripted,
    *,
    key: str | None = None,
    retries: int = 3,
    timeout_s: float = 5.0,
    pauses: list[float] | None = None,
    prefix: str = "",
) -> Connections:
    return Connections(
        server.url + prefix,
        key=key,
        timeout_s=timeout_s,
        retries=retries,
        sleep=([] if pauses is None else pauses).append,
    )


def test_two_calls_use_one_connection() -> None:
    with scripted(DONE, DONE) as server:
        client = connections(server, key="k-1", prefix="/nba/")
        assert client.ask("POST", "/v1/x", b"{}") == client.ask("GET", "/v1/y") == b"done"
        client.close()
        (post, headers, body), (get, _, nothing) = server.asked
        assert (post, body) == ("POST /nba/v1/x HTTP/1.1", b"{}")
        assert (get, nothing) == ("GET /nba/v1/y HTTP/1.1", b"")
        assert headers["authorization"] == "Bearer k-1"
        assert headers["content-type"] == "application/json"
        assert server.connections == 1


def test_a_connection_that_the_server_closed_is_replaced_without_a_pause() -> None:
    pauses: list[float] = []
    with scripted(Said(200, last=True), DONE) as server:
        client = connections(server, retries=0, pauses=pauses)
        client.ask("GET", "/")
        assert client.ask("GET", "/") == b"done"
        client.close()
        assert (server.connections, pauses) == (2, [])


def test_a_lost_answer_is_asked_for_again_with_the_same_body() -> None:
    pauses: list[float] = []
    with scripted(Said(None), Said(None), DONE) as server:
        client = connections(server, pauses=pauses)
        assert client.ask("POST", "/", b"same") == b"done"
        client.close()
        assert [body for _, _, body in server.asked] == [b"same"] * 3
        assert 0.025 <= pauses[0] <= 0.05 <= pauses[1] <= 0.1


def test_what_must_not_be_sent_twice_is_not() -> None:
    with scripted(Said(None), DONE) as server:
        client = connections(server)
        with pytest.raises(UnavailableError) as caught:
            client.ask("POST", "/", b"once", again=False)
        assert caught.value.status == 0
        assert len(server.asked) == 1


def test_a_server_that_says_later_is_waited_for_as_long_as_it_says() -> None:
    pauses: list[float] = []
    with scripted(Said(503, headers=("Retry-After: 2",)), Said(429), DONE) as server:
        client = connections(server, pauses=pauses)
        assert client.ask("GET", "/") == b"done"
        client.close()
        assert pauses[0] == 2.0
        assert 0.0 < pauses[1] <= 0.1


def test_a_wait_beyond_the_timeout_is_left_to_the_caller() -> None:
    with scripted(Said(503, REFUSAL.encode(), headers=("Retry-After: 60",))) as server:
        client = connections(server, timeout_s=5.0)
        with pytest.raises(UnavailableError, match=r"context\.hour: wrong; mend it") as caught:
            client.ask("GET", "/")
        client.close()
        assert (caught.value.status, caught.value.retry_after_s) == (503, 60.0)


def test_after_the_last_retry_the_failure_is_told() -> None:
    pauses: list[float] = []
    with scripted(*[Said(503)] * 3) as server:
        client = connections(server, retries=2, pauses=pauses)
        with pytest.raises(UnavailableError, match="status 503"):
            client.ask("GET", "/")
        client.close()
        assert (len(server.asked), len(pauses)) == (3, 2)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, RequestError),
        (401, NotAllowedError),
        (403, NotAllowedError),
        (404, UnknownIdError),
        (409, ConflictError),
        (422, RequestError),
    ],
)
def test_a_refusal_has_its_kind_its_field_and_its_remedy(
    status: int, kind: type[RequestError]
) -> None:
    with scripted(Said(status, REFUSAL.encode())) as server:
        client = connections(server)
        with pytest.raises(RequestError) as caught:
            client.ask("GET", "/")
        client.close()
        error = caught.value
        assert type(error) is kind
        assert (error.status, error.field, error.remedy) == (status, "context.hour", "mend it")
        assert len(server.asked) == 1


def test_a_page_of_somebody_else_is_told_as_such() -> None:
    with scripted(Said(404, b"<h1>nginx</h1>")) as server:
        client = connections(server)
        with pytest.raises(UnknownIdError, match="<h1>nginx</h1>; is it the server itself"):
            client.ask("GET", "/")
        client.close()


def test_nobody_there_is_told_with_the_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    client = Connections(f"http://127.0.0.1:{port}", key=None, timeout_s=1.0, retries=0)
    with pytest.raises(UnavailableError, match=f"127.0.0.1:{port}.*refused.*is the server running"):
        client.ask("GET", "/")


def test_a_server_that_is_silent_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        client = Connections(url, key=None, timeout_s=0.05, retries=0)
        with pytest.raises(UnavailableError, match=r"no answer within 0\.05 s"):
            client.ask("GET", "/")


@pytest.mark.parametrize(
    ("url", "timeout_s", "retries"),
    [("127.0.0.1:8080", 1.0, 0), ("ftp://x", 1.0, 0), ("http://x", 0.0, 0), ("http://x", 1.0, -1)],
)
def test_a_wrong_url_or_number_is_refused_at_once(url: str, timeout_s: float, retries: int) -> None:
    with pytest.raises(InputError):
        Connections(url, key=None, timeout_s=timeout_s, retries=retries)


def test_https_checks_the_certificate_unless_told_otherwise() -> None:
    with scripted() as server:
        url = server.url.replace("http:", "https:")
        client = Connections(
            url, key=None, timeout_s=5.0, retries=0, tls=ssl.create_default_context()
        )
        with pytest.raises(UnavailableError):
            client.ask("GET", "/")
