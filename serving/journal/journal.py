"""The journal: nothing is acknowledged before its record is durable, and many share one sync.

Group commit: records that arrive while the disk works are written together by the next write.
Sources: DeWitt et al. 1984 (group commit); Rebello et al. 2020 (after a failed fsync, stop).
"""

import asyncio
import fcntl
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

from nba.errors import InputError, JournalError
from serving.journal.segments import (
    HEADER_BYTES,
    MAGIC,
    create_segment,
    frame,
    payload_at,
    read_segment,
    scan,
    segment_numbers,
    segment_path,
)

_sync = getattr(os, "fdatasync", os.fsync)  # macOS has no fdatasync


class Location(NamedTuple):
    """Where a record lies."""

    segment: int
    offset: int
    length: int  # of its payload


class Journal:
    """Appends records to segments in a folder and reads them back; one process at a time.

    `durability`: "fsync" promises that an acknowledged record survives a power cut, "os" that it
    survives the death of this process.
    """

    def __init__(
        self, directory: Path, *, durability: str, segment_bytes: int, max_waiting: int
    ) -> None:
        """Opens or creates the folder; raises InputError if it is used or cannot be."""
        self.durability = durability
        self.notes: list[str] = []  # what was found damaged or torn, one line each
        self.broken = ""  # why nothing can be written any more; empty while all is well
        self._directory = directory
        self._segment_bytes = segment_bytes
        self._max_waiting = max_waiting
        self._waiting: list[tuple[bytes, asyncio.Future[Location]]] = []
        self._busy = False
        self._files: dict[int, int] = {}  # segment → descriptor
        self._found: dict[int, tuple[tuple[int, int], ...]] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._lock = _lock(directory)
        try:
            self._segment, self._end = self._recover()
        except BaseException:
            self.close()
            raise

    def append(self, payload: bytes) -> asyncio.Future[Location]:
        """Promise a record: the future is done when it is durable, or fails with JournalError."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Location] = loop.create_future()
        if self.broken or len(self._waiting) >= self._max_waiting:
            future.set_exception(JournalError(self.broken or "too many records wait for the disk"))
            return future
        if not self._waiting:
            loop.call_soon(self._start)
        self._waiting.append((frame(payload), future))
        return future

    def read(self, location: Location) -> bytes:
        """The payload at a location; raises JournalError if the disk gives back something else."""
        file = self._files[location.segment]
        data = os.pread(file, HEADER_BYTES + location.length, location.offset)
        payload = payload_at(data, 0)
        if payload is None or len(payload) != location.length:
            raise JournalError(
                f"record at {location.offset} of {segment_path(self._directory, location.segment)} "
                "is damaged on disk"
            )
        return bytes(payload)

    def recovered(self) -> Iterator[tuple[Location, bytes]]:
        """Every record found on opening, in the order of writing; can be read once."""
        for segment in sorted(self._found):
            for offset, length in self._found.pop(segment):
                location = Location(segment, offset, length)
                yield location, self.read(location)

    def close(self) -> None:
        """Sync what is written and let the folder go; call it when no append is under way."""
        self._thread.shutdown(wait=True)
        for file in self._files.values():
            _sync(file)
            os.close(file)
        self._files.clear()
        os.close(self._lock)

    def _start(self) -> None:
        """Write everything that waits; in fsync mode on the journal's own thread."""
        if self._busy or not self._waiting:
            return
        batch, self._waiting = self._waiting, []
        data = b"".join(record for record, _ in batch)
        if self.durability == "os":
            try:
                start = self._write(data)
            except OSError as error:
                self._refuse(batch, error)
            else:
                self._acknowledge(batch, start)
            return
        self._busy = True
        loop = asyncio.get_running_loop()
        written = loop.run_in_executor(self._thread, self._write_and_sync, data)
        written.add_done_callback(partial(self._finish, batch))

    def _finish(
        self, batch: list[tuple[bytes, asyncio.Future[Location]]], written: asyncio.Future[int]
    ) -> None:
        self._busy = False
        error = written.exception()
        if error is None:
            self._acknowledge(batch, written.result())
        else:
            self._refuse(batch, error)
        self._start()

    def _acknowledge(self, batch: list[tuple[bytes, asyncio.Future[Location]]], at: int) -> None:
        for record, future in batch:
            if not future.done():
                future.set_result(Location(self._segment, at, len(record) - HEADER_BYTES))
            at += len(record)

    def _refuse(
        self, batch: list[tuple[bytes, asyncio.Future[Location]]], error: BaseException
    ) -> None:
        for _, future in batch:
            if not future.done():
                future.set_exception(JournalError(f"the journal cannot be written: {error}"))

    def _write(self, data: bytes) -> int:
        """Where the data were written, all of them; on an error nothing of them stays."""
        if self._end > len(MAGIC) and self._end + len(data) > self._segment_bytes:
            self._files[self._segment + 1] = create_segment(self._directory, self._segment + 1)
            self._segment, self._end = self._segment + 1, len(MAGIC)
        file, start = self._files[self._segment], self._end
        try:
            done = 0
            while done < len(data):
                done += os.pwrite(file, memoryview(data)[done:], start + done)
        except OSError:
            os.ftruncate(file, start)
            raise
        self._end = start + len(data)
        return start

    def _write_and_sync(self, data: bytes) -> int:
        start = self._write(data)
        try:
            _sync(self._files[self._segment])
        except OSError as error:
            # The kernel may have dropped the pages: what later syncs say about them is worthless.
            self.broken = f"a sync of the journal failed ({error.strerror}); restart the server"
            raise
        return start

    def _recover(self) -> tuple[int, int]:
        """Find all whole records, cut the torn end; the segment to go on with, and its end."""
        numbers = segment_numbers(self._directory)
        clean, end = False, 0
        for number in numbers:
            path = segment_path(self._directory, number)
            data = read_segment(path)
            file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            self._files[number] = file
            found = scan(data or MAGIC)
            end = found.end
            if not data:
                os.pwrite(file, MAGIC, 0)
            elif end < len(data) and number == numbers[-1]:
                self.notes.append(f"{path}: cut {len(data) - end} torn bytes at {end}")
                os.ftruncate(file, end)
            elif end < len(data):
                self.notes.append(f"{path}: bytes {end} to {len(data)} are damaged and left out")
            for start, stop in found.gaps:
                self.notes.append(f"{path}: bytes {start} to {stop} are damaged and left out")
            os.fsync(file)
            self._found[number] = found.records
            clean = not found.gaps
        if numbers and clean:
            return numbers[-1], end
        number = numbers[-1] + 1 if numbers else 1
        self._files[number] = create_segment(self._directory, number)
        return number, len(MAGIC)


def _lock(directory: Path) -> int:
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
