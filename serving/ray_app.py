"""The same app under Ray Serve, for when one machine is not enough: the only file that knows Ray.

`serve run serving/examples/ray_serve.yaml` starts it; the file tells how many replicas there are
and where policies and journal lie. Each replica has a journal of its own in a folder named by its
rank: the replica that takes its place goes on with it, and those that see the same folder find
each other's decisions.
Decisions are batched where it pays: concurrent requests of a replica share one write of the
journal. Ray's own batching (`serve.batch`) would hold a request back for others to come.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from ray import serve

from nba.errors import InputError, NbaError
from serving.http.app import App, Send
from serving.http.incoming import Message, Receive
from serving.http.keys import read_keys
from serving.policies.opening import open_store, store_folder
from serving.policies.served import rules_of
from serving.policies.store import PolicyStore
from serving.pulse import pulse
from serving.server import Server
from serving.settings import Settings, settings_from
from serving.worker import open_worker

_ARGS: Final = ("policy", "store", "journal", "durability", "keys")


class Replica:
    """The app with its parts, opened and closed by ASGI's lifespan messages, which Ray sends."""

    def __init__(self, settings: Settings, rank: int) -> None:
        self._settings = settings
        self._rank = rank
        self._app: App | None = None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """One HTTP request, or the life of the replica."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            assert self._app is not None, "Ray sends no request before the startup is complete"
            await self._app(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            server = self._open()
        except NbaError as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        self._app = App(server, read_keys(self._settings.keys))
        beating = asyncio.create_task(pulse(server, self._app.gate.give_up_overdue))
        await send({"type": "lifespan.startup.complete"})
        await receive()  # the shutdown: Ray has let the requests under way come to their end
        server.draining = True
        beating.cancel()
        with suppress(asyncio.CancelledError):
            await beating
        server.journal.close()
        await send({"type": "lifespan.shutdown.complete"})

    def _open(self) -> Server:
        settings = self._settings
        cap, rules = settings.occupancy_cap, rules_of(settings.rules)
        store = PolicyStore(store_folder(settings), occupancy_cap=cap, rules=rules)
        return open_worker(store, settings, worker=self._rank, several=True)


def app(args: Mapping[str, str]) -> serve.Application:
    """The application of a Serve config file.

    Of its `args` journal is needed; policy is put into the store and promoted, and without it the
    store is served as it was left; store, durability and keys are those of `nba serve`. Raises
    InputError naming an argument that is unknown or absent.
    """
    settings = ray_settings(args)
    open_store(Path(args["policy"]) if "policy" in args else None, settings)

    def build() -> Any:  # noqa: ANN401  any ASGI app
        return Replica(settings, serve.get_replica_context().rank.rank)

    deployment = serve.deployment(name="nba")(serve.ingress(build)())
    return deployment.bind()


def ray_settings(args: Mapping[str, str]) -> Settings:
    """The server's settings from the file's args, with whole paths: replicas start elsewhere."""
    unknown = sorted(set(args) - set(_ARGS))
    if unknown or "journal" not in args:
        found = f"{unknown[0]!r} is unknown" if unknown else "journal is absent"
        raise InputError(
            f"args of the Ray Serve application: {found}; use {', '.join(_ARGS)} "
            "(serving/examples/ray_serve.yaml)"
        )
    given: dict[str, object] = {
        name: args[name] for name in ("store", "durability", "keys") if name in args
    }
    settings = settings_from(given={**given, "journal": Path(args["journal"]).resolve()})
    return replace(settings, store=str(store_folder(settings).resolve()))
