"""Decisions on the short way: the same answers, in order; what is unusual goes the long way."""

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest

from tests.serving.live_server import LiveServer, example, policy_file, serving

LETTERS = "a-key-of-many-letters"
KEYS = f'[[keys]]\nname = "shop"\nkey = "{LETTERS}"\nscopes = ["decide"]\n'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("quick")
    with serving(policy_file(folder), folder / "journal", "--durability", "os") as live:
        yield live


def sent(body: bytes, *headers: str, version: str = "1.1", length: bool = True) -> bytes:
    lines = ["host: x", *headers, *([f"content-length: {len(body)}"] if length else [])]
    head = f"POST /v1/decisions HTTP/{version}\r\n" + "".join(f"{line}\r\n" for line in lines)
    return head.encode() + b"\r\n" + body


def body_of(name: str | None = None, **changed: object) -> bytes:
    return json.dumps(example(decision_id=name, **changed)).encode()


class Wire:
    """A connection on which bytes are sent as they are, and answers are read one by one."""

    def __init__(self, server: LiveServer) -> None:
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=20)
        self._read = self.socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._read.close()
        self.socket.close()

    def answer(self) -> tuple[int, bytes, bytes]:
        """Status, headers and body of the next answer; an interim one is passed over."""
        status = 100
        while status == 100:
            status = int(self._read.readline().split()[1])
            head = b"".join(iter(self._read.readline, b"\r\n"))
        lengths = [line for line in head.lower().splitlines() if line.startswith(b"content-length")]
        return status, head, self._read.read(int(lengths[0].split(b":")[1]))

    def ended(self) -> bool:
        """Has the server closed it?"""
        return self._read.read(1) == b""


def test_a_retry_on_the_long_way_gets_the_bytes_of_the_short_one(server: LiveServer) -> None:
    with Wire(server) as wire:
        answers = []
        for headers in ((), ("connection: close",)):
            wire.socket.sendall(sent(body_of("quick-1"), *headers))
            answers.append(wire.answer())
        assert wire.ended()
    assert [answer[0] for answer in answers] == [200, 200]
    assert answers[0][2] == answers[1][2]


def test_requests_that_come_together_are_answered_in_their_order(server: LiveServer) -> None:
    parts = [
        sent(body_of("order-1")),
        b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n",
        sent(body_of("order-2")),
        sent(b'{"customer": 1}'),
        sent(body_of("order-3")),
        b"GET /v1/decisions/order-3 HTTP/1.1\r\nhost: x\r\n\r\n",
    ]
    with Wire(server) as wire:
        wire.socket.sendall(b"".join(parts))
        answers = [wire.answer() for _ in parts]
    assert [answer[0] for answer in answers] == [200, 200, 200, 422, 200, 200]
    for place, name in ((0, "order-1"), (2, "order-2"), (4, "order-3")):
        assert json.loads(answers[place][2])["decision_id"] == name


def test_a_body_may_come_in_many_pieces(server: LiveServer) -> None:
    whole = sent(body_of("pieces"))
    with Wire(server) as wire:
        wire.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for start in range(0, len(whole), 1500):
            wire.socket.sendall(whole[start : start + 1500])
            time.sleep(0.002)
        status, _, reply = wire.answer()
    assert (status, json.loads(reply)["decision_id"]) == (200, "pieces")


@pytest.mark.parametrize(
    ("headers", "version", "chunked", "closes"),
    [
        (("transfer-encoding: chunked",), "1.1", True, False),
        (("expect: 100-continue",), "1.1", False, False),
        (("connection: close",), "1.1", False, True),
        ((), "1.0", False, True),
    ],
)
def test_what_is_unusual_goes_the_long_way(
    server: LiveServer, headers: tuple[str, ...], version: str, chunked: bool, closes: bool
) -> None:
    body = body_of()
    if chunked:
        body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    with Wire(server) as wire:
        wire.socket.sendall(sent(body, *headers, version=version, length=not chunked))
        status, _, reply = wire.answer()
        if closes:
            assert wire.ended()
    assert status == 200
    assert "chosen" in json.loads(reply)


def test_a_refusal_is_that_of_the_app_and_counted_once(server: LiveServer) -> None:
    def refused() -> float:
        line = 'nba_refusals_total{status="422",field="decision_id"}'
        found = [x for x in server.client().text("/metrics").splitlines() if x.startswith(line)]
        return float(found[0].rsplit(" ", 1)[1]) if found else 0.0

    before = refused()
    with Wire(server) as wire:
        wire.socket.sendall(sent(body_of("with spaces")))
        status, _, reply = wire.answer()
        error = json.loads(reply)["error"]
        assert (status, error["field"]) == (422, "decision_id"), error
        wire.socket.sendall(sent(body_of("twice")) + sent(body_of("twice", context={})))
        assert [wire.answer()[0] for _ in range(2)] == [200, 422]
    assert refused() == before + 1


def test_a_client_that_leaves_is_remembered_all_the_same(server: LiveServer) -> None:
    with Wire(server) as wire:
        wire.socket.sendall(sent(body_of("left")))
    until = time.monotonic() + 10
    while server.client().get("/v1/decisions/left")[0] != 200:
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_client_that_leaves_within_its_body_is_forgotten(server: LiveServer) -> None:
    with Wire(server) as wire:
        wire.socket.sendall(sent(body_of("cut"))[:-5])
    until = time.monotonic() + 10
    while 'nba_in_flight{worker="0"} 1\n' not in server.client().text("/metrics"):
        assert time.monotonic() < until
        time.sleep(0.06)
    # The one that is left is the question itself.
    assert server.client().get("/v1/decisions/cut")[0] == 404


def test_a_key_is_asked_for_and_its_call_counted_once(tmp_path: Path) -> None:
    (tmp_path / "keys.toml").write_text(KEYS)
    options = ("--keys", str(tmp_path / "keys.toml"), "--durability", "os")
    with serving(policy_file(tmp_path), tmp_path / "journal", *options) as live:
        with Wire(live) as wire:
            for key, status in ((LETTERS, 200), ("another-long-key-x", 401), (LETTERS, 200)):
                wire.socket.sendall(sent(body_of(), f"x-api-key: {key}"))
                assert wire.answer()[0] == status
        assert 'nba_key_requests_total{key="shop"} 2' in live.client().text("/metrics")


def test_a_late_decision_is_told_to_be_late_and_the_connection_goes_on(tmp_path: Path) -> None:
    with (
        serving(policy_file(tmp_path), tmp_path / "journal", NBA_SERVE_DEADLINE_S="0.2") as live,
        Wire(live) as wire,
    ):
        whole = sent(body_of("late"))
        wire.socket.sendall(whole[:-9])
        status, head, reply = wire.answer()
        assert (status, json.loads(reply)["error"]["field"]) == (503, "deadline")
        assert b"retry-after: 1" in head
        wire.socket.sendall(whole[-9:] + sent(body_of("next")))
        status, _, reply = wire.answer()
        assert (status, json.loads(reply)["decision_id"]) == (200, "next")
        assert live.client().get("/v1/decisions/late")[0] == 404
