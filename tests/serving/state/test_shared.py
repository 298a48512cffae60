"""Machines that share Redis know what any of them was told, also after it was away."""

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from nba.errors import InputError
from serving.state.shared import forget_shared
from tests.serving.asgi import Desk, desk
from tests.serving.state.test_customers import CUSTOMER, event, tell
from tests.serving.state.test_roster import ask, put

REDIS = shutil.which("redis-server")
pytestmark = pytest.mark.skipif(REDIS is None, reason="redis-server is not installed here")
pytest.importorskip("redis", reason="the redis extra is not installed")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def redis_server(port: int) -> Iterator[None]:
    assert REDIS is not None
    command = [
        REDIS,
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--appendonly",
        "no",
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.terminate()
            process.wait(timeout=20)


@contextmanager
def machine(folder: Path, port: int) -> Iterator[Desk]:
    folder.mkdir(exist_ok=True)
    with desk(folder, shared_state=f"redis://127.0.0.1:{port}/0") as counter:
        try:
            yield counter
        finally:
            counter.server.state.close()


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def knows(counter: Desk, name: str) -> bool:
    return counter.get(f"/v1/employees/{name}")[0] == 200


def test_what_one_machine_is_told_the_other_decides_with(tmp_path: Path) -> None:
    port = free_port()
    with redis_server(port), machine(tmp_path / "a", port) as a, machine(tmp_path / "b", port) as b:
        put(a, "anna")
        tell(a, event("1", "contact_out"), event("2", "contact_out"))
        until(lambda: knows(b, "anna"))
        assert [each["id"] for each in ask(b, "d-1", actions=[])["ranked"]] == ["anna"]
        until(lambda: tell(b, event("1", "contact_out"))["known"].get("touches_7d") == 2)
        assert tell(b, event("3", "contact_out"))["known"]["touches_7d"] == 3
        assert b.send("DELETE", "/v1/employees/anna")[0] == 204
        until(lambda: not knows(a, "anna"))
        until(lambda: 'nba_shared_state_up{worker="0"} 1' in a.text("/metrics")[2])


def test_while_redis_is_away_nothing_is_lost_and_decisions_go_on(tmp_path: Path) -> None:
    port = free_port()
    with machine(tmp_path / "a", port) as a, machine(tmp_path / "b", port) as b:
        put(a, "anna")
        assert ask(a, "d-1", actions=[])["chosen"]["id"] == "anna"
        with redis_server(port):
            until(lambda: knows(b, "anna"))
        put(b, "ben")
        with redis_server(port):
            until(lambda: knows(a, "ben"))


def test_a_machine_that_starts_later_learns_what_was_told_before(tmp_path: Path) -> None:
    port = free_port()
    with redis_server(port):
        with machine(tmp_path / "a", port) as a:
            put(a, "anna")
            until(lambda: a.server.state.shared is not None and not a.server.state.shared.waiting)
        with machine(tmp_path / "b", port) as b:
            until(lambda: knows(b, "anna"))


def test_a_forgotten_customer_is_not_in_redis_either(tmp_path: Path) -> None:
    port = free_port()
    url = f"redis://127.0.0.1:{port}/0"
    with redis_server(port):
        with machine(tmp_path / "a", port) as a:
            tell(a, event("1", "contact_out"), {**event("2", "contact_out"), "subject": "other"})
            until(lambda: a.server.state.shared is not None and not a.server.state.shared.waiting)
        assert forget_shared(url, CUSTOMER) == 1
        assert forget_shared(url, CUSTOMER) == 0
        assert forget_shared(url, "other") == 1
    with pytest.raises(InputError, match="is Redis running there"):
        forget_shared(url, CUSTOMER)


def test_an_address_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="write redis://"), desk(tmp_path, shared_state="nowhere"):
        pass
