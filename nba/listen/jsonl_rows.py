"""JSON Lines, one object per decision, in chunks: memory holds one chunk, however long the file."""

from collections.abc import Iterator, Sequence
from gzip import GzipFile
from io import BufferedReader
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec

from nba.errors import LogError
from nba.listen.flat_rows import ObjectColumns

CHUNK: Final = 65_536  # rows


def jsonl_columns(path: Path) -> tuple[str, ...]:
    """The keys of the first objects, in the order in which they appear."""
    names: dict[str, None] = {}
    for _, found in islice(iterate_objects(path), 1000):
        names |= dict.fromkeys(found)
    if not names:
        raise LogError(f"{path} holds no decision; give a log with at least one row")
    return tuple(names)


def iterate_jsonl(
    path: Path, columns: Sequence[str], *, rows: int = CHUNK
) -> Iterator[ObjectColumns]:
    """The named keys of every object, in chunks; a key that an object lacks is empty there."""
    first = 0
    objects = iterate_objects(path)
    while some := [found for _, found in islice(objects, rows)]:
        values = {name: [found.get(name) for found in some] for name in columns}
        yield ObjectColumns(values, str(path), first)
        first += len(some)


def iterate_objects(path: Path) -> Iterator[tuple[int, dict[str, object]]]:
    """Line number from 1 and object of every line that is not empty.

    Raises LogError naming the line that is no JSON object.
    """
    decode = msgspec.json.Decoder(dict[str, object]).decode
    line = 0
    try:
        with open_lines(path) as file:
            for line, text in enumerate(file, start=1):
                if text.strip():
                    yield line, decode(text)
    except msgspec.MsgspecError as error:
        raise LogError(
            f"line {line} of {path} is no JSON object ({error}); write one object per line, and "
            "leave out a line that was cut off"
        ) from error
    except (OSError, EOFError) as error:
        raise LogError(
            f"{path} cannot be read after line {line} ({error}); copy it anew"
        ) from error


def open_lines(path: Path) -> GzipFile | BufferedReader:
    """The file's bytes, unpacked if its name ends in .gz."""
    return GzipFile(path, "rb") if path.suffix == ".gz" else path.open("rb")
