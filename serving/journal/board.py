"""The board: how far each worker has written, in memory that all of them share.

A worker writes its line after its records are durable and its entries written, and before it
answers; whoever has seen an answer finds the line changed. What changes with every record is one
aligned word, so that nobody reads half of it.
"""

import mmap
import os
import secrets
from pathlib import Path
from typing import Final, NamedTuple

from nba.errors import InputError

MOST_WORKERS: Final = 64
_LINE: Final = 16  # bytes: a word for the opening, one for the segment and its entries's bytes
_ENTRY_BITS: Final = 32
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
        size = MOST_WORKERS * _LINE
        file = os.open(root / FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.ftruncate(file, size)
            self._lines = mmap.mmap(file, size)
            self._words = memoryview(self._lines).cast("Q")
        finally:
            os.close(file)
        self._own = own
        self._opening = secrets.randbits(63) | 1
        self._seen = b""

    def say(self, segment: int, entry_bytes: int) -> None:
        """Write the own line."""
        if self._own is not None:
            at = 2 * self._own
            self._words[at + 1] = segment << _ENTRY_BITS | entry_bytes
            self._words[at] = self._opening

    def news(self) -> dict[int, Line]:
        """All lines by worker if any of them changed since this was asked last; else nothing."""
        now = self._lines[:]
        if now == self._seen:
            return {}
        self._seen = now
        used = -(-len(now.rstrip(b"\0")) // _LINE)
        return {w: self._line(w) for w in range(used) if self._words[2 * w]}

    def _line(self, worker: int) -> Line:
        opening, said = self._words[2 * worker], self._words[2 * worker + 1]
        return Line(opening, said >> _ENTRY_BITS, said & (1 << _ENTRY_BITS) - 1)

    def close(self) -> None:
        """Let the memory go."""
        self._words.release()
        self._lines.close()
