"""A server under measurement: a process tree on certain cores, its time and its memory."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import experiments

ROOT: Final = Path(experiments.__path__[0]).parent
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_START_S: Final = 60.0
_STOP_S: Final = 60.0


class ServerError(Exception):
    """A server that does not come up, or stops answering; the text is what it said last."""


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers, and how long it took to."""

    process: subprocess.Popen[bytes]
    port: int
    start_s: float  # from the process' start to the first good answer

    def cpu_s(self) -> float:
        """User and system time of the process and all below it, to 10 ms."""
        return sum(_seconds(pid) for pid in tree(self.process.pid))

    def resident_bytes(self) -> int:
        """Resident memory, summed over the processes."""
        return sum(_resident(pid) for pid in tree(self.process.pid))


@contextmanager
def running(
    command: Sequence[str], *, path: str, body: bytes, cores: set[int] | None, port: int
) -> Iterator[Running]:
    """The server of a command, once it answers POST `path` with 200; stopped at the end."""
    with tempfile.TemporaryFile() as said:
        start = time.perf_counter()
        with on_cores(cores):
            process = subprocess.Popen(
                command, env=environment(), cwd=ROOT, stdout=said, stderr=said,
                start_new_session=True,
            )  # fmt: skip
        try:
            if not _answers(process, port, path, body, until=start + _START_S):
                said.seek(0)
                raise ServerError(said.read()[-600:].decode(errors="replace").strip())
            yield Running(process, port, time.perf_counter() - start)
        finally:
            _stop(process)


def environment() -> dict[str, str]:
    """One thread for each library, this project's modules, and no setting of a server."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("NBA_SERVE_")}
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    # `mlflow` and `ray` are found beside the interpreter, also in an environment not activated
    beside = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{own.get('PATH', '')}"}
    return own | threads | beside | {"PYTHONPATH": str(ROOT)}


@contextmanager
def on_cores(cores: set[int] | None) -> Iterator[None]:
    """What is started meanwhile runs on these cores; None leaves it to the system."""
    before = os.sched_getaffinity(0)
    if cores is not None:
        os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
    return port


def tree(pid: int) -> list[int]:
    """A process and all its descendants."""
    children: Mapping[int, list[int]] = _children()
    found, waiting = [], [pid]
    while waiting:
        one = waiting.pop()
        found.append(one)
        waiting += children.get(one, [])
    return found


def _children() -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and (words := _stat(int(folder.name))):
            found.setdefault(int(words[1]), []).append(int(folder.name))
    return found


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on; nothing if the process is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _seconds(pid: int) -> float:
    words = _stat(pid)
    return (int(words[11]) + int(words[12])) / _TICKS if words else 0.0


def _resident(pid: int) -> int:
    words = _stat(pid)
    return int(words[21]) * os.sysconf("SC_PAGE_SIZE") if words else 0


def _answers(
    process: subprocess.Popen[bytes], port: int, path: str, body: bytes, *, until: float
) -> bool:
    headers = {"Content-Type": "application/json"}
    while process.poll() is None and time.perf_counter() < until:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request("POST", path, body, headers)
            if connection.getresponse().status == 200:
                return True
        except (OSError, http.client.HTTPException):
            pass  # it does not listen yet
        finally:
            connection.close()
        time.sleep(0.005)
    return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ask it to stop, and end what is left of its tree."""
    left = tree(process.pid)
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pid in left[1:]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
