"""CSV and plain Parquet, in chunks, by pyarrow: memory holds one chunk, however long the file."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.compute as pc  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.csv as pacsv  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types

from nba.errors import LogError
from nba.listen.flat_rows import faulty_cell, seconds
from nba.types import Floats, Texts

CHUNK: Final = 65_536  # rows of a Parquet chunk
_BLOCK: Final = 8 << 20  # bytes of a CSV chunk
_EMPTY: Final = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "None")
_DELIMITERS: Final = ",;\t|"
_ROW: Final = re.compile(r"Row #(\d+): Expected (\d+) columns, got (\d+)")


@dataclass(frozen=True, slots=True)
class ArrowColumns:
    """Some rows of an Arrow table."""

    table: pa.RecordBatch | pa.Table
    source: str
    first_row: int = 0

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def starting_at(self, first_row: int) -> "ArrowColumns":
        """The same rows under other numbers."""
        return replace(self, first_row=first_row)

    def numbers(self, name: str) -> Floats:
        """A column cast to numbers; texts are parsed."""
        column = self._column(name)
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            column = pc.utf8_trim_whitespace(column)
            column = pc.if_else(pc.is_in(column, pa.array(_EMPTY)), None, column)
        return self._cast(name, column, pa.float64(), "a number")

    def texts(self, name: str) -> Texts:
        """A column cast to texts; whole numbers without a decimal point."""
        column = self._column(name)
        if pa.types.is_floating(column.type):
            whole = column.cast(pa.int64(), safe=False)
            if pc.all(pc.equal(whole, column)).as_py():  # a number column that has gaps
                column = whole
        try:
            text = column.cast(pa.string()).fill_null("")
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise LogError(
                f"column {name!r} of {self.source} is {column.type}, no plain value; name another"
            ) from error
        return np.asarray(text.to_numpy(zero_copy_only=False), dtype=object)

    def times(self, name: str) -> Floats:
        """Numbers, times, or texts as ISO 8601 writes them."""
        column = self._column(name)
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            column = pc.utf8_trim_whitespace(column)
            column = pc.if_else(pc.equal(column, ""), None, column)
            try:
                return seconds(_floats(column.cast(pa.float64())))
            except pa.ArrowInvalid:
                return self._parsed_times(name, column)
        if pa.types.is_date(column.type) or pa.types.is_timestamp(column.type):
            whole = pa.timestamp("us", getattr(column.type, "tz", None))
            return _floats(column.cast(whole, safe=False).cast(pa.int64())) / 1e6
        return seconds(self._cast(name, column, pa.float64(), "a time"))

    def _parsed_times(self, name: str, column: pa.Array) -> Floats:
        for kind in (pa.timestamp("ns", "UTC"), pa.timestamp("ns")):
            try:
                return _floats(column.cast(kind).cast(pa.int64())) / 1e9
            except pa.ArrowInvalid:
                continue
        return self._cast(name, column, pa.timestamp("ns", "UTC"), "a time in ISO 8601")

    def _column(self, name: str) -> pa.Array:
        column = self.table.column(name)
        if isinstance(column, pa.ChunkedArray):
            column = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([])
        if pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        return column

    def _cast(self, name: str, column: pa.Array, kind: pa.DataType, needed: str) -> Floats:
        try:
            return _floats(column.cast(kind))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            for row, value in enumerate(column):
                try:
                    pa.array([value.as_py()], column.type).cast(kind)
                except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
                    wrong = self.first_row + row
                    raise faulty_cell(self.source, wrong, name, value.as_py(), needed) from error
            raise


def csv_columns(path: Path) -> tuple[str, ...]:
    """The names in a CSV file's first line; LogError if two are the same."""
    names, _ = _header(path)
    return names


def iterate_csv(path: Path, columns: Sequence[str]) -> Iterator[ArrowColumns]:
    """The named columns of a CSV file as texts, in chunks of about 8 MB.

    Raises LogError naming the first row that has more or fewer cells than the header.
    """
    _, delimiter = _header(path)
    with _in_words(path):
        reader = pacsv.open_csv(
            path,
            read_options=pacsv.ReadOptions(use_threads=False, block_size=_BLOCK),
            parse_options=pacsv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            convert_options=pacsv.ConvertOptions(
                include_columns=list(columns),
                column_types=dict.fromkeys(columns, pa.string()),
            ),
        )
        first = 0
        for batch in reader:
            yield ArrowColumns(batch, str(path), first)
            first += batch.num_rows


def parquet_columns(path: Path) -> tuple[str, ...]:
    """The names of a Parquet file's columns."""
    with _in_words(path), pq.ParquetFile(path, memory_map=True) as file:
        return tuple(file.schema_arrow.names)


def parquet_rows(path: Path) -> int:
    """How many rows a Parquet file has."""
    with _in_words(path), pq.ParquetFile(path, memory_map=True) as file:
        return int(file.metadata.num_rows)


def iterate_parquet(path: Path, columns: Sequence[str]) -> Iterator[ArrowColumns]:
    """The named columns of a Parquet file, in chunks."""
    first = 0
    with _in_words(path), pq.ParquetFile(path, memory_map=True) as file:
        for batch in file.iter_batches(CHUNK, columns=list(columns)):
            yield ArrowColumns(batch, str(path), first)
            first += batch.num_rows


def _floats(column: pa.Array) -> Floats:
    return np.asarray(column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False))


def _header(path: Path) -> tuple[tuple[str, ...], str]:
    """The column names of a CSV file and what separates its cells."""
    with _in_words(path), pa.input_stream(str(path)) as file:
        start = file.read(1 << 20)
    if not start.strip():
        raise LogError(f"{path} is empty; give a log with a header and at least one row")
    line = start.partition(b"\n")[0].decode("utf-8-sig", errors="replace").strip("\r")
    if "\x00" in line or "�" in line:
        raise LogError(f"{path} is no text; give CSV in UTF-8, JSONL or Parquet")
    delimiter = max(_DELIMITERS, key=line.count)
    with _in_words(path):
        table = pacsv.read_csv(
            pa.BufferReader((line + "\n").encode()),
            parse_options=pacsv.ParseOptions(delimiter=delimiter),
        )
    names = tuple(table.column_names)
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise LogError(f"{path} has two columns named {twice!r}; rename one of them")
    return names, delimiter


@contextmanager
def _in_words(path: Path) -> Iterator[None]:
    """Turn what pyarrow raises into one line that names the file, the row and what to do."""
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        said = str(error).splitlines()[0]
        cells = _ROW.search(said)
        if cells:
            row, needed, found = (int(number) for number in cells.groups())
            raise LogError(
                f"row {row - 2} of {path} (line {row}) has {found} cells and the header {needed}; "
                "quote cells that hold the separator, or mend the line"
            ) from error
        if "UTF8" in said:
            raise LogError(f"{path} is not in UTF-8 ({said}); save it as UTF-8") from error
        raise LogError(
            f"{path} cannot be read ({said}); it may be damaged or cut off: write it again"
        ) from error
