"""The rows of `nba bench serve` as tables: a server a line, then what is left."""

from collections.abc import Sequence
from typing import Final

from experiments.benchmark.cells import Record, markdown
from experiments.benchmark.rows import Row
from experiments.benchmark.serve.figures import FIGURES

_RATIO: Final = "× by hand"


def table(rows: Sequence[Row]) -> str:
    """Two tables in Markdown."""
    servers: dict[str, dict[str, str | float]] = {}
    rest: list[Record] = []
    for row in rows:
        if row.metric not in FIGURES:
            rest.append(
                {"what": row.metric, "value": row.value, "unit": row.unit, "of": row.settings}
            )
            continue
        line = servers.setdefault(row.settings, {"server": row.settings})
        line[_column(row.metric)] = row.value
        if row.metric == "CPU per request":
            line[_RATIO] = "" if row.ratio is None else f"{row.ratio:.2f}"
    columns = ["server", *(_column(metric) for metric in FIGURES)]
    columns.insert(columns.index(_column("CPU per request")) + 1, _RATIO)
    lines: list[Record] = [
        {name: line.get(name, "") for name in columns} for line in servers.values()
    ]
    told = markdown(lines, columns)
    return f"{told}\n{markdown(rest, ('what', 'value', 'unit', 'of'))}" if rest else told


def _column(metric: str) -> str:
    return f"{metric} ({FIGURES[metric][0]})"
