"""The rounds of `nba bench serve`: each server in each round is started, loaded and stopped.

All servers take turns, so that what a shared machine does in a minute meets them alike. The run
is declared too noisy if the base, the protocol by hand, varies by more than a fifth.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from experiments.benchmark.rows import Row
from experiments.benchmark.serve import contestants as field
from experiments.benchmark.serve.batches import batch_rows
from experiments.benchmark.serve.compaction import compaction_rows
from experiments.benchmark.serve.contestants import Contestant
from experiments.benchmark.serve.drive import Target, closed_loop, open_loop
from experiments.benchmark.serve.figures import Visit, absent_rows, server_rows
from experiments.benchmark.serve.process import ServerError, free_port, running
from experiments.benchmark.serve.stages import stage_rows
from experiments.benchmark.serve.table import table
from experiments.benchmark.serve.workloads import bodies, policy_file
from nba.terminal import note, progress

LOAD_SHARE: Final = 0.6  # of the capacity found in the same round; 50 to 70 % is usual


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how often."""

    rounds: int
    warm_s: float
    closed_s: float
    open_s: float
    connections: int = 64


FULL: Final = Plan(rounds=5, warm_s=1.0, closed_s=2.0, open_s=3.0)
QUICK: Final = Plan(rounds=2, warm_s=1.0, closed_s=1.0, open_s=1.0)


def rows(*, quick: bool = False, folder: Path | None = None) -> list[Row]:
    """The figures of all servers and stages; the table too, as `serve.md` in a folder."""
    plan = QUICK if quick else FULL
    found = measure(field.contestants(quick=quick), plan) + stage_rows(quick=quick)
    found += batch_rows(quick=quick)
    found += compaction_rows(seconds=1.0 if quick else 10.0)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "serve.md").write_text(table(found))
    return found


def measure(servers: Sequence[Contestant], plan: Plan) -> list[Row]:
    """Rows of every server, in their order."""
    visits: dict[Contestant, list[Visit]] = {}
    lost: dict[Contestant, str] = {server: server.absent for server in servers if server.absent}
    with (
        tempfile.TemporaryDirectory(prefix="nba-bench-") as name,
        progress("serve", plan.rounds * len(servers)) as advance,
    ):
        for number in range(plan.rounds):
            for server in servers:
                if server not in lost:
                    try:
                        one = visit(server, plan, Path(name) / f"{number}")
                        visits.setdefault(server, []).append(one)
                    except (ServerError, OSError, ValueError) as error:
                        lost[server] = f"does not serve: {' '.join(str(error).split())[-200:]}"
                        note(f"{server.settings}: {lost[server]}")
                advance()
    kept = {server: found for server, found in visits.items() if server not in lost}
    return server_rows(kept) + absent_rows(lost)


def visit(server: Contestant, plan: Plan, folder: Path) -> Visit:
    """One start of one server, and what it did under load."""
    with tempfile.TemporaryDirectory(dir=_made(folder)) as name:
        place, port = Path(name), free_port()
        policy = policy_file(server.workload.spec, place)
        asked = [server.body(body) for body in bodies(server.workload)]
        words = field.places(policy, place / "journal", port)
        with running(
            server.command(words), path=server.path, body=asked[0], cores=server.cores(), port=port
        ) as live:
            memory = live.resident_bytes()
            target = Target(live, server.path, asked, plan.connections)
            closed_loop(target, plan.warm_s)
            closed = closed_loop(target, plan.closed_s)
            spaced = open_loop(target, rate=LOAD_SHARE * closed.rate, seconds=plan.open_s)
            return Visit(closed, spaced, live.start_s, memory)


def _made(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return folder
