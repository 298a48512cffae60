"""Records read by their place, from any journal's segments, with few files open."""

import os
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from nba.errors import JournalError
from serving.journal.segments import HEADER_BYTES, length_at, payload_at, segment_path
from serving.journal.table import Place

_MOST_OPEN: Final = 64
_FIRST_BYTES: Final = 4096  # most records are read at once


class Files:
    """Descriptors of segments, opened when needed; the least recently used one is closed."""

    def __init__(self, folders: Mapping[int, Path]) -> None:
        self._folders = folders  # journal → folder
        self._open: OrderedDict[tuple[int, int], int] = OrderedDict()

    def read(self, place: Place) -> bytes | None:
        """The payload at a place; None if its segment has been expired.

        Raises JournalError if the disk gives back no whole record.
        """
        file = self._file(place.journal, place.segment)
        if file is None:
            return None
        data = os.pread(file, _FIRST_BYTES, place.offset)
        needed = HEADER_BYTES + length_at(data, 0)
        if needed > len(data):
            data = os.pread(file, needed, place.offset)
        payload = payload_at(data, 0)
        if payload is None:
            path = segment_path(self._folders[place.journal], place.segment)
            raise JournalError(f"record at {place.offset} of {path} is damaged on disk")
        return bytes(payload)

    def close(self) -> None:
        """Close every file."""
        while self._open:
            os.close(self._open.popitem()[1])

    def _file(self, journal: int, segment: int) -> int | None:
        found = self._open.get((journal, segment))
        if found is not None and os.fstat(found).st_nlink:
            self._open.move_to_end((journal, segment))
            return found
        if found is not None:  # expired meanwhile: an open file keeps what was to be deleted
            os.close(self._open.pop((journal, segment)))
        try:
            path = segment_path(self._folders[journal], segment)
            found = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        self._open[journal, segment] = found
        if len(self._open) > _MOST_OPEN:
            os.close(self._open.popitem(last=False)[1])
        return found
