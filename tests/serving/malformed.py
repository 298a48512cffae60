"""Requests that are wrong in every way we could think of, made from the API's own description."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from serving.http.app import OWN
from serving.http.openapi import openapi
from serving.http.routes import ROUTES

Random = np.random.Generator
NUMBERS: Final = (
    b"1e400",
    b"-1e400",
    b"NaN",
    b"Infinity",
    b"1" + b"0" * 400,
    b"-0",
    b"01",
    b"1e",
    b".5",
)
TEXTS: Final = (
    b"\xff",
    b"\xed\xa0\x80",
    b"\\ud800",
    b"\\u0000",
    b"\x00",
    b'"',
    b"\\",
    b"\n",
    b"%00",
)
VALUES: Final[tuple[Any, ...]] = (
    None, True, False, 0, -1, 2**63, 2**200, 1e308, -1e-308, "", "x" * 5000, "\x00", "\u202e", [],
    {}, [None], [[[[]]]], {"": ""}, {"id": 1}, "NaN", "__proto__", "../../etc/passwd", ["a"] * 600,
)  # fmt: skip
METHODS: Final = (
    "GET",
    "POST",
    "PUT",
    "DELETE",
    "PATCH",
    "HEAD",
    "OPTIONS",
    "TRACE",
    "BREW",
    "get",
)
KINDS: Final = (
    "application/json", "text/plain", "application/x-www-form-urlencoded", "application/x-ndjson",
    "application/vnd.apache.arrow.stream", "application/octet-stream",
    "application/cloudevents+json",
    "multipart/form-data", "", "/", "a" * 300,
)  # fmt: skip
PATHS: Final = (
    "", "*", "//", "/v1", "/v1/decisions/", "/v1/decisions/%2e%2e/x", "/v1/decisions/%00", "/%ff",
    "/v1/decisions//override", "/v1/decisions/a?b=c&b", "/events//reward", "/personalizer/v1.1/",
    "/v1/decisions/" + "x" * 3000, "http://elsewhere/v1/decisions", "/v1/employees/é", "/../../x",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Malformed:
    """The bytes of one connection, and whether they are one request that has an answer."""

    sent: bytes
    framed: bool


def bodies() -> dict[str, tuple[str, bytes]]:
    """Path → method and a valid body, of every call that takes one."""
    found: dict[str, tuple[str, bytes]] = {}
    for path, operations in openapi()["paths"].items():
        for method, operation in operations.items():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                if "example" in content and not isinstance(content["example"], str):
                    body = json.dumps(content["example"]).encode()
                    found[path.replace("{id}", "example-0001")] = method.upper(), body
    return found


def malformed(n: int, seed: int) -> Iterator[Malformed]:
    """So many of them, the same for the same seed."""
    random = np.random.default_rng(seed)
    valid = bodies()
    paths = [*valid]
    known = [route.path for route in (*ROUTES, *OWN)]
    for _ in range(n):
        path = paths[random.integers(len(paths))]
        method, body = valid[path]
        way = random.integers(10)
        if way < 6:
            change = CHANGES[random.integers(len(CHANGES))]
            yield Malformed(framed(method, path, change(random, body)), framed=True)
        elif way < 7:
            kind = KINDS[random.integers(len(KINDS))]
            yield Malformed(framed(method, path, body, f"Content-Type: {kind}"), framed=True)
        elif way < 8:
            where = (*PATHS, *known)[random.integers(len(PATHS) + len(known))]
            asked = METHODS[random.integers(len(METHODS))]
            yield Malformed(framed(asked, where, body), framed=False)
        else:
            breach = BREACHES[random.integers(len(BREACHES))]
            yield Malformed(breach(random, method, path, body), framed=False)


def framed(method: str, path: str, body: bytes, *headers: str) -> bytes:
    """One request as HTTP wants it, whatever it holds."""
    lines = [f"{method} {path} HTTP/1.1", "Host: x", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode() + body


def _cut(random: Random, body: bytes) -> bytes:
    return body[: random.integers(len(body))]


def _flipped(random: Random, body: bytes) -> bytes:
    changed = bytearray(body)
    for _ in range(random.integers(1, 6)):
        changed[random.integers(len(changed))] = random.integers(256)
    return bytes(changed)


def _inserted(random: Random, body: bytes) -> bytes:
    at, what = random.integers(len(body)), (*NUMBERS, *TEXTS)
    return body[:at] + what[random.integers(len(what))] + body[at:]


def _number_replaced(random: Random, body: bytes) -> bytes:
    digits = [i for i, byte in enumerate(body) if 48 <= byte <= 57]
    if not digits:
        return NUMBERS[random.integers(len(NUMBERS))]
    at = digits[random.integers(len(digits))]
    return body[:at] + NUMBERS[random.integers(len(NUMBERS))] + body[at + 1 :]


def _nested(random: Random, _body: bytes) -> bytes:
    depth = int(random.integers(100, 100_000))
    return (b"[" * depth) if random.random() < 0.5 else b'{"context":' * depth


def _twice(_random: Random, body: bytes) -> bytes:
    return body[:1] + body[1:-1] + b"," + body[1:-1] + b"}" if len(body) > 2 else body * 2


def _value_replaced(random: Random, body: bytes) -> bytes:
    """Anything, anywhere in the tree."""
    root = json.loads(body)
    inner = root
    while isinstance(inner, dict | list) and inner:
        places: list[Any] = list(inner) if isinstance(inner, dict) else list(range(len(inner)))
        place = places[random.integers(len(places))]
        if not isinstance(inner[place], dict | list) or not inner[place] or random.random() < 0.4:
            inner[place] = VALUES[random.integers(len(VALUES))]
            break
        inner = inner[place]
    return json.dumps(root).encode()


def _member_added(random: Random, body: bytes) -> bytes:
    root = json.loads(body)
    if isinstance(root, dict):
        root[str(random.integers(10**6))] = VALUES[random.integers(len(VALUES))]
    return json.dumps(root).encode()


def _other(random: Random, _body: bytes) -> bytes:
    return json.dumps(VALUES[random.integers(len(VALUES))]).encode()


CHANGES: Final[tuple[Callable[[Random, bytes], bytes], ...]] = (
    _cut, _flipped, _inserted, _number_replaced, _nested, _twice, _value_replaced, _value_replaced,
    _member_added, _other,
)  # fmt: skip


def _half(random: Random, method: str, path: str, body: bytes) -> bytes:
    whole = framed(method, path, body)
    return whole[: random.integers(len(whole))]


def _length_lies(random: Random, method: str, path: str, body: bytes) -> bytes:
    wrong = ("-1", "1e3", "", "99999999999999999999", "0x10", str(len(body) + 7), "3", "3, 4")
    told = wrong[random.integers(len(wrong))]
    return f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {told}\r\n\r\n".encode() + body


def _two_lengths(_random: Random, method: str, path: str, body: bytes) -> bytes:
    both = f"Content-Length: {len(body)}\r\nTransfer-Encoding: chunked"
    return f"{method} {path} HTTP/1.1\r\nHost: x\r\n{both}\r\n\r\n".encode() + body


def _bad_chunks(random: Random, method: str, path: str, body: bytes) -> bytes:
    sizes = (b"zz", b"-5", b"FFFFFFFFFFFFFFFFFF", b"5;x=" + b"y" * 500, b"0", b"7fffffff")
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    return head + sizes[random.integers(len(sizes))] + b"\r\n" + body + b"\r\n0\r\n\r\n"


def _pipelined(random: Random, method: str, path: str, body: bytes) -> bytes:
    one = framed(method, path, body).replace(b"Connection: close\r\n", b"")
    return one * int(random.integers(2, 8)) + framed(method, path, _flipped(random, body))


HEADERS: Final = (
    "X: " + "y" * 20_000, "\x00: 1", "No colon", ": empty", "A: b\r\n c", "Expect: 100-continue",
    "Upgrade: websocket\r\nConnection: Upgrade", "Retry-After: -1", "Content-Encoding: gzip",
    "Authorization: Bearer \xff", "Authorization: " + "k" * 9000, "X:\x0b",
)  # fmt: skip
STARTS: Final = (
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01\x02\x00\x01", b"\r\n" * 50, b"",
    b"GET /healthz\r\n\r\n", b"GET /healthz HTTP/9.9\r\n\r\n",
)  # fmt: skip


def _odd_headers(random: Random, method: str, path: str, body: bytes) -> bytes:
    return framed(method, path, body, HEADERS[random.integers(len(HEADERS))])


def _no_http(random: Random, _method: str, _path: str, _body: bytes) -> bytes:
    start = STARTS[random.integers(len(STARTS))]
    return start or random.bytes(int(random.integers(1, 2000)))


BREACHES: Final[tuple[Callable[[Random, str, str, bytes], bytes], ...]] = (
    _half, _length_lies, _two_lengths, _bad_chunks, _pipelined, _odd_headers, _no_http,
)  # fmt: skip
