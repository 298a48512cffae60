"""A log larger than memory: written and read slice by slice, its late outcomes beside it.

A part file holds one row group per slice, so that reading needs no more memory than writing did.
Outcomes have files of their own (decision_id, component, value, at): joined again with
`nba.listen.outcomes.join_outcomes` they answer for other windows and another `now`.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types

from nba.errors import LogError
from nba.listen.coded_texts import CodedTexts
from nba.listen.log import (
    COMPRESSION,
    FORMAT,
    log_of_table,
    log_table,
    log_writer,
    open_parts,
    part_files,
    readable,
)
from nba.listen.outcomes import OutcomeColumns
from nba.listen.whole_file import whole_file
from nba.types import DecisionLog, Texts

OUTCOMES_FORMAT: Final = "nba-outcomes"
OUTCOMES_VERSION: Final = "1"
OUTCOMES_FOLDER: Final = "outcomes"  # inside the log's folder, where read_log does not look
_OUTCOME_COLUMNS: Final = {
    "decision_id": pa.string(),
    "component": pa.string(),
    "value": pa.float64(),
    "at": pa.float64(),
}
_OUTCOME_SCHEMA: Final = pa.schema(list(_OUTCOME_COLUMNS.items())).with_metadata(
    {"format": OUTCOMES_FORMAT, "format_version": OUTCOMES_VERSION}
)


def write_part(
    path: Path,
    slices: Iterable[tuple[DecisionLog, OutcomeColumns]],
    *,
    action_ids: CodedTexts | None = None,
) -> int:
    """How many decisions the part file at `path` now holds; one slice is in memory at a time.

    The outcomes of each slice go to the file of the same name in the folder `outcomes` beside it.
    Both files appear whole or not at all, the outcomes first. All slices must have the same
    columns; `action_ids` are those of a single slice, as of `log_table`. Raises LogError if there
    is no decision or the folder cannot be written to.
    """
    coming = iter(slices)
    first = next(coming, None)
    if first is None:
        raise LogError(f"there is no decision for {path}; nothing was written")
    table = log_table(first[0], action_ids)
    n = 0
    with (
        whole_file(path) as log_file,
        whole_file(path.parent / OUTCOMES_FOLDER / path.name) as outcome_file,
        log_writer(log_file, table.schema) as decisions,
        pq.ParquetWriter(
            outcome_file, _OUTCOME_SCHEMA, **COMPRESSION, use_dictionary=["component"]
        ) as results,
    ):
        for log, outcomes in chain([first], coming):
            if log is not first[0]:
                table = log_table(log)
            decisions.write_table(table, row_group_size=len(log))
            results.write_table(_outcome_table(outcomes))
            n += len(log)
    return n


def is_decision_log(path: Path | str) -> bool:
    """Whether the first Parquet file there says that it is of this format.

    >>> is_decision_log("nowhere")
    False
    """
    try:
        with pq.ParquetFile(part_files(Path(path))[0], memory_map=True) as parquet:
            return (parquet.schema_arrow.metadata or {}).get(b"format") == FORMAT.encode()
    except (LogError, pa.ArrowException, OSError):
        return False


def iter_log(path: Path | str, rows: int = 32_768) -> Iterator[DecisionLog]:
    """The log of a folder or file in slices of at most so many rows, in the order of `read_log`.

    Memory is bounded by the largest row group. A component or segment that one part lacks is not
    in its slices either. Raises LogError as `read_log` does, when the faulty part is reached.

    >>> list(iter_log("nowhere"))
    Traceback (most recent call last):
    nba.errors.LogError: nowhere does not exist; give the folder or .parquet file of a decision log
    """
    for file, parquet in open_parts(Path(path)):
        for group in range(parquet.num_row_groups):
            with readable(file):
                table = parquet.read_row_group(group)
            for start in range(0, len(table), rows):
                yield log_of_table(table.slice(start, rows), file)


def iter_outcomes(directory: Path | str) -> Iterator[OutcomeColumns]:
    """The outcomes kept beside a log, slice by slice, in the order of the log's parts.

    Raises LogError if there are none, or naming the file that is not in the form of this module.

    >>> list(iter_outcomes("nowhere"))
    Traceback (most recent call last):
    nba.errors.LogError: nowhere/outcomes holds no outcomes; give the folder of a log written with \
its outcomes
    """
    folder = Path(directory) / OUTCOMES_FOLDER
    files = sorted(file for file in folder.glob("*.parquet") if not file.name.startswith("."))
    if not files:
        raise LogError(
            f"{folder} holds no outcomes; give the folder of a log written with its outcomes"
        )
    for file in files:
        yield from _outcome_slices(file)


def read_outcomes(directory: Path | str) -> OutcomeColumns:
    """All outcomes kept beside a log, as `nba.listen.outcomes.join_outcomes` takes them.

    Raises LogError as `iter_outcomes` does.

    >>> read_outcomes("nowhere")
    Traceback (most recent call last):
    nba.errors.LogError: nowhere/outcomes holds no outcomes; give the folder of a log written with \
its outcomes
    """
    return append_outcomes(list(iter_outcomes(directory)))


def read_part_outcomes(part: Path) -> OutcomeColumns:
    """The outcomes kept beside one part file of a log; LogError as from `iter_outcomes`.

    >>> read_part_outcomes(Path("nowhere.parquet"))
    Traceback (most recent call last):
    nba.errors.LogError: outcomes/nowhere.parquet is not a readable Parquet file ([Errno 2] Failed \
to open local file 'outcomes/nowhere.parquet'. Detail: [errno 2] No such file or directory); \
it may be cut off: write it again with write_log
    """
    return append_outcomes(list(_outcome_slices(part.parent / OUTCOMES_FOLDER / part.name)))


def read_texts(part: Path, column: str) -> Texts:
    """One text column of a part file, in the order of its rows; LogError if it is not readable.

    >>> read_texts(Path("nowhere.parquet"), "decision_id")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    nba.errors.LogError: nowhere.parquet is not a readable Parquet file ...
    """
    with readable(part), pq.ParquetFile(part, memory_map=True) as parquet:
        return np.asarray(parquet.read([column])[column].to_numpy(), dtype=object)


def append_outcomes(slices: Sequence[OutcomeColumns]) -> OutcomeColumns:
    """The rows of one or more slices under each other.

    >>> from nba.types import Outcome
    >>> one = OutcomeColumns.from_outcomes([Outcome("d-1", "resolved", 1.0, 60.0)])
    >>> len(append_outcomes([one, one]))
    2
    """
    return OutcomeColumns(
        decision_id=np.concatenate([part.decision_id for part in slices]),
        component=np.concatenate([part.component for part in slices]),
        value=np.concatenate([part.value for part in slices]),
        at=np.concatenate([part.at for part in slices]),
    )


def _outcome_slices(file: Path) -> Iterator[OutcomeColumns]:
    with readable(file):
        parquet = pq.ParquetFile(file, memory_map=True)
    with parquet:
        if parquet.schema_arrow.metadata != _OUTCOME_SCHEMA.metadata or (
            parquet.schema_arrow != _OUTCOME_SCHEMA
        ):
            raise LogError(
                f"{file} has not the columns and format of {OUTCOMES_FORMAT!r} version "
                f"{OUTCOMES_VERSION!r} ({', '.join(_OUTCOME_COLUMNS)}); write it with "
                "nba.listen.log_parts"
            )
        for group in range(parquet.num_row_groups):
            with readable(file):
                table = parquet.read_row_group(group)
            yield _outcome_columns(table)


def _outcome_table(outcomes: OutcomeColumns) -> pa.Table:
    arrays = [pa.array(getattr(outcomes, name), kind) for name, kind in _OUTCOME_COLUMNS.items()]
    return pa.Table.from_arrays(arrays, schema=_OUTCOME_SCHEMA)


def _outcome_columns(table: pa.Table) -> OutcomeColumns:
    return OutcomeColumns(
        decision_id=table["decision_id"].to_numpy(),
        component=table["component"].to_numpy(),
        value=table["value"].to_numpy(),
        at=table["at"].to_numpy(),
    )
