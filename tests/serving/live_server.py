"""A real server in a process of its own, on a free port, and a small client for it."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from nba.act.bundle import Card, save_policy
from nba.listen.contact_features import CONTACT_CENTRE
from nba.types import Policy
from tests.nba.act.sample_policies import scorer

ROOT: Final = Path(__file__).parents[2]
EXAMPLE: Final = (ROOT / "serving/examples/decision.json").read_bytes()
COMMAND: Final = "import sys; from nba.cli import main; sys.exit(main(sys.argv[1:]))"


@dataclass(slots=True)
class LiveServer:
    """The process, where it listens, and what it says on stderr."""

    process: subprocess.Popen[bytes]
    log: Path
    port: int = 0
    clients: list["Client"] = field(default_factory=list)

    @property
    def lines(self) -> list[str]:
        """What it has said so far."""
        return self.log.read_text().splitlines()

    def kill(self) -> None:
        """End it as kill -9 does, and wait until it is gone."""
        self.process.kill()
        self.process.wait()

    def end(self) -> None:
        """Kill it and close the clients, once no thread reads from them any more."""
        self.kill()
        for client in self.clients:
            client.close()

    def stop(self) -> int:
        """Ask it to stop; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=20)

    def client(self) -> "Client":
        """A connection that stays open until the end."""
        self.clients.append(Client(self.port))
        return self.clients[-1]


class Client:
    """JSON over one HTTP connection."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)

    def send(self, method: str, path: str, body: bytes | None = None) -> tuple[int, Any]:
        """Status and decoded answer."""
        self._connection.request(method, path, body)
        answer = self._connection.getresponse()
        return answer.status, json.loads(answer.read())

    def post(self, path: str, value: object) -> tuple[int, Any]:
        """The same for a value that becomes JSON."""
        return self.send("POST", path, json.dumps(value).encode())

    def get(self, path: str) -> tuple[int, Any]:
        """The same without a body."""
        return self.send("GET", path)

    def text(self, path: str) -> str:
        """What is at a path, as text."""
        self._connection.request("GET", path)
        return self._connection.getresponse().read().decode()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def example(**changed: object) -> dict[str, Any]:
    """The example request, with some of its fields changed; None removes one."""
    request = json.loads(EXAMPLE) | changed
    return {name: value for name, value in request.items() if value is not None}


def policy_file(folder: Path, policy: Policy | None = None) -> Path:
    """A policy file in a folder."""
    path = folder / "policy.nba"
    save_policy(path, scorer() if policy is None else policy, Card(CONTACT_CENTRE))
    return path


def environment(**more: str) -> dict[str, str]:
    """What the process sees: this one's environment without settings of a server."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("NBA_SERVE_")}
    return own | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)} | more


def start(
    policy: Path,
    journal: Path,
    *options: str,
    command: Sequence[str] = (sys.executable, "-c", COMMAND),
    **variables: str,
) -> LiveServer:
    """A server that is listening; fails with what it said if it does not come up."""
    arguments = ["serve", str(policy), "--port", "0", "--journal", str(journal), *options]
    log = policy.parent / f"{uuid.uuid4().hex}.log"
    with log.open("wb") as stderr:
        process = subprocess.Popen(
            [*command, *arguments], stderr=stderr, env=environment(**variables)
        )
    server = LiveServer(process, log)
    while process.poll() is None:
        found = re.search(r" on https?://\S+:(\d+) ", log.read_text())
        if found is not None:
            server.port = int(found[1])
            return server
        time.sleep(0.01)
    raise AssertionError("the server did not start: " + " ".join(server.lines))


@contextmanager
def serving(policy: Path, journal: Path, *options: str, **variables: str) -> Iterator[LiveServer]:
    """A server that is killed at the end, whatever happened."""
    server = start(policy, journal, *options, **variables)
    try:
        yield server
    finally:
        server.end()
