"""The server as a process: what it needs is opened and checked, then it or its workers run."""

import os
import socket
from ipaddress import ip_address
from pathlib import Path

from serving.http.keys import read_keys
from serving.lifecycle_log import LifecycleLog
from serving.listening import bind_each
from serving.policies.opening import open_store
from serving.server import Server
from serving.settings import Settings
from serving.worker import run_worker
from serving.workers import run_workers


def run_server(policy_file: Path | None, settings: Settings) -> None:
    """Serve a policy file, or a store as it was left, until SIGINT or SIGTERM.

    Raises InputError, before anything is served, for a policy, key file, journal or port that
    cannot be used.
    """
    keys = read_keys(settings.keys)
    store = open_store(policy_file, settings)
    listeners = bind_each(settings.host, settings.port, settings.workers)
    listener = listeners[0]
    log = LifecycleLog(settings.log_format)
    try:
        _warn(listener, log, open_to_all=not keys.known)

        def announce(server: Server) -> None:
            _announce(server, listener, log, settings)

        if settings.workers == 1:
            run_worker(store, listener, settings, ready=announce)
        else:
            run_workers(store, listeners, settings, ready=announce)
    finally:
        for listener in listeners:
            listener.close()


def _warn(listener: socket.socket, log: LifecycleLog, *, open_to_all: bool) -> None:
    host = listener.getsockname()[0]
    if open_to_all and not ip_address(host).is_loopback:
        text = f"warning: {host} can be reached from other machines, and no key is asked for"
        log.tell("open_to_all", text, host=host)


def _announce(
    server: Server, listener: socket.socket, log: LifecycleLog, settings: Settings
) -> None:
    for line in server.journal.notes:
        log.tell("journal_note", f"journal: {line}")
    if server.metrics.worker:
        return
    host, port = listener.getsockname()[:2]
    policy = server.store.current.loaded.policy
    where = f"[{host}]" if ":" in host else host
    scheme = "https" if settings.tls_cert else "http"
    several = f", {settings.workers} workers" if settings.workers > 1 else ""
    log.tell(
        "serving",
        f"serving {policy.name} version {policy.version} on {scheme}://{where}:{port} "
        f"(journal {settings.journal}, durability {settings.durability}{several}); Ctrl-C stops",
        pid=os.getpid(),
        port=port,
        policy_version=policy.version,
        generation=server.store.plan.generation,
    )
