"""What the scanner takes for plain is what the parser makes of it, and nothing hostile is plain."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httptools
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nba.compiled import compiled
from serving.http.plain import body_of_plain, headers_of_plain
from tests.serving.http.test_quick import Wire, body_of, sent
from tests.serving.live_server import LiveServer, policy_file, serving

scanner = compiled("serving.http._plain")
built = pytest.mark.skipif(scanner is None, reason="serving.http._plain was not built")
LIMIT = 2**20
BODY = b'{"customer": 1}'
LENGTH = f"content-length: {len(BODY)}"
START = b"POST /v1/decisions HTTP/1.1\r\n"
HOSTILE = (
    "transfer-encoding: chunked", "Transfer-Encoding: identity", "transfer-encoding : chunked",
    "content-length: 3", LENGTH, "content-length: +15", "content-length: 0x0f", "content-length:",
    "content-length: 15, 15", "content-length: 15 ", "content-length: 99999999999", " folded: x",
    "\tfolded: x", "expect: 100-continue", "upgrade: websocket", "connection: close",
    "connection: keep-alive, upgrade", "proxy-connection: close", "no colon", ": no name",
    "a\x00b: x", "a: b\x00c", "a: b\rc", "a: b\nc", "a: \xff", "a b: x", "a:", "a: ", "a: b\tc",
    "a\x0b: x", "connection: keep-alive ", "x: y\r\n\r\nGET / HTTP/1.1", "(a): b",
)  # fmt: skip
PLAIN = (
    "connection: keep-alive", "Connection: Keep-Alive", "x:y", "Accept: */*", "TE: trailers",
    "X-Api-Key:   abc def", "authorization: Bearer x", "content-lengths: 3", "a: b:c",
)  # fmt: skip


def request(*headers: str, body: bytes = BODY) -> bytes:
    """One whole request with these lines as they are."""
    lines = "".join(f"{line}\r\n" for line in headers)
    return START + lines.encode("latin-1") + b"\r\n" + body


class Parsed:
    """What httptools finds in some bytes."""

    def __init__(self, data: bytes) -> None:
        self.url = self.body = b""
        self.headers: list[tuple[bytes, bytes]] = []
        self.ends = 0
        parser = httptools.HttpRequestParser(self)
        parser.feed_data(data)
        self.kept = parser.get_http_version() == "1.1" and parser.should_keep_alive()
        self.method, self.upgrades = parser.get_method(), parser.should_upgrade()

    def on_url(self, url: bytes) -> None:
        """A part of the target."""
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header."""
        self.headers.append((name.lower(), value))

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        self.body += body

    def on_message_complete(self) -> None:
        """The end of a request."""
        self.ends += 1


def check(data: bytes) -> bool:
    """Is it plain? If so the parser has to agree in everything."""
    start = body_of_plain(data, LIMIT)
    if start:
        found = Parsed(data)
        assert found.ends == 1
        assert (found.method, found.url) == (b"POST", b"/v1/decisions")
        assert found.kept
        assert not found.upgrades
        assert found.body == data[start:]
        assert dict(found.headers) == headers_of_plain(data, start)
        names = [name for name, _ in found.headers]
        assert names.count(b"content-length") == 1
        assert b"transfer-encoding" not in names
        assert b"expect" not in names
    return start > 0


@built
@pytest.mark.parametrize("header", PLAIN)
def test_a_plain_request_is_plain_with_its_headers_in_any_order(header: str) -> None:
    assert check(request("host: x", header, LENGTH))
    assert check(request(LENGTH, header))
    assert check(request("CONTENT-LENGTH:015", header))


@pytest.mark.parametrize("header", HOSTILE)
def test_nothing_hostile_is_plain(header: str) -> None:
    assert not check(request("host: x", header, LENGTH))
    assert not check(request(LENGTH, header, "host: x"))


@pytest.mark.parametrize(
    "data",
    [
        request(), request("host: x"), request("content-length: 0", body=b""),
        request(LENGTH) + b"\n", request(LENGTH) * 2, b"\r\n" + request(LENGTH),
        request(LENGTH).replace(b"1.1", b"1.0"), request(LENGTH).replace(b"POST", b"post"),
        request(LENGTH).replace(b"/v1/decisions", b"/v1/decisions?"),
        request(LENGTH).replace(b"/v1/decisions", b"http://x/v1/decisions"),
        request(LENGTH).replace(b" /v1", b"  /v1"), request(LENGTH).replace(b"\r\n", b"\n"),
        b"", START, START + b"\r\n", b"\x16\x03\x01" + request(LENGTH),
    ],
)  # fmt: skip
def test_what_is_no_single_whole_request_is_not_plain(data: bytes) -> None:
    assert not check(data)


@built
def test_only_the_whole_request_is_plain_up_to_the_limit() -> None:
    whole = request("host: x", LENGTH)
    assert [end for end in range(len(whole) + 1) if check(whole[:end])] == [len(whole)]
    assert body_of_plain(whole, len(BODY)) == len(whole) - len(BODY)
    assert body_of_plain(whole, len(BODY) - 1) == 0


@given(
    st.lists(st.sampled_from([*PLAIN, *HOSTILE, LENGTH]), max_size=4),
    st.lists(st.tuples(st.integers(0, 200), st.binary(max_size=2), st.booleans()), max_size=2),
)
def test_the_parser_agrees_on_all_that_is_plain(
    headers: list[str], changes: list[tuple[int, bytes, bool]]
) -> None:
    data = request(*headers, LENGTH)
    for place, raw, replaces in changes:
        data = data[:place] + raw + data[place + (len(raw) if replaces else 0) :]
    check(data)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("plain")
    with serving(policy_file(folder), folder / "journal", "--durability", "os") as live:
        yield live


def test_a_request_split_at_any_byte_of_its_head_is_answered_the_same(server: LiveServer) -> None:
    whole = sent(body_of("split"), "accept: */*")
    ends = [*range(1, whole.index(b"\r\n\r\n") + 8), len(whole) - 1, len(whole)]
    with Wire(server) as wire:
        wire.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        answers = set()
        for end in ends:
            wire.socket.sendall(whole[:end])
            if end < len(whole):
                time.sleep(0.001)
                wire.socket.sendall(whole[end:])
            status, _, reply = wire.answer()
            answers.add((status, reply))
    assert len(answers) == 1
    assert answers.pop()[0] == 200


@pytest.mark.parametrize("between", [b"", b"\r\n", b"\r\n\r\n"])
def test_two_requests_in_one_piece_are_two_answers(server: LiveServer, between: bytes) -> None:
    names = [f"pair-{len(between)}-{number}" for number in range(3)]
    with Wire(server) as wire:
        one, two, three = (sent(body_of(name)) for name in names)
        wire.socket.sendall(one + between + two)
        replies = [wire.answer() for _ in range(2)]
        wire.socket.sendall(between + three)
        replies.append(wire.answer())
    for name, (status, _, reply) in zip(names, replies, strict=True):
        assert status == 200
        assert f'"decision_id":"{name}"'.encode() in reply


@pytest.mark.parametrize(
    "hidden", ["transfer-encoding: chunked", "Transfer-Encoding: xchunked", "content-length: 4"]
)
def test_a_request_with_two_lengths_is_refused_and_nothing_behind_it_is_read(
    server: LiveServer, hidden: str
) -> None:
    smuggled = b"0\r\n\r\n" + sent(body_of("smuggled"))
    with Wire(server) as wire:
        wire.socket.sendall(sent(smuggled, hidden))
        status, _, _ = wire.answer()
        assert status == 400
        assert wire.ended()
    assert server.client().get("/v1/decisions/smuggled")[0] == 404


def test_a_body_that_looks_like_a_request_is_a_body(server: LiveServer) -> None:
    with Wire(server) as wire:
        wire.socket.sendall(sent(sent(body_of("inner"))))
        assert wire.answer()[0] == 400
        wire.socket.sendall(sent(body_of("outer")))
        assert wire.answer()[0] == 200
    assert server.client().get("/v1/decisions/inner")[0] == 404


def test_a_connection_is_closed_when_it_has_been_quiet_and_not_while_it_asks(
    tmp_path: Path,
) -> None:
    with (
        serving(policy_file(tmp_path), tmp_path / "journal", NBA_SERVE_IDLE_S="1") as live,
        Wire(live) as wire,
    ):
        for number in range(4):
            time.sleep(0.4)
            wire.socket.sendall(sent(body_of(f"busy-{number}")))
            assert wire.answer()[0] == 200
        asked = time.monotonic()
        assert wire.ended()
        assert 0.9 < time.monotonic() - asked < 3.0
