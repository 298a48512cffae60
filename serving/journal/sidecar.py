"""The entries of a segment in a file beside it: a start reads them, not the segment.

While its segment grows, the file grows with it, for other workers to read. A closed segment's file
ends with a seal: a checksum over the entries and the segment's size. Nothing rests on it: where it
is absent or its seal is wrong, the segment itself is read, and the file is written anew.
"""

import os
import zlib
from pathlib import Path
from struct import Struct
from typing import Final

from serving.journal.entries import entries_of
from serving.journal.keys import ENTRY_BYTES
from serving.journal.segments import MAGIC, read_segment, records_from, segment_path

_SEAL: Final = Struct("<8sII")  # marker, segment's size, checksum; as long as an entry
_MARKER: Final = b"\xff" * 8


def sidecar_path(directory: Path, number: int) -> Path:
    """The path of a segment's file of entries."""
    return segment_path(directory, number).with_suffix(".index")


def entries_in(directory: Path, number: int) -> bytes:
    """The entries of a segment, read from itself."""
    data = read_segment(segment_path(directory, number)) or MAGIC
    return b"".join([entries_of(payload, offset) for offset, payload in records_from(data)])


def sealed_entries(directory: Path, number: int) -> bytes | None:
    """The entries of a closed segment from its sealed file; None if there is no good one."""
    try:
        found = sidecar_path(directory, number).read_bytes()
        size = segment_path(directory, number).stat().st_size
    except FileNotFoundError:
        return None
    entries, seal = found[: -_SEAL.size], found[-_SEAL.size :]
    return entries if seal == _seal(entries, size) else None


def growing_entries(found: bytes) -> bytes:
    """The whole entries in the bytes of a file that may still grow, or be sealed."""
    found = found[: len(found) - len(found) % ENTRY_BYTES]
    return found[:-ENTRY_BYTES] if found[-ENTRY_BYTES:-8] == _MARKER else found


def seal(directory: Path, number: int, entries: bytes) -> None:
    """Write a closed segment's file; it appears whole or not at all."""
    path = sidecar_path(directory, number)
    unfinished = path.with_suffix(".index-unfinished")
    size = segment_path(directory, number).stat().st_size
    unfinished.write_bytes(entries + _seal(entries, size))
    unfinished.replace(path)


def begin(directory: Path, number: int, entries: bytes) -> int:
    """A file that begins with these entries and will grow; its descriptor."""
    path = sidecar_path(directory, number)
    unfinished = path.with_suffix(".index-unfinished")
    unfinished.write_bytes(entries)
    unfinished.replace(path)
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)


def _seal(entries: bytes, size: int) -> bytes:
    return _SEAL.pack(_MARKER, size & 0xFFFFFFFF, zlib.crc32(entries, size & 0xFFFFFFFF))
