"""Several workers on one port: a parent that starts them, starts dead ones again, and stops all.

Each has a listening socket of its own on the port, which the parent holds too: connections that
wait while a dead worker is started again are taken by its successor; only if that takes long are
they sent to the others. The parent serves nothing; workers are forked, and so start at once.
"""

import os
import signal
import socket
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Final

from nba.errors import NbaError
from serving.lifecycle_log import LifecycleLog
from serving.listening import bind
from serving.metrics.metrics import Metrics, board_path
from serving.policies.store import PolicyStore
from serving.settings import Settings
from serving.worker import Ready, run_worker

FIRST_WAIT_S: Final = 0.1
LONGEST_WAIT_S: Final = 5.0
LONG_WAIT_S: Final = 0.5  # beyond it, new connections go to the other workers
LIVED_S: Final = 10.0  # a worker that lived so long begins again with the first wait
REFUSED: Final = 2  # exit code of a worker whose journal, say, cannot be used


@dataclass(slots=True)
class _Team:
    """Who runs, and who is to be started when."""

    listeners: dict[int, socket.socket]  # worker → its socket
    address: tuple[str, int]
    running: dict[int, int] = field(default_factory=dict)  # pid → worker
    began: dict[int, float] = field(default_factory=dict)  # worker → when
    waits: dict[int, float] = field(default_factory=dict)  # worker → how long to wait next time
    due: dict[int, float] = field(default_factory=dict)  # worker → when to start it again
    stopping: bool = False
    failed: bool = False


def run_workers(
    store: PolicyStore, listeners: list[socket.socket], settings: Settings, *, ready: Ready
) -> None:
    """Keep a worker for each listener until SIGINT or SIGTERM, then drain all of them."""
    team = _Team(dict(enumerate(listeners)), listeners[0].getsockname()[:2])
    log = LifecycleLog(settings.log_format)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        team.stopping = True

    before = {name: signal.signal(name, stop) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        with tempfile.TemporaryDirectory(prefix="nba-serve-") as folder:
            team.due = dict.fromkeys(range(len(listeners)), 0.0)
            while not team.stopping:
                _start_due(team, store, settings, Path(folder), ready)
                _reap(team, log)
                time.sleep(0.02)
            _stop_all(team, settings, log)
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
    if team.failed:
        raise NbaError("a worker could not be started; its line above says why")


def _start_due(
    team: _Team,
    store: PolicyStore,
    settings: Settings,
    numbers: Path,
    ready: Ready,
) -> None:
    now = time.monotonic()
    for worker in [worker for worker, due in team.due.items() if due <= now]:
        del team.due[worker]
        team.began[worker] = now
        listener = team.listeners.get(worker) or bind(*team.address, shared=True)
        team.listeners[worker] = listener
        parent = os.getpid()
        pid = os.fork()
        if not pid:
            for other in team.listeners.values():
                if other is not listener:
                    other.close()
            _be_worker(store, listener, settings, numbers, worker, parent, ready)
        team.running[pid] = worker


def _be_worker(
    store: PolicyStore,
    listener: socket.socket,
    settings: Settings,
    numbers: Path,
    worker: int,
    parent: int,
    ready: Ready,
) -> None:
    """The life of a forked worker; it never returns to what the parent was doing."""
    code = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        if board_path(numbers, worker).exists():
            again = Metrics(numbers, worker=worker, workers=settings.workers)
            again.own("nba_worker_restarts_total").add()
        run_worker(
            store,
            listener,
            settings,
            numbers=numbers,
            worker=worker,
            parent=parent,
            ready=ready,
        )
        code = 0
    except NbaError as error:
        LifecycleLog(settings.log_format, worker).tell("error", f"error: {error}")
        code = REFUSED
    except BaseException:  # noqa: BLE001 the parent's stack must not run in a worker
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _reap(team: _Team, log: LifecycleLog) -> None:
    """Notice the dead; each is started again after a wait that doubles while it keeps dying."""
    while team.running:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        worker, code = team.running.pop(pid), os.waitstatus_to_exitcode(status)
        now = time.monotonic()
        if code == REFUSED and now - team.began[worker] < LIVED_S and not team.waits:
            team.stopping = team.failed = True
            return
        lived_long = now - team.began[worker] > LIVED_S
        wait = FIRST_WAIT_S if lived_long else team.waits.get(worker, FIRST_WAIT_S)
        team.waits[worker] = min(2 * wait, LONGEST_WAIT_S)
        team.due[worker] = now + wait
        if wait > LONG_WAIT_S:
            team.listeners.pop(worker).close()
        cause = f"signal {-code}" if code < 0 else f"exit code {code}"
        text = f"worker {worker} ended by {cause}; it is started again in {wait:g} s"
        log.tell("worker_died", text, died=worker, cause=cause, wait_s=wait)


def _stop_all(team: _Team, settings: Settings, log: LifecycleLog) -> None:
    """Drain every worker; one that does not end in time is killed, and that is told."""
    for listener in team.listeners.values():
        listener.close()
    for pid in team.running:
        os.kill(pid, signal.SIGTERM)
    end = time.monotonic() + settings.drain_s + 5.0
    while team.running and time.monotonic() < end:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid:
            worker = team.running.pop(pid)
            if status:
                log.tell("worker_failed", died=worker, code=os.waitstatus_to_exitcode(status))
        else:
            time.sleep(0.01)
    for pid, worker in team.running.items():
        log.tell("worker_killed", died=worker)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
