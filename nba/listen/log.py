"""DecisionLog ⇄ Parquet: a log is a folder of part files, each written whole or not at all.

One row per decision. Action sets are list columns (`action_ids`, and `actions` as k · p numbers
in the order of `action_names`); `outcome.<component>` and `segment.<name>` are plain columns.
Names, spec version and format version stand in the schema's metadata.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types

from nba.errors import LogError
from nba.listen.coded_texts import CodedTexts
from nba.listen.whole_file import whole_file
from nba.types import DecisionLog, Floats, Floats32, Ints, Texts

FORMAT: Final = "nba-decision-log"
FORMAT_VERSION: Final = "1"
_OUTCOME: Final = "outcome."
_SEGMENT: Final = "segment."
# Measured on a log of the simulator: a third less time than level 1, a fifth more bytes.
COMPRESSION: Final[dict[str, Any]] = {"compression": "zstd", "compression_level": -3}
_ROW_GROUP: Final = 32_768
_TEXTS: Final = ("decision_id", "unit", "policy_version")
_NUMBERS: Final = {"at": pa.float64(), "chosen": pa.int64(), "propensity": pa.float64()}


def write_log(directory: Path | str, log: DecisionLog) -> Path:
    """The part file that now holds `log`, inside `directory` (made if absent).

    The part is named by its first time and its decision ids: the same decisions, written again
    with more outcomes or after a kill, replace their part; other decisions add one. The file
    appears complete or not at all. Raises LogError for an empty log, a column of mixed types or a
    folder that cannot be written to.
    """
    if not len(log):
        raise LogError("the log has no decision; there is nothing to write")
    table = log_table(log)
    digest = hashlib.blake2b("\n".join(log.decision_id).encode(), digest_size=6).hexdigest()
    path = Path(directory) / f"part-{max(0, int(log.at.min())):011d}-{digest}.parquet"
    with whole_file(path) as file, log_writer(file, table.schema) as writer:
        writer.write_table(table, row_group_size=_ROW_GROUP)
    return path


def read_log(path: Path | str) -> DecisionLog:
    """The log in a folder of part files (in the order of their names) or in one .parquet file.

    Raises LogError naming the file and what is wrong with it; values are not judged here:
    `nba.evaluate.check` does that.
    """
    tables = []
    for file, parquet in open_parts(Path(path)):
        with readable(file):
            tables.append(parquet.read())
    # A component or segment that one part lacks is null there.
    return log_of_table(pa.concat_tables(tables, promote_options="default"), Path(path))


def open_parts(path: Path) -> Iterator[tuple[Path, pq.ParquetFile]]:
    """Each part file of a log, in the order of their names, open and of the same feature spec.

    Raises LogError naming the file that is no part of a log, or of another spec than the first.
    """
    files = part_files(path)
    first: dict[str, str] | None = None
    for file in files:
        with readable(file):
            parquet = pq.ParquetFile(file, memory_map=True)
        with parquet:
            found = _checked(file, parquet.schema_arrow)
            first = first or found
            for name, value in found.items():
                if value != first[name]:
                    raise LogError(
                        f"{file} has other {name} than {files[0].name}; keep logs of different "
                        "feature specs in different folders"
                    )
            yield file, parquet


@contextmanager
def readable(file: Path) -> Iterator[None]:
    """Tells what pyarrow cannot read as a LogError in one line.

    >>> with readable(Path("log.parquet")):
    ...     pass
    """
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise LogError(
            f"{file} is not a readable Parquet file ({str(error).splitlines()[0]}); "
            "it may be cut off: write it again with write_log"
        ) from error


def log_table(log: DecisionLog, action_ids: CodedTexts | None = None) -> pa.Table:
    """The log as one Parquet table, format and names in its metadata.

    `action_ids` are the log's own where they are known as codes, which are quicker to write.
    """
    names = {"context_names": log.context_names, "action_names": log.action_names}
    metadata = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "spec_version": log.spec_version,
        **{name: json.dumps(list(value)) for name, value in names.items()},
    }
    columns = {
        **{name: _text_array(name, getattr(log, name)) for name in _TEXTS},
        **{name: pa.array(getattr(log, name), kind) for name, kind in _NUMBERS.items()},
        "reward": pa.array(log.reward, pa.float64()),
        "context": pa.FixedSizeListArray.from_arrays(
            pa.array(np.ravel(log.context), pa.float32()), log.context.shape[1]
        ),
        "action_ids": pa.LargeListArray.from_arrays(
            log.offsets,
            _text_array("action_ids", log.action_ids if action_ids is None else action_ids),
        ),
        "actions": pa.LargeListArray.from_arrays(
            log.offsets * log.actions.shape[1], pa.array(np.ravel(log.actions), pa.float32())
        ),
        **{_OUTCOME + name: pa.array(v, pa.float64()) for name, v in log.outcomes.items()},
        **{_SEGMENT + name: _text_array(name, v) for name, v in log.segments.items()},
    }
    return pa.table(columns).replace_schema_metadata(metadata)


def log_writer(file: BinaryIO, schema: pa.Schema) -> pq.ParquetWriter:
    """A writer of log tables; names that repeat get a dictionary, lists no statistics."""
    types = zip(schema.names, schema.types, strict=True)
    plain = [name for name, kind in types if not pa.types.is_nested(kind)]
    segments = [name for name in schema.names if name.startswith(_SEGMENT)]
    return pq.ParquetWriter(
        file,
        schema,
        **COMPRESSION,
        use_dictionary=["policy_version", "action_ids.list.element", *segments],
        write_statistics=plain,
    )


def _text_array(name: str, values: Texts | CodedTexts) -> pa.Array:
    if isinstance(values, CodedTexts):
        return _text_array(name, values.names).take(pa.array(values.codes))
    try:
        return pa.array(values.tolist(), pa.string())  # of an array of objects it asks pandas
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        row = next(i for i, value in enumerate(values) if not isinstance(value, str))
        raise LogError(
            f"{name}[{row}] is {values[row]!r}, no text; write names as strings"
        ) from error


def part_files(path: Path) -> list[Path]:
    """The files of a log, in the order of their names; LogError if there are none."""
    if not path.exists():
        raise LogError(f"{path} does not exist; give the folder or .parquet file of a decision log")
    if path.is_file():
        return [path]
    files = sorted(file for file in path.glob("*.parquet") if not file.name.startswith("."))
    if not files:
        raise LogError(f"{path} holds no .parquet file; give the folder that write_log wrote to")
    return files


def _checked(file: Path, schema: pa.Schema) -> dict[str, str]:
    """The metadata of a part whose format and columns are right."""
    found = _metadata(schema)
    if found.get("format") != FORMAT or found.get("format_version") != FORMAT_VERSION:
        raise LogError(
            f"{file} has format {found.get('format')!r} version {found.get('format_version')!r}; "
            f"{FORMAT!r} version {FORMAT_VERSION!r} is needed: write it with nba.listen.log"
        )
    absent = {"spec_version", "context_names", "action_names"} - set(found)
    if absent:
        raise LogError(f"{file} has no {min(absent)} in its metadata; write it with nba.listen.log")
    _require_columns(file, schema)
    return found


def _metadata(schema: pa.Schema) -> dict[str, str]:
    return {key.decode(): value.decode() for key, value in (schema.metadata or {}).items()}


def _require_columns(file: Path, schema: pa.Schema) -> None:
    found = dict(zip(schema.names, schema.types, strict=True))
    needed: dict[str, pa.DataType | None] = {
        **dict.fromkeys(_TEXTS, pa.string()),
        **_NUMBERS,
        "reward": pa.float64(),
        "context": None,
        "action_ids": None,
        "actions": None,
    }
    needed |= {name: pa.float64() for name in found if name.startswith(_OUTCOME)}
    needed |= {name: pa.string() for name in found if name.startswith(_SEGMENT)}
    for name, kind in needed.items():
        if name not in found:
            raise LogError(f"{file} has no column {name!r}; it has {', '.join(found)}")
        right = found[name] == kind if kind is not None else _is_list(name, found[name])
        if not right:
            wanted = kind if kind is not None else "a list as nba.listen.log writes it"
            raise LogError(f"column {name!r} of {file} is {found[name]}; {wanted} is needed")


def _is_list(name: str, kind: pa.DataType) -> bool:
    if name == "context":
        return bool(pa.types.is_fixed_size_list(kind) and kind.value_type == pa.float32())
    inside = pa.string() if name == "action_ids" else pa.float32()
    return bool(pa.types.is_large_list(kind) and kind.value_type == inside)


def log_of_table(table: pa.Table, path: Path) -> DecisionLog:
    """The log that a table of parts holds; `path` is where it came from, for messages."""
    metadata = _metadata(table.schema)
    table = table.combine_chunks()
    n = table.num_rows
    if not n:
        raise LogError(f"{path} holds no decision; give a log with at least one row")
    optional = (_OUTCOME, _SEGMENT)
    outcomes, segments = (names_after(table.column_names, prefix) for prefix in optional)
    for name in table.column_names:
        column = table[name]
        if column.null_count and not name.startswith(optional) and name != "reward":
            row = int(np.flatnonzero(column.is_null().to_numpy())[0])
            raise LogError(f"column {name!r} of {path} is empty in row {row}; every row needs one")
    context_names = tuple(json.loads(metadata["context_names"]))
    action_names = tuple(json.loads(metadata["action_names"]))
    offsets, action_ids = _lists(table, "action_ids")
    number_offsets, numbers = _lists(table, "actions")
    if not np.array_equal(number_offsets, offsets * len(action_names)):
        row = int(np.flatnonzero(number_offsets != offsets * len(action_names))[0]) - 1
        raise LogError(
            f"actions of row {row} of {path} do not have {len(action_names)} numbers for each of "
            "its action_ids; write the log again"
        )
    return DecisionLog(
        decision_id=_texts(table, "decision_id"),
        unit=_texts(table, "unit"),
        at=_numbers(table, "at"),
        context=_flat(table, "context").reshape(n, len(context_names)),
        offsets=offsets,
        action_ids=np.asarray(action_ids.to_numpy(zero_copy_only=False), dtype=object),
        actions=numbers.to_numpy(zero_copy_only=False).reshape(-1, len(action_names)),
        chosen=table["chosen"].to_numpy(),
        propensity=_numbers(table, "propensity"),
        policy_version=_texts(table, "policy_version"),
        outcomes={name: _numbers(table, _OUTCOME + name) for name in outcomes},
        reward=_numbers(table, "reward"),
        context_names=context_names,
        action_names=action_names,
        spec_version=metadata["spec_version"],
        segments={name: _texts(table, _SEGMENT + name) for name in segments},
    )


def _lists(table: pa.Table, name: str) -> tuple[Ints, pa.Array]:
    """Offsets from zero (n + 1,) and the flat values of a list column."""
    column = _whole(table, name)
    offsets = column.offsets.to_numpy()
    return offsets - offsets[0], column.flatten()


def _flat(table: pa.Table, name: str) -> Floats32:
    return np.asarray(_whole(table, name).flatten().to_numpy(zero_copy_only=False))


def _whole(table: pa.Table, name: str) -> pa.Array:
    column = table[name].combine_chunks()
    return column.chunk(0) if isinstance(column, pa.ChunkedArray) else column


def _texts(table: pa.Table, name: str) -> Texts:
    """A text column; what a part does not have is the empty text."""
    return np.asarray(table[name].fill_null("").to_numpy(), dtype=object)


def _numbers(table: pa.Table, name: str) -> Floats:
    """A number column; what is missing is NaN."""
    return np.asarray(table[name].to_numpy(), dtype=np.float64)


def names_after(columns: Iterable[str], prefix: str) -> list[str]:
    """What the columns of a prefix are called after it.

    >>> names_after(["at", "segment.tier"], "segment.")
    ['tier']
    """
    return [name.removeprefix(prefix) for name in columns if name.startswith(prefix)]
