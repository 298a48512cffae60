"""A worker's pulse: several times a second it looks for a new plan and says how it stands."""

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from nba.errors import InputError
from serving.api.plan_change import follow_plan
from serving.server import Server

EVERY_S: Final = 0.05
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_STATM: Final = Path("/proc/self/statm")


async def pulse(server: Server, *chores: Callable[[], None]) -> None:
    """Beat until cancelled; the chores are done on every beat."""
    refused = ""
    late = (0.0, 0.0, 0.0)
    while True:
        due = time.perf_counter() + EVERY_S
        await asyncio.sleep(EVERY_S)
        late = (*late[1:], max(0.0, time.perf_counter() - due))
        server.lag_s = min(late)  # one late beat is a hiccup, three in a row are too much work
        for chore in chores:
            chore()
        say_how_it_stands(server)
        try:
            await follow_plan(server)
            refused = ""
        except (InputError, OSError) as error:
            # It may become whole again: it is tried on every beat, and told once.
            if str(error) != refused:
                refused = str(error)
                server.metrics.cell("nba_plan_errors_total").add()
                server.log.tell("plan_refused", error=refused)


def say_how_it_stands(server: Server) -> None:
    """Bring this worker's gauges up to date."""
    metrics = server.metrics
    metrics.own("nba_in_flight").set(len(server.running))
    metrics.own("nba_loop_lag_seconds").set(server.lag_s)
    metrics.own("nba_journal_waiting").set(server.journal.waiting)
    metrics.own("nba_journal_broken").set(bool(server.journal.broken))
    if server.state.shared is not None:
        metrics.own("nba_shared_state_up").set(server.state.shared.up)
        metrics.own("nba_shared_state_waiting").set(server.state.shared.waiting)
    metrics.own("nba_decisions_known").set(len(server.index))
    metrics.own("nba_resident_bytes").set(resident_bytes())


def resident_bytes() -> int:
    """The memory that this process holds, 0 where the system does not tell."""
    try:
        return int(_STATM.read_bytes().split()[1]) * _PAGE
    except OSError:
        return 0
