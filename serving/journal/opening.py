"""Opening a journal: keep others out, find all whole records, cut the torn end."""

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

from nba.errors import InputError
from serving.journal.entries import entries_of
from serving.journal.forget import finish
from serving.journal.segments import (
    HEADER_BYTES,
    MAGIC,
    create_segment,
    read_segment,
    scan,
    segment_numbers,
    segment_path,
    sync_folder,
)
from serving.journal.sidecar import seal, sealed_entries


@dataclass(frozen=True, slots=True)
class Opened:
    """What was found, and the segment to go on with."""

    entries: dict[int, bytes]  # segment → entries of its records
    file: int  # descriptor
    segment: int
    end: int


def recover(directory: Path, notes: list[str]) -> Opened:
    """Find every whole record; only the last segment is read, and those without a sealed file.

    What is damaged is told in `notes` and left alone, but for the torn end, which is cut.
    """
    finish(directory)
    numbers = segment_numbers(directory)
    entries: dict[int, bytes] = {}
    for number in numbers[:-1]:
        found = sealed_entries(directory, number)
        if found is None:
            found, gaps, end = _read(directory, number)
            _tell_gaps(segment_path(directory, number), gaps, end, notes)
            seal(directory, number, found)
        entries[number] = found
    if numbers:
        number = numbers[-1]
        entries[number], gaps, end = _read(directory, number)
        path = segment_path(directory, number)
        file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        size = os.fstat(file).st_size
        if size < len(MAGIC):
            os.pwrite(file, MAGIC, 0)
        elif end < size:
            notes.append(f"{path}: cut {size - end} torn bytes at {end}")
            os.ftruncate(file, end)
        os.fsync(file)
        sync_folder(directory)  # it may have got its name shortly before the end
        if not gaps:
            return Opened(entries, file, number, end)
        _tell_gaps(path, gaps, end, notes)
        os.close(file)
        seal(directory, number, entries[number])
    number = numbers[-1] + 1 if numbers else 1
    return Opened(entries, create_segment(directory, number), number, len(MAGIC))


def locked(directory: Path) -> int:
    """The lock that keeps a second server out of the folder, which is created if need be."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise InputError(
            f"journal folder {directory} cannot be used ({error.strerror}); "
            "give a writable folder with --journal"
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(lock)
        raise InputError(
            f"journal folder {directory} is in use by another server; "
            "stop it or give another folder with --journal"
        ) from error
    return lock


def _read(directory: Path, number: int) -> tuple[bytes, tuple[tuple[int, int], ...], int]:
    """A segment's entries, its gaps, and the end of its last whole record."""
    data = read_segment(segment_path(directory, number)) or MAGIC
    found, view = scan(data), memoryview(data)
    entries = [
        entries_of(view[offset + HEADER_BYTES : offset + HEADER_BYTES + length], offset)
        for offset, length in found.records
    ]
    return b"".join(entries), found.gaps, found.end


def _tell_gaps(path: Path, gaps: tuple[tuple[int, int], ...], end: int, notes: list[str]) -> None:
    size = path.stat().st_size
    for start, stop in (*gaps, *([(end, size)] if len(MAGIC) <= end < size else [])):
        notes.append(f"{path}: bytes {start} to {stop} are damaged and left out")
