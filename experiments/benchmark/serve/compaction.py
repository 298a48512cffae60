"""How fast `nba journal compact` reads, beside how fast the server wrote the same journal."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from experiments.benchmark.rows import Row
from experiments.benchmark.serve.contestants import Contestant, own_server, places
from experiments.benchmark.serve.drive import Target, closed_loop
from experiments.benchmark.serve.process import ROOT, environment, free_port, running
from experiments.benchmark.serve.workloads import Workload, bodies, policy_file

_LITTLE_S: Final = 1.0  # of writing, for the run that tells what the start takes
_WORKLOADS: Final = (Workload("small", 20), Workload("full", 20))


def compaction_rows(seconds: float) -> list[Row]:
    """Decisions per second, of journals that the server wrote in so many seconds."""
    return [row for workload in _WORKLOADS for row in _compaction(workload, seconds)]


def _compaction(workload: Workload, seconds: float) -> list[Row]:
    server = own_server(workload, "os")
    with tempfile.TemporaryDirectory(prefix="nba-bench-") as name:
        journal, log, again = (Path(name) / part for part in ("journal", "log", "again"))
        again.mkdir()
        written = _write(server, Path(name), journal, seconds)
        first, decisions = _compact(journal, log)
        _write(server, again, journal, _LITTLE_S)
        second, few = _compact(journal, log)
    # What both runs have alike, the command's start and what it loads, is in neither number.
    rate = (decisions - few) / (first - second)
    settings = f"{workload.name}, {decisions:,} decisions, without the command's own start"
    return [Row("compaction", rate, "1/s", settings, "the server's writing", rate / written)]


def _write(server: Contestant, folder: Path, journal: Path, seconds: float) -> float:
    """Fill a journal, and have it on disk; the server's rate meanwhile."""
    port, asked = free_port(), bodies(server.workload)
    policy = policy_file(server.workload.spec, folder)
    command = server.command(places(policy, journal, port))
    with running(command, path=server.path, body=asked[0], cores=server.cores(), port=port) as live:
        rate = closed_loop(Target(live, server.path, asked, 64), seconds).rate
    os.sync()  # what the system still had to write of a gigabyte is not compaction's time
    return rate


def _compact(journal: Path, log: Path) -> tuple[float, int]:
    """Seconds of the command, and the decisions it found new."""
    words = ["-m", "nba", "journal", "compact", str(journal), "--out", str(log), "--json"]
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *words],
        check=True,
        capture_output=True,
        text=True,
        env=environment(),
        cwd=ROOT,
    )
    return time.perf_counter() - start, int(json.loads(done.stdout)["decisions"])
