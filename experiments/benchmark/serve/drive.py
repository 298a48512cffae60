"""Load on a server: the closed loop by wrk or by our generator, the open loop by ours."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from experiments.benchmark.serve.process import Running, environment, on_cores

_WRK: Final = re.compile(r"(?P<requests>\d+) requests in (?P<seconds>[\d.]+)(?P<unit>m?s)")
_BAD: Final = re.compile(r"Non-2xx or 3xx responses: (\d+)")
_SCRIPT: Final = """
local bodies = {BODIES}
local at = 0
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
request = function()
  at = at % #bodies + 1
  return wrk.format(nil, nil, nil, bodies[at])
end
"""


@dataclass(frozen=True, slots=True)
class Target:
    """Where requests go: a server, its path, and the bodies it is asked in turn."""

    server: Running
    path: str
    bodies: Sequence[bytes]
    connections: int


@dataclass(frozen=True, slots=True)
class Closed:
    """What a closed loop saw, with the server's time meanwhile."""

    rate: float  # good answers per second
    cpu_us: float  # of the server, per answer


def generator_name() -> str:
    """What drives the closed loop on this machine."""
    return "wrk" if shutil.which("wrk") else "the bundled generator"


def closed_loop(target: Target, seconds: float) -> Closed:
    """As many requests as the server takes, from connections that ask without a pause."""
    before = target.server.cpu_s()
    run = _with_wrk if shutil.which("wrk") else _with_own
    answered, passed = run(target, seconds)
    spent = target.server.cpu_s() - before
    return Closed(answered / passed, 1e6 * spent / max(answered, 1))


def open_loop(target: Target, *, rate: float, seconds: float) -> Mapping[str, float]:
    """Requests on a schedule; `p50`, `p99`, `p99.9` in ms from the intended time, and `cpu_us`."""
    before = target.server.cpu_s()
    told = _generator(target, rate, seconds)
    spent = target.server.cpu_s() - before
    return {**told, "cpu_us": 1e6 * spent / max(told["answered"], 1)}


def last_core() -> set[int] | None:
    """The core of the load generator."""
    cores = sorted(os.sched_getaffinity(0))
    return None if len(cores) < 2 else {cores[-1]}


def counted(said: str) -> tuple[int, float]:
    r"""Good answers and seconds from what wrk prints.

    >>> counted("  1200 requests in 2.00s, 1.1MB read\n  Non-2xx or 3xx responses: 200")
    (1000, 2.0)
    """
    found = _WRK.search(said)
    if found is None:
        raise ValueError(f"wrk printed no count of requests: {said[-300:]}")
    bad = _BAD.search(said)
    seconds = float(found["seconds"]) / (1000.0 if found["unit"] == "ms" else 1.0)
    return int(found["requests"]) - (0 if bad is None else int(bad[1])), seconds


def _with_wrk(target: Target, seconds: float) -> tuple[int, float]:
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        quoted = ", ".join(json.dumps(body.decode()) for body in target.bodies)
        script.write(_SCRIPT.replace("BODIES", quoted))
        script.flush()
        url = f"http://127.0.0.1:{target.server.port}{target.path}"
        command = [
            "wrk", "-t1", f"-c{target.connections}", f"-d{max(1, round(seconds))}s",
            "-s", script.name, url,
        ]  # fmt: skip
        return counted(_run(command))


def _with_own(target: Target, seconds: float) -> tuple[int, float]:
    told = _generator(target, None, seconds)
    return int(told["answered"]), told["seconds"]


def _generator(target: Target, rate: float | None, seconds: float) -> dict[str, float]:
    with tempfile.NamedTemporaryFile("w", suffix=".json") as task:
        told = {
            "port": target.server.port,
            "path": target.path,
            "bodies": [body.decode() for body in target.bodies],
            "rate": rate,
            "seconds": seconds,
            "connections": target.connections,
        }
        json.dump(told, task)
        task.flush()
        module = "experiments.benchmark.serve.load"
        found: dict[str, float] = json.loads(_run([sys.executable, "-m", module, task.name]))
        return found


def _run(command: Sequence[str]) -> str:
    with on_cores(last_core()):
        done = subprocess.run(
            command, check=True, capture_output=True, text=True, env=environment()
        )
    return done.stdout
