"""The segment that is being written: bytes go to its end, all of them or none."""

import os
import time
from pathlib import Path
from typing import Final

from serving.journal.segments import MAGIC, create_segment
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

    def full(self, size: int, limit: int) -> bool:
        """Would so many bytes more make it longer than the limit? An empty one takes them all."""
        return self.end > len(MAGIC) and self.end + size > limit

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
        """Force what is written to disk; raises OSError."""
        began = time.perf_counter()
        _sync(self._file)
        self.quick = time.perf_counter() - began < _QUICK_S

    def next(self) -> int:
        """Go on in a new segment; the old one's file, to be given to `sync_and_close`."""
        new = create_segment(self._directory, self.segment + 1)
        old, self._file = self._file, new
        self.segment, self.end = self.segment + 1, len(MAGIC)
        return old

    def close(self) -> None:
        """Sync what is written, and close."""
        sync_and_close(self._file)


def sync_and_close(file: int) -> None:
    """Force a file to disk, and close it."""
    _sync(file)
    os.close(file)
