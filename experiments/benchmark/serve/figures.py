"""From the visits of all rounds to rows: medians, ratios to the base, and whether it was noisy."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from experiments.benchmark.rows import Row
from experiments.benchmark.serve.contestants import BY_HAND, Contestant
from experiments.benchmark.serve.drive import Closed

NOISY: Final = 0.2  # of the median: a base that varies more makes no comparison


@dataclass(frozen=True, slots=True)
class Visit:
    """What one server did in one round."""

    closed: Closed
    spaced: Mapping[str, float]  # the open loop's percentiles in ms and CPU time in µs
    start_s: float
    memory_bytes: float


Visits = Mapping[Contestant, Sequence[Visit]]
FIGURES: Final[Mapping[str, tuple[str, Callable[[Visit], float]]]] = {
    "requests": ("1/s", lambda visit: visit.closed.rate),
    "CPU per request": ("us", lambda visit: visit.closed.cpu_us),
    "CPU per request, open": ("us", lambda visit: visit.spaced["cpu_us"]),
    "p50": ("ms", lambda visit: visit.spaced["p50"]),
    "p99": ("ms", lambda visit: visit.spaced["p99"]),
    "p99.9": ("ms", lambda visit: visit.spaced["p99.9"]),
    "start": ("s", lambda visit: visit.start_s),
    "memory": ("MB", lambda visit: visit.memory_bytes / 1e6),
}


def server_rows(visits: Visits) -> list[Row]:
    """Medians over the rounds; `ratio` is to the protocol by hand under the same workload."""
    bases = {server.workload: server for server in visits if server.name == BY_HAND}
    rows = []
    for server, found in visits.items():
        base = bases.get(server.workload)
        for metric, (unit, figure) in FIGURES.items():
            value = median(map(figure, found))
            beside = None if base in {None, server} else median(map(figure, visits[base]))
            ratio = value / beside if beside else None
            peer = BY_HAND if ratio is not None else None
            rows.append(Row(metric, value, unit, server.settings, peer, ratio))
    return rows + noise_rows({base: visits[base] for base in bases.values()})


def noise_rows(bases: Visits) -> list[Row]:
    """How far the base varied between rounds, and what that means for the figures beside it."""
    if not bases:
        return []
    rows = []
    for metric, told in (("CPU per request", "CPU times"), ("requests", "rates and latencies")):
        figure = FIGURES[metric][1]
        spreads = [spread([figure(visit) for visit in found]) for found in bases.values()]
        worst = max(spreads)
        verdict = f"too noisy to compare {told}" if worst > NOISY else f"{told} can be compared"
        if any(len(found) < 5 for found in bases.values()):
            verdict += ", by fewer than 5 rounds"
        settings = f"{BY_HAND}, {metric}: {verdict}"
        rows.append(Row("variation of the base", 100.0 * worst, "%", settings))
    return rows


def spread(values: Sequence[float]) -> float:
    """Largest less smallest, as a share of the median.

    >>> spread([90.0, 100.0, 115.0])
    0.25
    """
    return (max(values) - min(values)) / median(values)


def absent_rows(lost: Mapping[Contestant, str]) -> list[Row]:
    """A row for each server that could not be measured, which says why."""
    return [Row("requests", 0.0, "1/s", f"{s.settings}: {why}", s.name) for s, why in lost.items()]
