"""The board: how far each worker has written, in memory that all of them share.

A worker writes its line after its records are durable and its entries written, and before it
answers; whoever has seen an answer finds the line changed.
"""

import mmap
import os
import secrets
from pathlib import Path
from struct import Struct
from typing import Final, NamedTuple

from nba.errors import InputError

MOST_WORKERS: Final = 64
_LINE: Final = Struct("<QII")  # opening, segment, bytes of its entries
FILE: Final = "board"


class Line(NamedTuple):
    """What one worker says."""

    opening: int  # changes whenever its journal is opened
    segment: int
    entry_bytes: int


class Board:
    """The lines of all workers of one root folder; `own` is the line to write."""

    def __init__(self, root: Path, own: int | None) -> None:
        """Opens or creates the file; raises InputError for a number beyond the last line."""
        if own is not None and not 0 <= own < MOST_WORKERS:
            raise InputError(f"worker {own} cannot share a journal; use 0 to {MOST_WORKERS - 1}")
        size = MOST_WORKERS * _LINE.size
        file = os.open(root / FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.ftruncate(file, size)
            self._lines = mmap.mmap(file, size)
        finally:
            os.close(file)
        self._own = own
        self._opening = secrets.randbits(63) | 1
        self._seen = b""

    def say(self, segment: int, entry_bytes: int) -> None:
        """Write the own line."""
        if self._own is not None:
            _LINE.pack_into(
                self._lines, self._own * _LINE.size, self._opening, segment, entry_bytes
            )

    def news(self) -> dict[int, Line]:
        """All lines by worker if any of them changed since this was asked last; else nothing."""
        now = self._lines[:]
        if now == self._seen:
            return {}
        self._seen = now
        used = -(-len(now.rstrip(b"\0")) // _LINE.size)
        lines = _LINE.iter_unpack(now[: used * _LINE.size])
        return {worker: Line(*line) for worker, line in enumerate(lines) if line[0]}

    def close(self) -> None:
        """Let the memory go."""
        self._lines.close()
