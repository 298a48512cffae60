"""A worker's numbers in a small mapped file, so that any worker can tell the sum of all.

An addition is one memory access; a worker that is started again goes on with its old numbers, so
that no counter falls.
"""

import mmap
import os
from pathlib import Path
from typing import Final

CELLS: Final = 8192  # numbers a worker can have
_NAMES: Final = CELLS * 8  # where the names begin
_BYTES: Final = _NAMES + CELLS * 96


class Board:
    """Named float64 cells; cell 0 holds how many names there are."""

    def __init__(self, path: Path | None = None) -> None:
        """Opens or creates the file; without one the numbers are this process's own."""
        if path is None:
            self._memory = mmap.mmap(-1, _BYTES)
        else:
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.ftruncate(file, _BYTES)
                self._memory = mmap.mmap(file, _BYTES)
            finally:
                os.close(file)
        self.cells = memoryview(self._memory)[:_NAMES].cast("d")
        names = _names(self._memory, int(self.cells[0]))
        self._places = {name: place for place, name in enumerate(names, 1)}
        self._end = _NAMES + sum(2 + len(name.encode()) for name in names)

    def place(self, name: str) -> int:
        """The index of a name's cell; a new name gets the next one, at zero.

        A board that is full gives its last cell, which nobody reads: labels that never end must not
        end the server.
        """
        place = self._places.get(name)
        if place is not None:
            return place
        raw, place = name.encode(), len(self._places) + 1
        if place >= CELLS - 1 or self._end + 2 + len(raw) > _BYTES:
            return CELLS - 1
        self._memory[self._end : self._end + 2 + len(raw)] = len(raw).to_bytes(2, "little") + raw
        self._end += 2 + len(raw)
        self._places[name] = place
        self.cells[0] = place  # last: a reader never sees a name that is not whole
        return place

    def read(self) -> dict[str, float]:
        """All numbers by name."""
        return {name: self.cells[place] for name, place in self._places.items()}


def read_board(path: Path) -> dict[str, float]:
    """Another worker's numbers; none if it has not started yet."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return {}
    if len(raw) < _BYTES:
        return {}
    cells = memoryview(raw)[:_NAMES].cast("d")
    return dict(zip(_names(raw, int(cells[0])), cells[1:], strict=False))


def _names(raw: bytes | mmap.mmap, count: int) -> list[str]:
    names, at = [], _NAMES
    for _ in range(count):
        length = int.from_bytes(raw[at : at + 2], "little")
        names.append(raw[at + 2 : at + 2 + length].decode())
        at += 2 + length
    return names
