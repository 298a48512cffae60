"""One server process: bind, open the journal, serve until asked to stop, and leave cleanly."""

import errno
import secrets
import signal
import socket
import time
from ipaddress import ip_address
from pathlib import Path
from types import FrameType

import uvicorn

from nba.errors import InputError
from nba.terminal import note
from serving.http.app import App
from serving.journal.journal import Journal
from serving.policies.store import PolicyStore
from serving.server import Server
from serving.settings import Settings


def run_server(policy_file: Path, settings: Settings) -> None:
    """Serve a policy file until SIGINT or SIGTERM.

    Raises InputError, before anything is served, for a policy, journal or port that cannot be used.
    """
    store = PolicyStore(policy_file, occupancy_cap=settings.occupancy_cap)
    listener = bind(settings.host, settings.port)
    journal = Journal(
        settings.journal,
        durability=settings.durability,
        segment_bytes=settings.segment_bytes,
        max_waiting=settings.max_waiting,
    )
    try:
        server = Server(store, journal, settings, clock=time.time, new_id=_random_id)
        app = App(server)
        _announce(store, journal, listener, settings)
        _serve(app, listener, settings)
    finally:
        journal.close()
        listener.close()


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; raises InputError naming a port or host that cannot be had."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    except socket.gaierror as error:
        raise InputError(f"host {host!r} is unknown ({error.strerror}); use 127.0.0.1") from error
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        found = "is in use" if error.errno == errno.EADDRINUSE else f"fails: {error.strerror}"
        raise InputError(
            f"port {port} of {host} {found}; choose another with --port (0 takes a free one)"
        ) from error
    return listener


def _serve(app: App, listener: socket.socket, settings: Settings) -> None:
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=int(settings.drain_s) or 1,
    )
    server = uvicorn.Server(config)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        server.should_exit = True

    # Once drained, uvicorn raises the signal that stopped it again: it must not kill us then.
    before = {name: signal.signal(name, stop) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        server.run(sockets=[listener])
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def _announce(
    store: PolicyStore, journal: Journal, listener: socket.socket, settings: Settings
) -> None:
    for line in journal.notes:
        note(f"journal: {line}")
    host, port = listener.getsockname()[:2]
    if not ip_address(host).is_loopback:
        note(f"warning: {host} can be reached from other machines, and no key is asked for")
    policy = store.current.loaded.policy
    where = f"[{host}]" if ":" in host else host
    note(
        f"serving {policy.name} version {policy.version} on http://{where}:{port} "
        f"(journal {settings.journal}, durability {settings.durability}); Ctrl-C stops"
    )


def _random_id() -> str:
    return secrets.token_hex(12)
