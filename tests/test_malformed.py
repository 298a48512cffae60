"""Requests that are wrong in every way: none makes the server fail, and none leaves anything."""

import re
import socket
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.serving.live_server import LiveServer, policy_file, serving
from tests.serving.malformed import Malformed, bodies, framed, malformed

STATUS = re.compile(rb"(?:^|[^\"])HTTP/1\.1 (\d{3}) ")
GROWTH_MIB = 12  # of resident memory; measured: 50 MiB before, 2 more after ten thousand


def answer(port: int, request: Malformed) -> list[int]:
    """The statuses that come back for one connection's bytes, whose end is told."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as wire:
        received = b""
        try:
            wire.sendall(request.sent)
            if not request.framed:
                wire.shutdown(socket.SHUT_WR)
            while data := wire.recv(65536):
                received += data
        except ConnectionError:
            assert not request.framed or received, "a whole request was cut off without an answer"
    return [int(status) for status in STATUS.findall(received)]


def resident_mib(server: LiveServer) -> float:
    pages = int(Path(f"/proc/{server.process.pid}/statm").read_text().split()[1])
    return pages * 4096 / 2**20


def descriptors(server: LiveServer) -> int:
    return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))


def settled_descriptors(server: LiveServer, most: int) -> int:
    """How many files and sockets are open, once those that are being closed are."""
    for _ in range(200):
        if descriptors(server) <= most:
            break
        time.sleep(0.02)
    return descriptors(server)


def test_the_valid_bodies_that_are_broken_here_are_valid(tmp_path: Path) -> None:
    with serving(policy_file(tmp_path), tmp_path / "journal", "--durability", "os") as server:
        for path, (method, body) in bodies().items():
            statuses = answer(server.port, Malformed(framed(method, path, body), framed=True))
            assert [status for status in statuses if status < 500], f"{path}: {statuses}"
    assert len(bodies()) >= 4


@pytest.mark.parametrize(
    "n", [400, pytest.param(10_000, marks=pytest.mark.slow)], ids=["some", "ten_thousand"]
)
def test_no_malformed_request_makes_the_server_fail_or_grow(n: int, tmp_path: Path) -> None:
    variables = {"NBA_SERVE_PERSONALIZER": "serving/examples/personalizer.toml"}
    journal = tmp_path / "journal"
    with serving(policy_file(tmp_path), journal, "--durability", "os", **variables) as server:
        for request in malformed(200, seed=1):  # everything is loaded and used once
            answer(server.port, request)
        before, open_before = resident_mib(server), descriptors(server)
        seen = Counter[int]()
        for place, request in enumerate(malformed(n, seed=2)):
            statuses = answer(server.port, request)
            seen.update(statuses)
            told = f"request {place} of seed 2: {request.sent[:300]!r}"
            assert statuses or not request.framed, f"no answer to {told}"
            assert all(status < 500 for status in statuses), f"{statuses} to {told}"
        assert server.client().get("/healthz") == (200, {"status": "ok"})
        assert settled_descriptors(server, open_before + 1) <= open_before + 1
        assert resident_mib(server) - before < GROWTH_MIB
        assert {200, 400, 404, 405, 422} <= set(seen), f"too tame: {seen}"
        assert server.stop() == 0
