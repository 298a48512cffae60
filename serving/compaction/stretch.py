"""Stretches of journals, from place to place in whole records, also while a server writes."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from nba.errors import LogError
from serving.compaction.progress_file import Place, Places
from serving.journal.segments import (
    HEADER_BYTES,
    MAGIC,
    journal_folders,
    read_segment,
    records_from,
    scan,
    segment_numbers,
    segment_path,
)

START: Final[Place] = (0, len(MAGIC))
_sync = getattr(os, "fdatasync", os.fsync)  # macOS has no fdatasync


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


class Stretch:
    """The payloads from one place of a folder on; `place` is behind the last one given out."""

    def __init__(self, folder: Path, start: Place, end: Place, *, most_bytes: int | None) -> None:
        self.place = start
        self.read_bytes = 0
        self._folder = folder
        self._end = end
        self._most_bytes = most_bytes

    def __iter__(self) -> Iterator[memoryview]:
        first, last = self.place[0], self._end[0]
        for number in segment_numbers(self._folder):
            if number < first or number > last:
                continue
            begin = self.place[1] if number == first else len(MAGIC)
            stop = self._end[1] if number == last else None
            yield from self._of_segment(number, begin, stop)
            if self._full():
                return
        self.place = max(self.place, self._end)

    def _of_segment(self, number: int, begin: int, stop: int | None) -> Iterator[memoryview]:
        self.place = (number, begin)
        data = read_segment(segment_path(self._folder, number))[:stop]
        for offset, payload in records_from(data, begin):
            behind = offset + HEADER_BYTES + len(payload)
            self.read_bytes += behind - self.place[1]
            self.place = (number, behind)
            yield payload
            if self._full():
                return

    def _full(self) -> bool:
        return self._most_bytes is not None and self.read_bytes >= self._most_bytes


def _end(folder: Path) -> Place:
    number = segment_numbers(folder)[-1]
    path = segment_path(folder, number)
    with path.open("rb") as file:
        _sync(file.fileno())
        data = file.read()
    return number, scan(data).end
