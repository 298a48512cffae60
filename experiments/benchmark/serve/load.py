"""A load generator: keep-alive connections, an open loop on a schedule, or a closed loop.

The open loop sends at intended times, whether answers have come or not, and a latency counts from
the intended time: waiting for a free connection is part of it. It is compiled where it can be, as
Python is late itself at ten thousand requests a second. A closed loop, which sends when the answer
is there, does not notice a server that stops ("coordinated omission").
Sources: Tene 2013 (how not to measure latency); Schroeder et al. 2006 (open versus closed).
"""

import json
import select
import socket
import sys
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from nba.compiled import compiled
from nba.types import Floats

GRACE_S: Final = 5.0  # how long answers are waited for behind the schedule's end
_READ_BYTES: Final = 1 << 18


@dataclass(frozen=True, slots=True)
class Load:
    """What a run of the generator saw; a request without a good answer counts as infinite."""

    latencies_s: Floats  # (n,) from the intended time, of all that were due
    refused: int  # answers with a status other than 200
    seconds: float  # from the first intended time to the last answer

    @property
    def answered(self) -> int:
        """How many got a good answer."""
        return int(np.isfinite(self.latencies_s).sum())

    def percentile_ms(self, percent: float) -> float:
        """The smallest latency that `percent` of all requests do not exceed."""
        ordered = np.sort(self.latencies_s)
        place = int(np.ceil(percent / 100.0 * len(ordered))) - 1
        return float(ordered[max(place, 0)]) * 1e3


def schedule(rate: float, seconds: float) -> Floats:
    """Intended times from 0 on, evenly spaced."""
    return np.arange(max(1, int(rate * seconds))) / rate


def load_of(intended: Floats, answered: Floats, refused: int) -> Load:
    """The load seen: seconds when each was due and was answered; infinite where it was not."""
    last = answered[np.isfinite(answered)].max(initial=float(intended[-1]))
    return Load(answered - intended, refused, float(last - intended[0]))


@dataclass(slots=True)
class Wire:
    """One connection: the request under way on it, and what has come of its answer."""

    socket: socket.socket
    request: int = -1  # the number of the one under way; below 0: free
    received: bytearray = field(default_factory=bytearray)

    def send(self, number: int, message: bytes) -> None:
        """Send a whole request."""
        self.request = number
        self.socket.sendall(message)

    def read(self) -> int | None:
        """The status of the answer that is now complete; None while it is not."""
        data = self.socket.recv(_READ_BYTES)
        if not data:
            raise ConnectionError("the server closed a connection under load")
        self.received += data
        status = whole_answer(self.received)
        if status is not None:
            self.received.clear()
        return status


def whole_answer(received: bytes | bytearray) -> int | None:
    r"""The status of an HTTP/1.1 answer, None if bytes are missing.

    >>> whole_answer(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
    200
    """
    head, found, body = bytes(received).partition(b"\r\n\r\n")
    if not found:
        return None
    status, lower = int(head[9:12]), head.lower()
    place = lower.find(b"content-length:")
    if place >= 0:
        length = int(lower[place + 15 :].split(b"\r\n", 1)[0])
        return status if len(body) >= length else None
    return status if body.endswith(b"0\r\n\r\n") else None  # in chunks


def post(path: str, body: bytes) -> bytes:
    """The bytes of a request."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def open_loop(
    port: int, messages: Sequence[bytes], *, rate: float, seconds: float, connections: int
) -> Load:
    """Send `rate` requests a second, in turn from `messages`, for so long."""
    intended = schedule(rate, seconds)
    quick = compiled("experiments.benchmark.serve._open_loop")
    if quick is None:
        return plain_loop(port, messages, intended, connections)
    wires = _connect(port, connections)
    try:
        return load_of(intended, *quick.open_loop(list(wires), list(messages), intended, GRACE_S))
    finally:
        _close(wires)


def plain_loop(port: int, messages: Sequence[bytes], intended: Floats, connections: int) -> Load:
    """The same at these times, in Python."""
    answered = np.full(len(intended), np.inf)
    wires = _connect(port, connections)
    free, busy = deque(wires.values()), set[int]()
    sent = refused = 0
    start = time.perf_counter() + 0.01
    try:
        while sent < len(intended) or busy:
            now = time.perf_counter() - start
            while free and sent < len(intended) and intended[sent] <= now:
                wire = free.popleft()
                busy.add(wire.socket.fileno())
                wire.send(sent, messages[sent % len(messages)])
                sent += 1
            if now > intended[-1] + GRACE_S:
                break
            due = intended[sent] - now if free and sent < len(intended) else 0.1
            # select's limit is in microseconds; poll and epoll would round to milliseconds
            for number in select.select(list(busy), [], [], max(due, 0.0))[0]:
                wire = wires[number]
                status = wire.read()
                if status is None:
                    continue
                if status == 200:
                    answered[wire.request] = time.perf_counter() - start
                refused += status != 200
                busy.discard(number)
                free.append(wire)
    finally:
        _close(wires)
    return load_of(intended, answered, refused)


def closed_loop(
    port: int, messages: Sequence[bytes], *, seconds: float, connections: int
) -> tuple[int, float]:
    """How many good answers came in how many seconds, each connection asking without a pause."""
    wires = _connect(port, connections)
    answered = sent = 0
    start = time.perf_counter()
    try:
        for wire in wires.values():
            wire.send(sent, messages[sent % len(messages)])
            sent += 1
        while (passed := time.perf_counter() - start) < seconds:
            for number in select.select(list(wires), [], [], 0.1)[0]:
                status = wires[number].read()
                if status is not None:
                    answered += status == 200
                    wires[number].send(sent, messages[sent % len(messages)])
                    sent += 1
    finally:
        _close(wires)
    return answered, passed


def _connect(port: int, connections: int) -> dict[int, Wire]:
    wires: dict[int, Wire] = {}
    for _ in range(connections):
        one = socket.create_connection(("127.0.0.1", port), timeout=30)
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wires[one.fileno()] = Wire(one)
    return wires


def _close(wires: dict[int, Wire]) -> None:
    for wire in wires.values():
        wire.socket.close()


def main() -> None:
    """Do what the JSON in the file of the first argument says; print the latencies as JSON.

    In a process of its own, because it must not share a core with the server.
    """
    told = json.loads(Path(sys.argv[1]).read_text())
    messages = [post(told["path"], body.encode()) for body in told["bodies"]]
    port, seconds, connections = told["port"], told["seconds"], told["connections"]
    if told["rate"] is None:
        answered, passed = closed_loop(port, messages, seconds=seconds, connections=connections)
        found: dict[str, object] = {"answered": answered, "seconds": passed}
    else:
        load = open_loop(
            port, messages, rate=told["rate"], seconds=seconds, connections=connections
        )
        found = {
            "answered": load.answered,
            "refused": load.refused,
            "seconds": load.seconds,
            **{f"p{percent:g}": load.percentile_ms(percent) for percent in (50, 99, 99.9)},
        }
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
