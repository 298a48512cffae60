"""Sums of a log that need not fit in memory: Parquet read in batches, only the columns needed.

The log may be any Parquet file or folder with a column of the target's probability of the logged
action; features, if there are some, are never read.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from nba.errors import InputError, LogError
from nba.evaluate.buckets import Buckets32, column_buckets, row_buckets
from nba.evaluate.comparison import REWARD, Comparison
from nba.evaluate.rows import WeightedRows
from nba.evaluate.segments import read_segment
from nba.seeding import text_key
from nba.terminal import progress
from nba.types import Bools, Floats

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types

BATCH: Final = 131_072  # rows decoded at once


@dataclass(frozen=True, slots=True)
class LogColumns:
    """The names that a log's columns have."""

    targets: Mapping[str, str]  # policy → its probability of the logged action
    reward: str = "reward"
    propensity: str = "propensity"
    unit: str | None = None  # the customer; None: every row is one of its own
    predicted: str | None = None  # a model's expected reward of the logged action
    values: Mapping[str, str] = field(default_factory=dict)  # policy → Σ target · expected reward
    segments: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.targets:
            raise InputError("no target column is named; give one per policy to be judged")
        odd = set(self.values) ^ (set(self.targets) if self.predicted is not None else set())
        if odd:
            raise InputError(
                f"policy {min(odd)!r} has one of the columns of a model and not the other; name "
                "`predicted` and a column in `values` for every policy, or none"
            )

    @property
    def names(self) -> list[str]:
        """All column names to read, each once."""
        single = [self.reward, self.propensity, self.unit, self.predicted]
        many = [*self.targets.values(), *self.values.values(), *self.segments]
        return list(dict.fromkeys(name for name in (*single, *many) if name is not None))


@dataclass(frozen=True, slots=True)
class Shard:
    """One row group of one file: what a machine reads and sums by itself."""

    file: Path
    group: int
    first: int  # number of its first row in the file
    rows: int


def stream_columns(path: Path | str, columns: LogColumns) -> Comparison:
    """The sums of every policy in a Parquet file or folder, read in bounded memory.

    Raises LogError naming the file, column or row that is wrong; rows without a reward are left
    out and counted.
    """
    shards = list_shards(path, columns)
    found = Comparison()
    with progress("rows", sum(shard.rows for shard in shards)) as advance:
        for shard in shards:
            found.merge(sum_shard(shard, columns))
            advance(shard.rows)
    return found


def list_shards(path: Path | str, columns: LogColumns) -> list[Shard]:
    """The row groups of a file or folder, once every file is seen to have the columns."""
    import pyarrow as pa
    import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types

    shards = []
    for file in _files(Path(path)):
        try:
            with pq.ParquetFile(file, memory_map=True) as parquet:
                absent = [name for name in columns.names if name not in parquet.schema_arrow.names]
                meta = parquet.metadata
                sizes = [meta.row_group(i).num_rows for i in range(meta.num_row_groups)]
                known = ", ".join(parquet.schema_arrow.names)
        except (pa.ArrowException, OSError) as error:
            raise LogError(
                f"{file} is not a readable Parquet file ({str(error).splitlines()[0]}); it may be "
                "cut off: write it again"
            ) from error
        if absent:
            raise LogError(f"{file} has no column {absent[0]!r}; it has {known}")
        firsts = np.cumsum([0, *sizes]).tolist()
        shards += [Shard(file, i, firsts[i], size) for i, size in enumerate(sizes) if size]
    if not shards:
        raise LogError(f"{path} holds no row; give a log with at least one decision")
    return shards


def sum_shard(shard: Shard, columns: LogColumns) -> Comparison:
    """The sums of one row group, decoded in batches; LogError names a faulty row of its file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    found = Comparison()
    first = shard.first
    try:
        with pq.ParquetFile(shard.file, memory_map=True) as parquet:
            for batch in parquet.iter_batches(
                BATCH, row_groups=[shard.group], columns=columns.names, use_threads=False
            ):
                _add(found, batch, columns, shard.file, first)
                first += batch.num_rows
    except (pa.ArrowException, OSError) as error:
        raise LogError(
            f"{shard.file} cannot be read from row {first} on ({str(error).splitlines()[0]}); it "
            "may be cut off: write it again"
        ) from error
    return found


def _add(
    found: Comparison, batch: "pa.RecordBatch", columns: LogColumns, file: Path, first: int
) -> None:
    read = _Batch(batch, file, first)
    reward, propensity = read.numbers(columns.reward), read.numbers(columns.propensity)
    read.refuse(columns.reward, reward, ~np.isinf(reward), "a finite number or nothing")
    read.refuse(
        columns.propensity, propensity, (propensity > 0) & (propensity <= 1 + 1e-9),
        "the probability above 0 that the logged action had",
    )  # fmt: skip
    bucket = read.buckets(columns.unit)
    segments = [read_segment(name, batch.column(name)) for name in columns.segments]
    model: list[Floats] = []
    if columns.predicted is not None:
        model.append(read.finite(columns.predicted))
    for policy, name in columns.targets.items():
        target = read.numbers(name)
        read.refuse(name, target, (target >= 0) & (target <= 1 + 1e-9), "a probability")
        value = [read.finite(columns.values[policy])] if model else []
        rows = WeightedRows(bucket, target / propensity, reward, *model, *value)
        found.update_rows(policy, rows, segments, component=REWARD)


@dataclass(frozen=True, slots=True)
class _Batch:
    """Some rows of a file, as numbers; errors name the row of the file."""

    batch: "pa.RecordBatch"
    file: Path
    first: int

    def numbers(self, name: str) -> Floats:
        """A column of numbers, NaN where it is null."""
        import pyarrow as pa

        column = self.batch.column(name)
        if not (
            pa.types.is_floating(column.type)
            or pa.types.is_integer(column.type)
            or pa.types.is_boolean(column.type)
        ):
            raise LogError(
                f"column {name!r} of {self.file} is {column.type}; numbers are needed: name the "
                "right column"
            )
        return np.asarray(column.cast(pa.float64()).to_numpy(zero_copy_only=False))

    def finite(self, name: str) -> Floats:
        """A column of finite numbers."""
        values = self.numbers(name)
        self.refuse(name, values, np.isfinite(values), "a finite number")
        return values

    def refuse(self, name: str, values: Floats, right: Bools, needed: str) -> None:
        """Raise LogError for the first row where a column is not right."""
        if not right.all():
            row = int(np.flatnonzero(~right)[0])
            raise LogError(
                f"{name} of row {self.first + row} of {self.file} is {values[row]:.6g}; {needed} "
                "is needed: mend the row or leave it out"
            )

    def buckets(self, unit: str | None) -> Buckets32:
        """The bucket of each row's unit; without units, of the row itself."""
        if unit is not None:
            return column_buckets(self.batch.column(unit))
        # Files of one name in different folders hold different rows, so the whole path counts.
        key = text_key(str(self.file.resolve())) >> 1
        return row_buckets(self.batch.num_rows, first=key + self.first)


def _files(path: Path) -> Sequence[Path]:
    if not path.exists():
        raise LogError(f"{path} does not exist; give a .parquet file or a folder of some")
    if path.is_file():
        return [path]
    files = sorted(_parquet_files(path))
    if not files:
        raise LogError(f"{path} holds no .parquet file; give the folder of a log")
    return files


def _parquet_files(folder: Path) -> Iterator[Path]:
    return (file for file in folder.rglob("*.parquet") if not file.name.startswith("."))
