"""A decision log on disk as slices: what is asked of it takes the memory of one row group."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types

from nba.errors import LogError
from nba.listen.log import log_of_table, names_after, open_parts, read_log, readable
from nba.types import DecisionLog

SLICE: Final = 16_384  # rows handed out at once
Change = Callable[[DecisionLog], DecisionLog]


@dataclass(frozen=True, slots=True)
class LogPart:
    """One row group of one part file; iterating reads its slices."""

    file: Path
    group: int
    first_row: int  # of the whole log
    rows: int
    segments: tuple[str, ...]  # of the whole log: what this part lacks is empty in it
    outcomes: tuple[str, ...]
    changes: tuple[Change, ...] = ()

    def __len__(self) -> int:
        return self.rows

    def __iter__(self) -> Iterator[DecisionLog]:
        with readable(self.file), pq.ParquetFile(self.file) as parquet:
            table = parquet.read_row_group(self.group)
        for start in range(0, len(table), SLICE):
            log = self._whole_columns(log_of_table(table.slice(start, SLICE), self.file))
            for change in self.changes:
                log = change(log)
            if len(log):
                yield log

    def _whole_columns(self, log: DecisionLog) -> DecisionLog:
        """The slice with every segment and outcome of the log, as reading it whole gives them."""
        n = len(log)
        if len(log.segments) == len(self.segments) and len(log.outcomes) == len(self.outcomes):
            return log
        empty, unknown = np.full(n, "", dtype=object), np.full(n, np.nan)
        return replace(
            log,
            segments={name: log.segments.get(name, empty) for name in self.segments},
            outcomes={name: log.outcomes.get(name, unknown) for name in self.outcomes},
        )


@dataclass(frozen=True, slots=True)
class LogSource:
    """A decision log on disk that may be read as often as it is asked."""

    path: Path
    parts: tuple[LogPart, ...]

    def __len__(self) -> int:
        return sum(part.rows for part in self.parts)

    def __iter__(self) -> Iterator[DecisionLog]:
        for part in self.parts:
            yield from part

    @property
    def segments(self) -> tuple[str, ...]:
        """The names of its segment columns."""
        return self.parts[0].segments

    def changed(self, change: Change) -> "LogSource":
        """The same log, each of its slices changed as it is read."""
        parts = tuple(replace(part, changes=(*part.changes, change)) for part in self.parts)
        return replace(self, parts=parts)

    def read(self) -> DecisionLog:
        """The whole log in memory, changed as its slices are."""
        log = read_log(self.path)
        for change in self.parts[0].changes:
            log = change(log)
        return log


def open_source(path: Path | str) -> LogSource:
    """The log in a folder of part files or in one file; only their footers are read now.

    Raises LogError as `read_log` does for a file that is no part of a log.

    >>> open_source("nowhere")
    Traceback (most recent call last):
    nba.errors.LogError: nowhere does not exist; give the folder or .parquet file of a decision log
    """
    path = Path(path)
    found: list[tuple[Path, int, int]] = []
    segments: dict[str, None] = {}
    outcomes: dict[str, None] = {}
    for file, parquet in open_parts(path):
        meta = parquet.metadata
        found += [
            (file, group, meta.row_group(group).num_rows) for group in range(meta.num_row_groups)
        ]
        segments |= dict.fromkeys(names_after(parquet.schema_arrow.names, "segment."))
        outcomes |= dict.fromkeys(names_after(parquet.schema_arrow.names, "outcome."))
    parts, first = [], 0
    for file, group, rows in found:
        if rows:
            parts.append(LogPart(file, group, first, rows, tuple(segments), tuple(outcomes)))
        first += rows
    if not parts:
        raise LogError(f"{path} holds no decision; give a log with at least one row")
    return LogSource(path, tuple(parts))
