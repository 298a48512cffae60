"""Journal files: a magic line, then records of marker, length, checksum and payload.

Reading finds every whole record. What was torn off at the end by a crash is not one; damage in the
middle is a gap that is told and left alone, and the whole records behind it are still found.
"""

import mmap
import os
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nba.compiled import compiled
from nba.errors import InputError

MAGIC: Final = b"NBAJRNL1"
_MARKER: Final = b"\xffNBR"  # where a record begins: lets reading go on behind damage
_HEADER: Final = struct.Struct("<4sII")  # marker, payload length, crc32 of length and payload
HEADER_BYTES: Final = _HEADER.size
_SUFFIX: Final = ".journal"
_AHEAD: Final = "segment-ahead"  # the next one, before it is needed: it holds no record yet
sync_data: Final = getattr(os, "fdatasync", os.fsync)  # macOS has no fdatasync


@dataclass(frozen=True, slots=True)
class Scan:
    """What a segment's bytes hold."""

    records: tuple[tuple[int, int], ...]  # (offset of the record, length of its payload)
    gaps: tuple[tuple[int, int], ...]  # damaged bytes [start, stop) with whole records behind
    end: int  # behind the last whole record: what follows is torn


def frame(payload: bytes) -> bytes:
    """The record of a payload.

    >>> len(frame(b"abc")) == HEADER_BYTES + 3
    True
    """
    return _HEADER.pack(_MARKER, len(payload), _checksum(payload)) + payload


def frames_plainly(payloads: list[bytes]) -> bytes:
    """The records of payloads, one behind the other."""
    return b"".join([frame(payload) for payload in payloads])


_compiled = compiled("serving.journal._group")
frames: Final[Callable[[list[bytes]], bytes]] = (
    frames_plainly if _compiled is None else _compiled.frames
)


def payload_at(data: bytes | memoryview, offset: int) -> memoryview | None:
    """The payload of the whole record that begins at an offset; None if there is none."""
    view = memoryview(data)
    start = offset + HEADER_BYTES
    if start > len(view):
        return None
    marker, length, checksum = _HEADER.unpack_from(view, offset)
    if marker != _MARKER or start + length > len(view):
        return None
    payload = view[start : start + length]
    return payload if _checksum(payload) == checksum else None


def length_at(data: bytes, offset: int) -> int:
    """The payload's length that the record's header claims; 0 if there is no header."""
    if len(data) < offset + HEADER_BYTES:
        return 0
    return int(_HEADER.unpack_from(data, offset)[1])


def scan(data: bytes, start: int = len(MAGIC)) -> Scan:
    """Every whole record of a segment's bytes from an offset on, at first behind its magic line."""
    records: list[tuple[int, int]] = []
    gaps: list[tuple[int, int]] = []
    end = start
    for place, payload in records_from(data, start):
        if place > end:
            gaps.append((end, place))
        records.append((place, len(payload)))
        end = place + HEADER_BYTES + len(payload)
    return Scan(tuple(records), tuple(gaps), end)


def records_from(
    data: bytes | mmap.mmap, start: int = len(MAGIC), stop: int | None = None
) -> Iterator[tuple[int, memoryview]]:
    """Offset and payload of every whole record that begins in [start, stop).

    What is damaged is left out.
    """
    view, place, size = memoryview(data), start, len(data)
    stop = size if stop is None else stop
    while 0 <= place < stop:
        behind = place + HEADER_BYTES
        if behind <= size:
            marker, length, checksum = _HEADER.unpack_from(data, place)
            payload = view[behind : behind + length]
            if (
                marker == _MARKER
                and len(payload) == length
                and zlib.crc32(payload, length) == checksum
            ):
                yield place, payload
                place = behind + length
                continue
        place = data.find(_MARKER, place + 1, stop)


def read_segment(path: Path) -> bytes:
    """A segment's bytes; raises InputError for a file that is no segment of this format.

    A file shorter than its magic line is what a crash leaves right after creating it: no bytes.
    """
    data = path.read_bytes()
    if len(data) < len(MAGIC) and MAGIC.startswith(data):
        return b""
    if not data.startswith(MAGIC):
        raise InputError(
            f"journal file {path} does not begin with {MAGIC.decode()}: it is damaged or another "
            "version wrote it; move it away, or read it with the program that did"
        )
    return data


def segment_path(directory: Path, number: int) -> Path:
    """The path of a segment; names sort by number.

    >>> segment_path(Path("j"), 7).name
    '00000007.journal'
    """
    return directory / f"{number:08d}{_SUFFIX}"


def segment_numbers(directory: Path) -> list[int]:
    """The numbers of the segments in a folder, in order."""
    names = [path.stem for path in directory.glob(f"*{_SUFFIX}")]
    return sorted(int(name) for name in names if name.isdecimal())


def journal_folders(directory: Path) -> dict[str, Path]:
    """The folders with segments: a server's own, and those of its workers, by name under it.

    >>> journal_folders(Path("nowhere"))
    {}
    """
    found = {path.parent for path in directory.glob(f"*{_SUFFIX}")}
    found |= {path.parent for path in directory.glob(f"*/*{_SUFFIX}")}
    return {str(folder.relative_to(directory)): folder for folder in sorted(found)}


def create_segment(directory: Path, number: int) -> int:
    """A new segment that survives a power cut, as an open file descriptor."""
    path = segment_path(directory, number)
    file = _begun(path, os.O_EXCL)
    sync_folder(directory)
    return file


def prepare_segment(directory: Path) -> int:
    """An empty segment on disk that has no number yet, as an open file descriptor."""
    return _begun(directory / _AHEAD, os.O_TRUNC)


def number_segment(directory: Path, number: int) -> None:
    """Give the prepared segment its number; `sync_folder` makes it survive a power cut."""
    (directory / _AHEAD).rename(segment_path(directory, number))


def discard_prepared(directory: Path) -> None:
    """Remove a prepared segment that nobody needs."""
    (directory / _AHEAD).unlink(missing_ok=True)


def sync_folder(directory: Path) -> None:
    """Force a folder's names to disk."""
    folder = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _begun(path: Path, flag: int) -> int:
    file = os.open(path, os.O_RDWR | os.O_CREAT | flag | os.O_CLOEXEC, 0o600)
    try:
        os.pwrite(file, MAGIC, 0)
        os.fsync(file)
    except BaseException:
        os.close(file)
        path.unlink(missing_ok=True)  # or the next try would find it
        raise
    return file


def _checksum(payload: bytes | memoryview) -> int:
    return zlib.crc32(payload, len(payload))
