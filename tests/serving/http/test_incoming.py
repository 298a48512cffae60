"""A body that is refused is read to its end, for a while, so that the answer arrives."""

import asyncio
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from nba.errors import RequestError
from serving.http import incoming as module
from serving.http.incoming import Incoming, Message, closes
from tests.serving.live_server import LiveServer, policy_file, serving


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("served")
    with serving(policy_file(folder), folder / "journal", "--durability", "os") as live:
        yield live


def coming(*parts: bytes, then: Message | None = None) -> Incoming:
    """A body in these parts; with `then`, another message instead of its end."""
    messages: list[Message] = [
        {"type": "http.request", "body": part, "more_body": then is not None or i < len(parts) - 1}
        for i, part in enumerate(parts)
    ]
    messages += [then] if then is not None else []

    async def receive() -> Message:
        if messages:
            return messages.pop(0)
        await asyncio.Event().wait()
        raise AssertionError

    return Incoming(receive)


def test_parts_come_until_the_body_ends() -> None:
    async def read() -> list[bytes]:
        body, found = coming(b"one", b"", b"two"), []
        while not body.ended:
            found.append(await body.part())
        return found

    assert asyncio.run(read()) == [b"one", b"", b"two"]


def test_a_client_that_leaves_is_an_error_and_an_end() -> None:
    body = coming(b"one", then={"type": "http.disconnect"})
    asyncio.run(body.part())
    with pytest.raises(RequestError, match="the client left before its end"):
        asyncio.run(body.part())
    assert body.ended


@pytest.mark.parametrize("then", [None, {"type": "http.disconnect"}])
def test_what_is_passed_over_is_read_to_its_end(then: Message | None) -> None:
    body = coming(b"one", b"two", then=then)
    asyncio.run(body.pass_over())
    assert body.ended
    asyncio.run(body.pass_over())  # nothing is waited for


def test_nobody_is_waited_for_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LINGER_S", 0.01)
    body = coming(b"one", then={"type": "http.request", "body": b"two", "more_body": True})
    asyncio.run(asyncio.wait_for(body.pass_over(), 20))
    assert not body.ended


@pytest.mark.parametrize(
    ("headers", "version", "expected"),
    [
        ([(b"connection", b"close")], "1.1", True),
        ([(b"connection", b"Close")], "1.1", True),
        ([(b"connection", b"keep-alive")], "1.1", False),
        ([], "1.1", False),
        ([], "1.0", True),
        ([(b"connection", b"close"), (b"expect", b"100-continue")], "1.1", False),
    ],
)
def test_who_closes(headers: list[Any], version: str, *, expected: bool) -> None:
    assert closes({"headers": headers, "http_version": version}) == expected


@pytest.mark.parametrize(
    ("path", "size", "status"),
    [("/v1/decisions", 2**20 + 50_000, b"413"), ("/v1/nothing", 200_000, b"404")],
)
def test_a_refused_client_that_is_still_sending_hears_why(
    server: LiveServer, path: str, size: int, status: bytes
) -> None:
    head = f"POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {size}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as wire:
        wire.sendall(head.encode())
        for _ in range(10):
            time.sleep(0.01)
            wire.sendall(b" " * (size // 10))
        received = b""
        while data := wire.recv(65536):
            received += data
    assert received.startswith(b"HTTP/1.1 " + status)
