"""Stretches of journals, from place to place in whole records, also while a server writes."""

import mmap
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nba.errors import LogError
from serving.compaction.progress_file import Place, Places
from serving.journal.columns import Buffer, Gatherer
from serving.journal.segments import (
    HEADER_BYTES,
    MAGIC,
    journal_folders,
    records_from,
    scan,
    segment_numbers,
    segment_path,
    sync_data,
)

_AT_ONCE: Final = 2**20  # bytes of journal that are read in one piece
START: Final[Place] = (0, len(MAGIC))


def ends(journal: Path) -> Places:
    """Where each of a journal's folders ends now, forced to disk: no crash takes it back.

    Raises LogError if there is no journal.
    """
    found = {name: _end(folder) for name, folder in journal_folders(journal).items()}
    if not found:
        raise LogError(f"{journal} holds no journal; give the folder that `nba serve` wrote")
    return found


def bytes_between(journal: Path, start: Mapping[str, Place], end: Mapping[str, Place]) -> int:
    """How many bytes of journal lie between two places, about."""
    total = 0
    for name, (last, stop) in end.items():
        first, begin = start.get(name, START)
        for number in segment_numbers(journal / name):
            if first <= number <= last:
                size = segment_path(journal / name, number).stat().st_size
                total += (stop if number == last else size) - (begin if number == first else 0)
    return max(0, total)


@dataclass(slots=True)
class Stretch:
    """A folder's journal from a place on; `payloads` moves it behind what it has given out."""

    folder: Path
    place: Place
    end: Place
    most_bytes: int | None  # what is begun within them is given out whole; None: all to the end
    read_bytes: int = 0

    def payloads(self, gatherer: Gatherer) -> Iterator[memoryview]:
        """The payload of every whole record that the gatherer has not taken by itself."""
        first, begin = self.place
        for number in segment_numbers(self.folder):
            if not first <= number <= self.end[0]:
                continue
            start = begin if number == first else len(MAGIC)
            yield from self._of_segment(number, start, gatherer)
            if self.most_bytes is not None and self.read_bytes >= self.most_bytes:
                return
        self.place = max(self.place, self.end)

    def _of_segment(self, number: int, begin: int, gatherer: Gatherer) -> Iterator[memoryview]:
        data = _mapped(segment_path(self.folder, number))
        stop = self.end[1] if number == self.end[0] else len(data)
        if self.most_bytes is not None:
            stop = min(stop, begin + self.most_bytes - self.read_bytes)
        behind = _run(gatherer, data, begin, stop)
        while (found := next(records_from(data, behind, stop), None)) is not None:
            offset, payload = found
            yield payload
            behind = _run(gatherer, data, offset + HEADER_BYTES + len(payload), stop)
        # All that begins before `stop` is given out: between the last record and it lies damage.
        self.place = (number, max(behind, stop))
        self.read_bytes += max(behind, stop) - begin


def _run(gatherer: Gatherer, data: Buffer, begin: int, stop: int) -> int:
    """Where the gatherer met something else than decisions; other threads may work meanwhile."""
    while begin < stop:
        reached = gatherer.run(data, begin, min(stop, begin + _AT_ONCE))
        if reached < min(stop, begin + _AT_ONCE):
            return reached
        begin = reached
    return begin


def _mapped(path: Path) -> Buffer:
    """A segment's bytes without copying them."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size <= len(MAGIC):
            return b""
        return mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ)


def _end(folder: Path) -> Place:
    number = segment_numbers(folder)[-1]
    path = segment_path(folder, number)
    with path.open("rb") as file:
        sync_data(file.fileno())
        data = file.read()
    return number, scan(data).end
