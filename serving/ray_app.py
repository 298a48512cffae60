"""The same app under Ray Serve, for when one machine is not enough: the only file that knows Ray.

`serve run serving/examples/ray_serve.yaml` starts it; the file tells how many replicas there are
and where policy and journal lie. Each replica has a journal of its own, in a folder named after its
rank: the replica that takes its place goes on with it.
Decisions are batched where it pays: concurrent requests of a replica share one write of the
journal. Ray's own batching (`serve.batch`) would hold a request back for others to come, and gains
nothing where the time is not in one shared forward pass.
"""

import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ray import serve

from nba.errors import InputError, NbaError
from serving.http.app import App, Message, Receive, Send
from serving.journal.journal import Journal
from serving.policies.store import PolicyStore
from serving.server import Server
from serving.settings import Settings, settings_from

_OWN: Final = ("policy", "journal", "durability")


class Replica:
    """The app with its parts, opened and closed by ASGI's lifespan messages, which Ray sends."""

    def __init__(self, policy: Path, settings: Settings) -> None:
        self._policy = policy
        self._settings = settings
        self._app: App | None = None
        self._journal: Journal | None = None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """One HTTP request, or the life of the replica."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            assert self._app is not None, "Ray sends no request before the startup is complete"
            await self._app(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        while (await receive())["type"] == "lifespan.startup":
            try:
                self._open()
            except NbaError as error:
                await send({"type": "lifespan.startup.failed", "message": str(error)})
                return
            await send({"type": "lifespan.startup.complete"})
        if self._journal is not None:
            self._journal.close()
        await send({"type": "lifespan.shutdown.complete"})

    def _open(self) -> None:
        settings = self._settings
        store = PolicyStore(self._policy, occupancy_cap=settings.occupancy_cap)
        self._journal = Journal(
            settings.journal,
            durability=settings.durability,
            segment_bytes=settings.segment_bytes,
            max_waiting=settings.max_waiting,
        )
        server = Server(
            store, self._journal, settings, clock=time.time, new_id=lambda: secrets.token_hex(12)
        )
        self._app = App(server)


def app(args: Mapping[str, str]) -> serve.Application:
    """The application of a Serve config file; `args` are policy, journal and durability.

    Raises InputError naming an argument that is unknown or absent.
    """
    unknown = sorted(set(args) - set(_OWN))
    if unknown or not {"policy", "journal"} <= set(args):
        found = f"{unknown[0]!r} is unknown" if unknown else f"they are {sorted(args)}"
        raise InputError(
            f"the args of the Ray Serve application: {found}; policy and journal are needed, "
            "durability may be given (serving/examples/ray_serve.yaml)"
        )
    policy, folder = Path(args["policy"]).resolve(), Path(args["journal"]).resolve()
    given = {"durability": args.get("durability")}

    def build() -> Any:  # noqa: ANN401  any ASGI app
        rank = serve.get_replica_context().rank.rank
        return Replica(policy, settings_from(given={**given, "journal": folder / f"worker-{rank}"}))

    deployment = serve.deployment(name="nba")(serve.ingress(build)())
    return deployment.bind()
