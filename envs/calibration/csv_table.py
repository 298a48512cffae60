"""A CSV file as checked columns: every value that cannot be read is told with row and column.

Row 1 is the header. Times are wall-clock times: an offset in the text is not applied, for an hour
of the day is what a profile is about.
"""

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from nba.errors import InputError
from nba.types import Floats, Ints

_YES_NO = {"1": 1.0, "true": 1.0, "yes": 1.0, "0": 0.0, "false": 0.0, "no": 0.0}


@dataclass(frozen=True, slots=True)
class CsvTable:
    """The texts of a CSV file by the names that calibration uses."""

    path: Path
    headers: Mapping[str, str]  # name → the file's own header
    texts: Mapping[str, Sequence[str]]
    n: int

    def __contains__(self, name: str) -> bool:
        return name in self.texts

    def seconds(self, name: str) -> Floats:
        """Wall-clock seconds (n,) of a column of ISO 8601 times; NaN where empty."""
        return self._read(name, _seconds, "a time like 2026-01-05T09:30:00 is needed")

    def numbers(self, name: str, *, low: float = 0.0) -> Floats:
        """Finite numbers (n,) from `low` up; NaN where empty."""

        def number(text: str) -> float:
            value = float(text)
            if not np.isfinite(value) or value < low:
                raise ValueError
            return value

        return self._read(name, number, f"a finite number from {low:g} up is needed")

    def flags(self, name: str) -> Floats:
        """1 or 0 (n,); NaN where empty."""
        return self._read(name, lambda text: _YES_NO[text.lower()], "1 or 0, yes or no is needed")

    def levels(self, name: str, levels: Sequence[str]) -> Ints:
        """The place (n,) of each text in `levels`; −1 where empty."""
        codes = {level: float(i) for i, level in enumerate(levels)}
        values = self._read(
            name, lambda text: codes[text.lower()], f"use one of {', '.join(levels)}"
        )
        return np.nan_to_num(values, nan=-1.0).astype(np.int64)

    def names(self, name: str) -> Ints:
        """A code (n,) for each different text; −1 where empty."""
        texts = np.array(self.texts[name], dtype=str)
        codes = np.unique(texts, return_inverse=True)[1].astype(np.int64)
        return np.where(texts == "", -1, codes)

    def refuse(self, row: int, name: str, problem: str) -> InputError:
        """The error for a value at row `row` (0-based) of a column."""
        found = self.texts[name][row]
        return InputError(
            f"{self.path} row {row + 2}, column {self.headers[name]!r}: {found!r}; {problem}"
        )

    def _read(self, name: str, parse: Callable[[str], float], needed: str) -> Floats:
        values = np.full(self.n, np.nan)
        for row, text in enumerate(self.texts[name]):
            if text:
                try:
                    values[row] = parse(text)
                except (ValueError, KeyError) as error:
                    raise self.refuse(row, name, needed) from error
        return values


def read_csv(path: Path, names: Sequence[str], mapping: Mapping[str, str]) -> CsvTable:
    """The columns of a CSV file that bear a known name, or are mapped to one.

    Raises InputError for a file that cannot be read, a mapped column that it lacks, or a row that
    is too short.
    """
    unknown = [name for name in mapping if name not in names]
    if unknown:
        raise InputError(f"no column is called {unknown[0]!r} here; use {', '.join(names)}")
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.reader(file))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} is no CSV text in UTF-8: {error}") from error
    if len(rows) < 2:
        raise InputError(f"{path} has {len(rows)} rows; a header and data are needed")
    header = [cell.strip() for cell in rows[0]]
    absent = [column for column in mapping.values() if column not in header]
    if absent:
        raise InputError(f"{path} has no column {absent[0]!r}; it has {', '.join(header)}")
    headers = {name: mapping.get(name, name) for name in names}
    headers = {name: column for name, column in headers.items() if column in header}
    for i, row in enumerate(rows[1:]):
        if len(row) != len(header):
            raise InputError(
                f"{path} row {i + 2} has {len(row)} cells; the header has {len(header)}"
            )
    places = {name: header.index(column) for name, column in headers.items()}
    texts = {name: [row[at].strip() for row in rows[1:]] for name, at in places.items()}
    return CsvTable(path, headers, texts, len(rows) - 1)


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
