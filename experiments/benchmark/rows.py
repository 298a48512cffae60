"""The form of every benchmark: rows of figures, the machine they were measured on."""

import os
import platform
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Final

ROUNDS: Final = 5


@dataclass(frozen=True, slots=True)
class Row:
    """One figure; `ratio` is value / the peer's value in the same run, where there is a peer."""

    metric: str
    value: float
    unit: str
    settings: str
    peer: str | None = None
    ratio: float | None = None


def report(bench: str, rows: list[Row]) -> dict[str, object]:
    """The JSON form of a benchmark."""
    return {"bench": bench, "machine": machine(), "rows": [asdict(row) for row in rows]}


def machine() -> dict[str, object]:
    """What the figures were measured on."""
    info = Path("/proc/cpuinfo")
    names = [
        line.partition(":")[2].strip()
        for line in (info.read_text().splitlines() if info.exists() else [])
        if line.startswith("model name")
    ]
    return {
        "cpu": names[0] if names else platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "system": platform.system(),
    }


def median_rate(
    work: Callable[[], int],
    *,
    rounds: int = ROUNDS,
    seconds: Callable[[], float] | None = None,
) -> float:
    """Units of work per second: the median of some rounds after one that is not counted.

    `seconds` tells the time of the last round, where not all of it is to be counted.
    """
    work()
    rates = []
    for _ in range(rounds):
        start = time.perf_counter()
        done = work()
        passed = time.perf_counter() - start
        rates.append(done / (passed if seconds is None else seconds()))
    return median(rates)
