"""Anybody's log as a source of flat chunks: what kind of file it is, and what its columns mean."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from nba.errors import LogError
from nba.listen.arrow_tables import (
    csv_columns,
    iterate_csv,
    iterate_parquet,
    parquet_columns,
    parquet_rows,
)
from nba.listen.column_map import ColumnMap, propose_map, require_columns
from nba.listen.flat_log import FlatLog
from nba.listen.flat_rows import Columns, flat_log
from nba.listen.jsonl_rows import iterate_jsonl, jsonl_columns, open_lines
from nba.types import Floats, Texts

_SUFFIXES: Final = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet", ".gz", ".txt")
_READ: Final = 1 << 22


@dataclass(frozen=True, slots=True)
class FlatSource:
    """A flat log that can be walked through more than once, a chunk at a time."""

    name: str
    rows: int
    names: ColumnMap
    columns: tuple[str, ...]  # all that the source has
    proposed: bool  # whether the map was proposed and not given
    read: Callable[[ColumnMap], Iterator[Columns]]

    def __len__(self) -> int:
        return self.rows

    def __iter__(self) -> Iterator[FlatLog]:
        for columns in self.read(self.names):
            yield flat_log(columns, self.names)

    def with_segments(self, segments: Sequence[str]) -> "FlatSource":
        """The same source with more columns as segments; InputError for one it does not have."""
        require_columns(segments, self.columns, self.name)
        wanted = tuple(dict.fromkeys([*self.names.segments, *segments]))
        return replace(self, names=replace(self.names, segments=wanted))

    def with_features(self, features: Sequence[str]) -> "FlatSource":
        """The same source with these columns as features of the context."""
        require_columns(features, self.columns, self.name)
        return replace(self, names=replace(self.names, features=tuple(features)))

    def with_target(self, column: str) -> "FlatSource":
        """The same source with a column of the target's probabilities of the logged actions."""
        require_columns([column], self.columns, self.name)
        targets = {**self.names.target_propensity, column: column}
        return replace(self, names=replace(self.names, target_propensity=targets))


def open_flat(path: Path | str, names: ColumnMap | None = None) -> FlatSource:
    r"""The flat log in a CSV, JSONL or Parquet file, or in a folder of such; values come later.

    Without a map one is proposed from the column names. Raises LogError for what is no such file,
    InputError for a map that does not fit.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "log.csv")
    ...     _ = path.write_text("item,click,pscore\na,1,0.5\nb,0,0.5\n")
    ...     [chunk.reward.tolist() for chunk in open_flat(path)]
    [[1.0, 0.0]]
    """
    files = flat_files(Path(path))
    columns = _columns_of(files[0])
    wanted = propose_map(columns) if names is None else names
    require_columns(wanted.columns, columns, str(files[0]))
    for file in files[1:]:
        require_columns(wanted.columns, _columns_of(file), str(file))
    rows = sum(count_rows(file) for file in files)
    if not rows:
        raise LogError(f"{path} holds no decision; give a log with at least one row")

    def read(names: ColumnMap) -> Iterator[Columns]:
        first = 0
        for file in files:
            last = 0
            for part in _iterate(file, names.columns):
                last = part.first_row + len(part)
                yield part.starting_at(first + part.first_row)
            first += last

    return FlatSource(str(path), rows, wanted, columns, names is None, read)


def flat_files(path: Path) -> list[Path]:
    """The files of a flat log, in the order of their names."""
    if not path.exists():
        raise LogError(f"{path} does not exist; give a log file or a folder of log files")
    if path.is_file():
        return [path]
    found = sorted(
        file
        for file in path.iterdir()
        if file.suffix.lower() in _SUFFIXES and not file.name.startswith(".")
    )
    if not found:
        raise LogError(f"{path} holds no log file; CSV, JSONL and Parquet can be read")
    return found


def file_kind(path: Path) -> str:
    """csv, jsonl or parquet, by what the file holds; LogError if it holds none of them."""
    try:
        with path.open("rb") as raw:
            magic = raw.read(4)
        if magic == b"PAR1":
            return "parquet"
        with open_lines(path) as file:
            start = file.read(65_536)
    except (OSError, EOFError) as error:
        raise LogError(f"{path} cannot be read ({error}); it may be damaged") from error
    if path.suffix.lower() == ".parquet" or b"\x00" in start:
        found = "not Parquet" if path.suffix.lower() == ".parquet" else "binary"
        raise LogError(
            f"{path} is {found}: it may be damaged or another kind of file; CSV in UTF-8, JSONL "
            "and Parquet can be read"
        )
    if not start.strip():
        raise LogError(f"{path} is empty; give a log with at least one row")
    return "jsonl" if start.lstrip(b"\xef\xbb\xbf").lstrip().startswith((b"{", b"[")) else "csv"


def count_rows(path: Path) -> int:
    """How many rows a file has, at most: counted lines, or what Parquet says of itself."""
    kind = file_kind(path)
    if kind == "parquet":
        return parquet_rows(path)
    lines, last = 0, b"\n"
    try:
        with open_lines(path) as file:
            while part := file.read(_READ):
                lines += int((np.frombuffer(part, dtype=np.uint8) == 10).sum())
                last = part[-1:]
    except (OSError, EOFError) as error:
        raise LogError(f"{path} cannot be read ({error}); copy it anew") from error
    return lines + (last != b"\n") - (kind == "csv")


def _columns_of(path: Path) -> tuple[str, ...]:
    return _NAMES[file_kind(path)](path)


def _iterate(path: Path, columns: Sequence[str]) -> Iterator[Columns]:
    return _ROWS[file_kind(path)](path, columns)


_NAMES: Final[Mapping[str, Callable[[Path], tuple[str, ...]]]] = {
    "parquet": parquet_columns,
    "csv": csv_columns,
    "jsonl": jsonl_columns,
}
_ROWS: Final[Mapping[str, Callable[[Path, Sequence[str]], Iterator[Columns]]]] = {
    "parquet": iterate_parquet,
    "csv": iterate_csv,
    "jsonl": iterate_jsonl,
}


@dataclass(frozen=True, slots=True)
class Table:
    """A whole file in memory, by its own column names."""

    names: tuple[str, ...]
    parts: tuple[Columns, ...]

    def numbers(self, name: str) -> Floats:
        """A column as numbers."""
        return np.concatenate([part.numbers(name) for part in self.parts])

    def texts(self, name: str) -> Texts:
        """A column as texts."""
        return np.concatenate([part.texts(name) for part in self.parts])


def table_columns(path: Path) -> Table:
    """All of a CSV, JSONL or Parquet file; LogError if it has no row."""
    (file,) = flat_files(path)[:1]
    names = _columns_of(file)
    parts = tuple(_iterate(file, names))
    if not parts:
        raise LogError(f"{path} has no row; give a table with at least one")
    return Table(names, parts)
