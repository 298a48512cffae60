"""Units as bucket numbers: every row of a customer lands in the same bucket, on every machine.

Names are hashed where they lie, in Arrow's buffers, so ten million take a moment.
Sources: Fowler, Noll, Vo 1991 (FNV-1a); Steele, Lea, Flood 2014 (SplitMix64, to spread the bits).
"""

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from nba.errors import LogError
from nba.types import Texts

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types

Buckets32 = NDArray[np.int32]
N_BUCKETS: Final = 4096


def unit_buckets(unit: Texts) -> Buckets32:
    """The bucket of each row's unit, (n,), by its name alone; LogError names one that is no text.

    >>> found = unit_buckets(np.array(["ann", "bob", "ann"], dtype=object))
    >>> bool(found[0] == found[2]), bool(found[0] == found[1])
    (True, False)
    """
    import pyarrow as pa

    try:
        names = pa.array(unit, pa.large_string())
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        row = next(i for i, name in enumerate(unit) if not isinstance(name, str))
        raise LogError(
            f"unit[{row}] is {unit[row]!r}, no text; write customers' names as strings"
        ) from error
    return column_buckets(names)


def column_buckets(unit: "pa.Array | pa.ChunkedArray") -> Buckets32:
    """The bucket of each row of an Arrow column, (n,); numbers count by their decimal text.

    A row without a unit counts as one customer named "".
    """
    import pyarrow as pa

    from nba.evaluate.hashing import bucket_texts

    if isinstance(unit, pa.ChunkedArray):
        unit = unit.combine_chunks()
        unit = pa.concat_arrays(unit.chunks) if isinstance(unit, pa.ChunkedArray) else unit
    if pa.types.is_dictionary(unit.type):
        names = column_buckets(unit.dictionary)
        return np.asarray(names[unit.indices.to_numpy(zero_copy_only=False)])
    text = unit.cast(pa.large_string())
    if text.null_count:
        text = text.fill_null("")
    _, offsets, data = text.buffers()
    starts = np.frombuffer(offsets, dtype=np.int64)[text.offset : text.offset + len(text) + 1]
    letters = np.frombuffer(data, dtype=np.uint8) if data is not None else np.zeros(0, np.uint8)
    return np.asarray(bucket_texts(letters, starts, N_BUCKETS))


def row_buckets(n: int, first: int = 0) -> Buckets32:
    """A bucket per row, (n,), for rows first, first + 1, …: each row is a unit of its own.

    >>> bool((row_buckets(5)[2:] == row_buckets(3, first=2)).all())
    True
    """
    from nba.evaluate.hashing import bucket_numbers

    return np.asarray(bucket_numbers(np.uint64(first), n, N_BUCKETS))
