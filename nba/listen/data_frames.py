"""A pandas or polars data frame as a log; neither library is imported, only asked."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from nba.errors import InputError
from nba.listen.column_map import ColumnMap, make_map, propose_map, require_columns
from nba.listen.flat_log import FlatLog
from nba.listen.flat_rows import Columns, ObjectColumns, flat_log


class Series(Protocol):
    """A column of a data frame."""

    def to_numpy(self) -> NDArray[np.generic]: ...


class Frame(Protocol):
    """What pandas and polars have in common."""

    @property
    def columns(self) -> object: ...

    def __len__(self) -> int: ...

    def __getitem__(self, name: str, /) -> Series: ...


def frame_log(frame: Frame, names: ColumnMap | Mapping[str, object] | None = None) -> FlatLog:
    """The flat log in a data frame; without a map one is proposed from the column names.

    Raises InputError for a map that does not fit, LogError naming a cell that cannot be read.
    """
    columns = frame_names(frame)
    if names is None:
        wanted = propose_map(columns)
    else:
        wanted = names if isinstance(names, ColumnMap) else make_map(names)
    require_columns(wanted.columns, columns, "the data frame")
    return flat_log(frame_columns(frame, wanted), wanted)


def frame_columns(frame: Frame, names: ColumnMap) -> ObjectColumns:
    """The columns of a frame that a map names."""
    values = {name: np.asarray(frame[name].to_numpy()) for name in names.columns}
    return ObjectColumns(values, "the data frame")


def frame_names(frame: Frame) -> tuple[str, ...]:
    """The column names of a frame; InputError for what is no frame."""
    found = getattr(frame, "columns", None)
    if found is None or not hasattr(frame, "__getitem__"):
        raise InputError(f"a {type(frame).__name__} is no data frame; give one of pandas or polars")
    return tuple(str(name) for name in found)


def frame_chunks(frame: Frame, names: ColumnMap, rows: int = 65_536) -> Iterator[Columns]:
    """The same columns in chunks, for what reads a log chunk by chunk."""
    whole = frame_columns(frame, names)
    for first in range(0, len(frame), rows):
        part = {name: column[first : first + rows] for name, column in whole.values.items()}
        yield replace(whole, values=part, first_row=first)
