"""A service without sockets: requests go straight to the app, as a server would hand them over."""

import asyncio
import itertools
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nba.types import Policy
from serving.http.app import App
from serving.http.incoming import Message
from serving.journal.journal import Journal
from serving.policies.store import PolicyStore
from serving.server import Server
from serving.settings import settings_from
from tests.serving.live_server import policy_file

Headers = Iterable[tuple[bytes, bytes]]
Answer = tuple[int, dict[str, str], Any]  # status, headers, JSON or text


class Desk:
    """One app with its journal; the clock stands at `now` and ids count up."""

    def __init__(
        self,
        folder: Path,
        policy: Policy | None = None,
        *,
        worker: int | None = None,
        **settings: float | str,
    ) -> None:
        given = {"journal": folder / "journal", "durability": "os", **settings}
        self.settings = settings_from({}, given=given)
        root = self.settings.journal
        self.journal = Journal(
            root if worker is None else root / str(worker),
            durability="os",
            segment_bytes=self.settings.segment_bytes if "segment_bytes" in settings else 2**20,
            max_waiting=1000,
            root=None if worker is None else root,
        )
        self.store = PolicyStore(policy_file(folder, policy), occupancy_cap=0.95)
        self.now = 1000.0
        ids = itertools.count(1)
        self.server = Server(
            self.store,
            self.journal,
            self.settings,
            clock=lambda: self.now,
            new_id=lambda: f"new-{next(ids)}",
        )
        self.app = App(self.server)

    def send(
        self, method: str, path: str, *parts: bytes, headers: Headers = (), query: str = ""
    ) -> Answer:
        """The answer to one request whose body comes in these parts."""
        return asyncio.run(self.ask(method, path, *parts, headers=headers, query=query))

    async def ask(
        self, method: str, path: str, *parts: bytes, headers: Headers = (), query: str = ""
    ) -> Answer:
        """The same inside a running loop."""
        status, names, body = await self.raw(method, path, *parts, headers=headers, query=query)
        if names.get("content-type", "").startswith("text/plain"):
            return status, names, body.decode()
        return status, names, json.loads(body) if body else None

    def send_raw(
        self, path: str, body: bytes, *headers: tuple[bytes, bytes]
    ) -> tuple[int, dict[str, str], bytes]:
        """The answer to a POST, as bytes."""
        return asyncio.run(self.raw("POST", path, body, headers=headers))

    def text(self, path: str) -> tuple[int, dict[str, str], str]:
        """What is at a path, as text."""
        status, names, body = asyncio.run(self.raw("GET", path))
        return status, names, body.decode()

    async def raw(
        self, method: str, path: str, *parts: bytes, headers: Headers = (), query: str = ""
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of the answer."""
        waiting = [
            {"type": "http.request", "body": part, "more_body": place < len(parts) - 1}
            for place, part in enumerate(parts or (b"",))
        ]
        said: list[Message] = []

        async def receive() -> Message:
            return waiting.pop(0) if waiting else {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            said.append(message)

        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "headers": list(headers),
            "query_string": query.encode(),
        }
        await self.app(scope, receive, send)
        names = {name.decode(): value.decode() for name, value in said[0]["headers"]}
        assert int(names["content-length"]) == len(said[1]["body"])
        return said[0]["status"], names, said[1]["body"]

    def post(self, path: str, value: object) -> Answer:
        """The same for a value that becomes JSON."""
        return self.send("POST", path, json.dumps(value).encode())

    def get(self, path: str) -> Answer:
        """The same without a body."""
        return self.send("GET", path)


@contextmanager
def desk(
    folder: Path,
    policy: Policy | None = None,
    *,
    worker: int | None = None,
    **settings: float | str,
) -> Iterator[Desk]:
    """A desk that closes its journal."""
    opened = Desk(folder, policy, worker=worker, **settings)
    try:
        yield opened
    finally:
        opened.journal.close()
