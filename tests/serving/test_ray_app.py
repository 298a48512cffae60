"""The app under Ray Serve answers as the plain app does."""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from experiments.benchmark.serve.process import free_port
from nba.errors import InputError
from tests.serving.asgi import desk
from tests.serving.live_server import Client, environment, example, policy_file

CONFIG = Path(__file__).parents[2] / "serving" / "examples" / "ray_serve.yaml"
START_S = 120.0


def config_file(folder: Path, port: int) -> Path:
    """The example's settings with two replicas, and this test's port and places."""
    text = CONFIG.read_text()
    for name, value in (
        ("port", port), ("policy", folder / "policy.nba"), ("journal", folder / "journal"),
        ("durability", "os"), ("min_replicas", 2), ("max_replicas", 2), ("num_cpus", 0.2),
    ):  # fmt: skip
        text, found = re.subn(rf"(\b{name}: )\S+", rf"\g<1>{value}", text)
        assert found == 1, name
    path = folder / "ray_serve.yaml"
    path.write_text(text)
    return path


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, int]]:
    """The folder and port of a Ray Serve of its own, by the command that the page names."""
    pytest.importorskip("grpc", reason="the cluster extra is not installed")
    folder, port = tmp_path_factory.mktemp("ray"), free_port()
    policy_file(folder)
    command = [sys.executable, "-m", "ray.serve.scripts", "run", str(config_file(folder, port))]
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(
            command, env=environment(RAY_USAGE_STATS_ENABLED="0"), stdout=said, stderr=said
        )
    try:
        wait_for(process, port, folder)
        yield folder, port
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def wait_for(process: "subprocess.Popen[bytes]", port: int, folder: Path) -> None:
    """Return when both replicas are there: Ray lets the first of them answer before."""
    until = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < until:
        try:
            if len(journals(folder)) == 2 and ask(port, "GET", "/readyz")[0] == 200:
                return
        except (OSError, json.JSONDecodeError):
            pass  # it does not listen, or Ray's proxy answers for itself in plain text
        time.sleep(0.2)
    raise AssertionError((folder / "said").read_text()[-2000:])


def journals(folder: Path) -> set[str]:
    """The folders in which a replica has opened its journal."""
    return {path.parent.name for path in (folder / "journal").glob("*/*.journal")}


def ask(port: int, method: str, path: str, body: bytes | None = None) -> tuple[int, Any]:
    """Status and decoded answer, over a connection of its own."""
    client = Client(port)
    try:
        return client.send(method, path, body)
    finally:
        client.close()


@pytest.mark.slow
def test_the_same_ids_get_the_same_answers_as_from_the_plain_app(
    cluster: tuple[Path, int], tmp_path: Path
) -> None:
    _, port = cluster
    with desk(tmp_path) as plain:
        for number in range(20):
            request = json.dumps(example(decision_id=f"ray-{number}")).encode()
            status, found = ask(port, "POST", "/v1/decisions", request)
            assert status == 200
            assert found == plain.send("POST", "/v1/decisions", request)[2]


@pytest.mark.slow
def test_each_replica_has_a_journal_of_its_own(cluster: tuple[Path, int]) -> None:
    folder, port = cluster
    for number in range(20):
        body = json.dumps(example(decision_id=f"own-{number}")).encode()
        assert ask(port, "POST", "/v1/decisions", body)[0] == 200
    assert journals(folder) == {"0", "1"}


@pytest.mark.slow
def test_an_outcome_finds_its_decision_whichever_replica_it_meets(
    cluster: tuple[Path, int],
) -> None:
    _, port = cluster
    for number in range(20):
        name = f"outcome-{number}"
        body = json.dumps(example(decision_id=name)).encode()
        assert ask(port, "POST", "/v1/decisions", body)[0] == 200
        outcome = json.dumps({"decision_id": name, "components": {"resolved": 1.0}}).encode()
        status, found = ask(port, "POST", "/v1/outcomes", outcome)
        assert (status, found["recorded"]) == (200, ["resolved"])


@pytest.mark.slow
def test_a_wrong_request_is_refused_with_its_field(cluster: tuple[Path, int]) -> None:
    _, port = cluster
    status, found = ask(port, "POST", "/v1/decisions", json.dumps(example(actions=[])).encode())
    assert (status, found["error"]["field"]) == (422, "actions")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Ray's own modules, when imported
@pytest.mark.parametrize(
    ("args", "said"),
    [({"policy": "p.nba"}, "journal is absent"), ({"journal": "j", "plicy": "p"}, "'plicy'")],
)
def test_an_argument_that_is_wrong_is_named(args: dict[str, str], said: str) -> None:
    pytest.importorskip("grpc", reason="the cluster extra is not installed")
    with pytest.raises(InputError, match=said):
        import_module("serving.ray_app").ray_settings(args)
