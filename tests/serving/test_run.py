"""A real server process: it starts lean, stops cleanly, and keeps its word when it is killed."""

import http.client
import json
import resource
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nba.errors import InputError
from serving.listening import bind
from tests.serving.live_server import (
    COMMAND,
    EXAMPLE,
    LiveServer,
    example,
    policy_file,
    serving,
    start,
)

LEAN = (
    """
import sys
ALLOWED = {"numpy", "msgspec", "safetensors", "click", "rich", "uvicorn", "httptools", "uvloop"}
OURS = {"nba", "serving"}
class Nothing_else:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top in ALLOWED | OURS or top in sys.stdlib_module_names or top == "sitecustomize":
            return None
        raise ModuleNotFoundError(f"{name} is not installed here", name=name)
sys.meta_path.insert(0, Nothing_else())
for name in ("torch", "ray", "mlflow", "numba", "pyarrow"):
    try:
        __import__(name)
    except ModuleNotFoundError:
        continue
    raise SystemExit(f"{name} could be imported")
"""
    + COMMAND
)


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return policy_file(tmp_path_factory.mktemp("policy"))


def test_it_serves_with_nothing_but_the_lean_libraries(policy: Path, tmp_path: Path) -> None:
    server = start(policy, tmp_path / "j", command=(sys.executable, "-c", LEAN))
    try:
        client = server.client()
        status, reply = client.send("POST", "/v1/decisions", EXAMPLE)
        assert (status, reply["policy"]) == (200, "scorer")
        sent = {"decision_id": "example-0001", "components": {"resolved": 1}}
        assert client.post("/v1/outcomes", sent)[0] == 200
        assert client.get("/v1/decisions/example-0001")[1]["outcomes"][0]["value"] == 1.0
        assert client.get("/openapi.json")[0] == 200
        assert server.stop() == 0
    finally:
        server.end()


@pytest.mark.parametrize("durability", ["fsync", "os"])
def test_it_drains_and_exits_with_zero(policy: Path, tmp_path: Path, durability: str) -> None:
    with serving(policy, tmp_path / "j", "--durability", durability) as server:
        client = server.client()
        assert client.get("/readyz")[1]["durability"] == durability
        acknowledged, stop = load(server, threads=3)
        while len(acknowledged) < 60:
            threading.Event().wait(0.01)
        assert server.stop() == 0
        stop()
    with serving(policy, tmp_path / "j") as server:
        found_again(server, acknowledged)
        assert not [line for line in server.lines if "torn" in line]


def test_a_busy_port_is_told_in_one_line(policy: Path, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=rf"port {port} of 127\.0\.0\.1 is in use.*--port"):
            bind("127.0.0.1", port)
        with pytest.raises(AssertionError) as told:
            start(policy, tmp_path / "j", "--port", str(port))
    assert f"did not start: error: port {port} of 127.0.0.1 is in use" in str(told.value)
    assert not (tmp_path / "j").exists()


def test_an_unknown_host_is_told() -> None:
    with pytest.raises(InputError, match=r"host 'no\.such\.host\.invalid' is unknown"):
        bind("no.such.host.invalid", 0)


def test_wider_than_loopback_is_warned_about(policy: Path, tmp_path: Path) -> None:
    with serving(policy, tmp_path / "j", "--host", "0.0.0.0") as server:  # noqa: S104 to be warned
        assert server.lines[0].startswith("warning: 0.0.0.0 can be reached from other machines")


def test_nothing_acknowledged_is_lost_by_kill_9(policy: Path, tmp_path: Path) -> None:
    kill_and_look(policy, tmp_path, rounds=3)


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_by_a_hundred_kills(policy: Path, tmp_path: Path) -> None:
    kill_and_look(policy, tmp_path, rounds=100)


def kill_and_look(policy: Path, folder: Path, rounds: int) -> None:
    """Kill a server under load again and again on one journal; all it promised stays."""
    acknowledged: list[tuple[str, Any, dict[str, float]]] = []
    for number in range(rounds):
        durability = "os" if number % 2 else "fsync"
        with serving(policy, folder / "j", "--durability", durability) as server:
            found_again(server, acknowledged[-40:])
            fresh, stop = load(server, threads=4, prefix=f"round-{number}")
            while len(fresh) < 40 + 7 * number % 50:
                threading.Event().wait(0.002)
            server.kill()
            stop()
            acknowledged += fresh
    with serving(policy, folder / "j") as server:
        found_again(server, acknowledged)


def load(
    server: LiveServer, *, threads: int, prefix: str = "load"
) -> tuple[list[tuple[str, Any, dict[str, float]]], Callable[[], None]]:
    """Decisions and outcomes posted until the server goes away; what it acknowledged."""
    acknowledged: list[tuple[str, Any, dict[str, float]]] = []

    def post(worker: int) -> None:
        client = server.client()
        for number in range(100_000):
            name = f"{prefix}-{worker}-{number}"
            outcome = {"resolved": float(number % 2), "wait_s": float(number)}
            try:
                status, reply = client.post("/v1/decisions", example(decision_id=name))
                assert status == 200, reply
                told = {"decision_id": name, "components": outcome}
                promised = client.post("/v1/outcomes", told)[0] == 200
            except (OSError, json.JSONDecodeError, EOFError, http.client.HTTPException):
                return
            acknowledged.append((name, reply, outcome if promised else {}))

    workers = [threading.Thread(target=post, args=(i,), daemon=True) for i in range(threads)]
    for worker in workers:
        worker.start()

    def stop() -> None:
        for worker in workers:
            worker.join(timeout=20)
            assert not worker.is_alive()

    return acknowledged, stop


def found_again(server: LiveServer, acknowledged: list[tuple[str, Any, dict[str, float]]]) -> None:
    """Every acknowledged decision and outcome is there, as it was answered."""
    client = server.client()
    for name, reply, outcome in acknowledged:
        status, trace = client.get(f"/v1/decisions/{name}")
        assert status == 200, name
        assert trace["reply"] == reply
        known = {found["component"]: found["value"] for found in trace["outcomes"]}
        assert known.items() >= outcome.items()


def test_a_full_disk_gives_503_and_what_was_promised_stays(policy: Path, tmp_path: Path) -> None:
    limited = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000));" + COMMAND
    )
    server = start(policy, tmp_path / "j", command=(sys.executable, "-c", limited))
    promised = []
    try:
        client = server.client()
        for number in range(40):
            status, reply = client.post("/v1/decisions", example(decision_id=f"d-{number}"))
            if status != 200:
                break
            promised.append((f"d-{number}", reply, dict[str, float]()))
        assert status == 503
        assert reply["error"]["field"] == "journal"
        found_again(server, promised)
    finally:
        server.end()
    assert len(promised) > 5
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 60_000
    with serving(policy, tmp_path / "j") as server:
        found_again(server, promised)
        assert server.client().post("/v1/decisions", example(decision_id="more"))[0] == 200
