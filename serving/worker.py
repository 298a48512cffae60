"""One worker's life: put its parts together, serve with a pulse, drain when asked to stop."""

import asyncio
import gc
import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import uvicorn

from serving.http.app import App
from serving.http.keys import read_keys
from serving.http.quick import QuickProtocol
from serving.journal.journal import Journal
from serving.lifecycle_log import LifecycleLog
from serving.metrics.metrics import Metrics
from serving.new_ids import NewIds
from serving.policies.store import PolicyStore
from serving.pulse import pulse, say_how_it_stands
from serving.server import Server
from serving.settings import Settings

GRACE_S: Final = 0.5  # clients on open connections are told to leave before these are closed
Ready = Callable[[Server], None]


def run_worker(
    store: PolicyStore,
    listener: socket.socket,
    settings: Settings,
    *,
    numbers: Path | None = None,
    worker: int = 0,
    parent: int | None = None,
    ready: Ready = lambda _server: None,
) -> None:
    """Serve until SIGINT or SIGTERM, drain, and let the journal go; tells when it is ready.

    Raises InputError for a journal that cannot be used.
    """
    server = open_worker(store, settings, worker=worker, numbers=numbers)
    try:
        server.metrics.own("nba_worker_started_seconds").set(time.time())
        ready(server)
        _run(server, listener, settings, parent)
        say_how_it_stands(server)
    finally:
        server.state.close()
        server.journal.close()


def open_worker(
    store: PolicyStore,
    settings: Settings,
    *,
    worker: int,
    numbers: Path | None = None,
    several: bool | None = None,
) -> Server:
    """A worker's parts, its journal open; `several` is whether others share the journal's folder.

    Raises InputError for a journal that cannot be used.
    """
    if store.changed():  # since a parent read it, before it started this worker again
        store.refresh()
    several = settings.workers > 1 if several is None else several
    journal = Journal(
        settings.journal / str(worker) if several else settings.journal,
        durability=settings.durability,
        segment_bytes=settings.segment_bytes,
        max_waiting=settings.max_waiting,
        root=settings.journal if several else None,
    )
    try:
        return Server(
            store,
            journal,
            settings,
            clock=time.time,
            new_id=NewIds(),
            metrics=Metrics(numbers, worker=worker, workers=settings.workers),
            log=LifecycleLog(settings.log_format, worker),
        )
    except BaseException:
        journal.close()
        raise


def http_server(app: App, settings: Settings) -> uvicorn.Server:
    """What speaks HTTP: the one place to choose it."""
    config = uvicorn.Config(
        app,
        loop="none",
        http=QuickProtocol,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=settings.idle_s,
        timeout_graceful_shutdown=int(settings.drain_s) or 1,
        ssl_certfile=settings.tls_cert or None,
        ssl_keyfile=settings.tls_key or None,
    )
    return uvicorn.Server(config)


def _run(server: Server, listener: socket.socket, settings: Settings, parent: int | None) -> None:
    import uvloop

    _spare_the_collector()
    app = App(server, read_keys(settings.keys))
    http = http_server(app, settings)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(server, app, http, listener, parent))


def _spare_the_collector() -> None:
    """Let the garbage collector look at new objects only, and seldom.

    Requests leave no cycles behind: what is freed is freed by reference counts, and a soak shows
    flat memory. With the usual thresholds the collector took a tenth of a decision's time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)


async def _serve(
    server: Server,
    app: App,
    http: uvicorn.Server,
    listener: socket.socket,
    parent: int | None,
) -> None:
    """The steps of uvicorn's own `serve`, but for its handling of signals."""
    stop = asyncio.Event()

    def stop_alone() -> None:
        if parent is not None and os.getppid() != parent:
            stop.set()  # nobody would start this worker again, or stop it

    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    http.config.load()
    http.lifespan = http.config.lifespan_class(http.config)
    await http.startup(sockets=[listener])
    beating = asyncio.create_task(
        pulse(server, app.gate.give_up_overdue, server.state.forgotten.beat, stop_alone)
    )
    asked = asyncio.create_task(stop.wait())
    await asyncio.wait((beating, asked), return_when=asyncio.FIRST_COMPLETED)
    await _drain(server, http, listener)
    for task in (beating, asked):
        task.cancel()
    await asyncio.gather(beating, asked, return_exceptions=True)


async def _drain(server: Server, http: uvicorn.Server, listener: socket.socket) -> None:
    """No new connection; answers on open ones tell their client to leave; then all is closed."""
    server.draining = True
    server.log.tell("draining", connections=len(http.server_state.connections))
    for listening in http.servers:
        listening.close()
    listener.close()
    await _until(lambda: not http.server_state.connections, GRACE_S)
    await http.shutdown()
    await _until(lambda: not server.journal.waiting, server.settings.drain_s)


async def _until(done: Callable[[], bool], limit_s: float) -> None:
    for _ in range(round(limit_s / 0.01)):
        if done():
            return
        await asyncio.sleep(0.01)
