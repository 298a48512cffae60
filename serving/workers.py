"""Several workers on one port: a parent that starts them, starts dead ones again, and stops all.

They share the listening socket, so that the connections that wait for a worker that dies are
taken by the others. The parent serves nothing; workers are forked, and so start at once.
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
from serving.metrics.metrics import Metrics, board_path
from serving.policies.store import PolicyStore
from serving.settings import Settings
from serving.worker import Ready, run_worker

FIRST_WAIT_S: Final = 0.1
LONGEST_WAIT_S: Final = 5.0
LIVED_S: Final = 10.0  # a worker that lived so long begins again with the first wait
REFUSED: Final = 2  # exit code of a worker whose journal, say, cannot be used


@dataclass(slots=True)
class _Team:
    """Who runs, and who is to be started when."""

    running: dict[int, int] = field(default_factory=dict)  # pid → worker
    began: dict[int, float] = field(default_factory=dict)  # worker → when
    waits: dict[int, float] = field(default_factory=dict)  # worker → how long to wait next time
    due: dict[int, float] = field(default_factory=dict)  # worker → when to start it again
    stopping: bool = False
    failed: bool = False


def run_workers(
    store: PolicyStore, listener: socket.socket, settings: Settings, *, ready: Ready
) -> None:
    """Keep `settings.workers` workers until SIGINT or SIGTERM, then drain all of them."""
    team = _Team()
    log = LifecycleLog(settings.log_format)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        team.stopping = True

    before = {name: signal.signal(name, stop) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        with tempfile.TemporaryDirectory(prefix="nba-serve-") as folder:
            team.due = dict.fromkeys(range(settings.workers), 0.0)
            while not team.stopping:
                _start_due(team, store, listener, settings, Path(folder), ready)
                _reap(team, log)
                time.sleep(0.02)
            _stop_all(team, listener, settings, log)
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
    if team.failed:
        raise NbaError("a worker could not be started; its line above says why")


def _start_due(
    team: _Team,
    store: PolicyStore,
    listener: socket.socket,
    settings: Settings,
    numbers: Path,
    ready: Ready,
) -> None:
    now = time.monotonic()
    for worker in [worker for worker, due in team.due.items() if due <= now]:
        del team.due[worker]
        team.began[worker] = now
        pid = os.fork()
        if not pid:
            _be_worker(store, listener, settings, numbers, worker, ready)
        team.running[pid] = worker


def _be_worker(
    store: PolicyStore,
    listener: socket.socket,
    settings: Settings,
    numbers: Path,
    worker: int,
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
        run_worker(store, listener, settings, numbers=numbers, worker=worker, ready=ready)
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
        cause = f"signal {-code}" if code < 0 else f"exit code {code}"
        text = f"worker {worker} ended by {cause}; it is started again in {wait:g} s"
        log.tell("worker_died", text, died=worker, cause=cause, wait_s=wait)


def _stop_all(team: _Team, listener: socket.socket, settings: Settings, log: LifecycleLog) -> None:
    """Drain every worker; one that does not end in time is killed, and that is told."""
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
