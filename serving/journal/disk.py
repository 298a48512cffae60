"""The segment that is being written: bytes go to its end, all of them or none."""

import os
import time
from pathlib import Path
from typing import Final

from serving.journal.segments import (
    MAGIC,
    create_segment,
    discard_prepared,
    number_segment,
    prepare_segment,
    sync_folder,
)
from serving.journal.segments import sync_data as _sync

_QUICK_S: Final = 0.002


class Disk:
    """A segment's file, its number in the folder, and where its last whole record ends."""

    def __init__(self, directory: Path, *, file: int, segment: int, end: int) -> None:
        self.segment = segment
        self.end = end
        self.quick = True  # was the last sync done in less time than another thread costs?
        self._directory = directory
        self._file = file
        self._ahead = -1  # the next segment's, once it is prepared
        self._renamed = False  # since the folder was synced

    def full(self, size: int, limit: int) -> bool:
        """Would so many bytes more make it longer than the limit? An empty one takes them all."""
        return self.end > len(MAGIC) and self.end + size > limit

    def half_full(self, limit: int) -> bool:
        """Is it time to prepare the next one?"""
        return 2 * self.end > limit

    def write(self, data: bytes) -> int:
        """Where the data were written; raises OSError, and then nothing of them stays."""
        start, done = self.end, 0
        try:
            while done < len(data):
                done += os.pwrite(self._file, memoryview(data)[done:], start + done)
        except OSError:
            os.ftruncate(self._file, start)
            raise
        self.end = start + len(data)
        return start

    def sync(self) -> None:
        """Force what is written, and the segment's name, to disk; raises OSError."""
        began = time.perf_counter()
        if self._renamed:
            sync_folder(self._directory)
            self._renamed = False
        _sync(self._file)
        self.quick = time.perf_counter() - began < _QUICK_S

    def prepare(self) -> None:
        """Have the next segment ready: to make one takes as long as several syncs."""
        self._ahead = prepare_segment(self._directory)

    def next(self) -> int:
        """Go on in a new segment; the old one's file, to be given to `sync_and_close`."""
        if self._ahead < 0:
            new = create_segment(self._directory, self.segment + 1)
        else:
            number_segment(self._directory, self.segment + 1)
            new, self._ahead = self._ahead, -1
            self._renamed = True
        old, self._file = self._file, new
        self.segment, self.end = self.segment + 1, len(MAGIC)
        return old

    def close(self) -> None:
        """Sync what is written, and close."""
        if self._ahead >= 0:
            os.close(self._ahead)
            discard_prepared(self._directory)
        if self._renamed:
            sync_folder(self._directory)
        sync_and_close(self._file)


def sync_and_close(file: int) -> None:
    """Force a file to disk, and close it."""
    _sync(file)
    os.close(file)
