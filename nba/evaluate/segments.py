"""A segment column as numbers: its values once, and which of them each row has."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nba.types import Ints, Texts

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types


@dataclass(frozen=True, slots=True)
class Segment:
    """The values of one segment column over some rows."""

    name: str
    values: tuple[str, ...]
    codes: Ints  # (n,) place in `values`

    def groups(self) -> Iterator[tuple[str, Ints]]:
        """Each value that occurs, with the numbers of its rows."""
        order = np.argsort(self.codes, kind="stable")
        ends = np.cumsum(np.bincount(self.codes, minlength=len(self.values)))
        for value, rows in zip(self.values, np.split(order, ends[:-1]), strict=True):
            if len(rows):
                yield value, rows


def encode_segment(name: str, values: Texts) -> Segment:
    """The segment of a log's column of texts.

    >>> encode_segment("tier", np.array(["low", "high", "low"], dtype=object)).values
    ('low', 'high')
    """
    import pyarrow as pa

    return read_segment(name, pa.array(values, pa.string()))


def read_segment(name: str, column: "pa.Array") -> Segment:
    """The segment of an Arrow column of texts or numbers; a missing value is the empty text."""
    import pyarrow as pa

    if not pa.types.is_dictionary(column.type):
        column = column.cast(pa.string()).fill_null("").dictionary_encode()
    values = [str(value) for value in column.dictionary.to_pylist()]
    indices = column.indices.fill_null(len(values)) if column.null_count else column.indices
    codes = indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return Segment(name, (*values, "") if column.null_count else tuple(values), codes)
