"""Texts side by side in one piece of bytes: quick to write, each can be overwritten in place."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from msgspec import Struct

Ends = np.ndarray[tuple[int], np.dtype[np.int32]]


class TextColumn(Struct, frozen=True, array_like=True):
    """A column of texts as the journal keeps it."""

    ends: bytes = b""  # int32 (n,): behind each text's last byte
    text: bytes = b""  # UTF-8

    def __len__(self) -> int:
        return len(self.ends) // 4


class TextRun(NamedTuple):
    """A column of texts in memory, which is cut without copying."""

    offsets: Ends  # (n + 1,) into the data
    data: bytes | memoryview

    def part(self, start: int, stop: int) -> "TextRun":
        """The texts [start, stop)."""
        return TextRun(self.offsets[start : stop + 1], self.data)

    def column(self) -> TextColumn:
        """The same as the journal keeps it."""
        first, last = int(self.offsets[0]), int(self.offsets[-1])
        ends = np.subtract(self.offsets[1:], first, dtype="<i4")
        return TextColumn(ends.tobytes(), bytes(self.data[first:last]))

    def texts(self) -> list[str]:
        """Each text."""
        return texts_in(self.column())


def text_run(texts: Sequence[str]) -> TextRun:
    """A column of these texts.

    >>> text_run(["a", "", "bc"]).part(1, 3).texts()
    ['', 'bc']
    """
    encoded = [text.encode() for text in texts]
    offsets = np.zeros(len(encoded) + 1, dtype=np.int32)
    np.cumsum([len(each) for each in encoded], out=offsets[1:])
    return TextRun(offsets, b"".join(encoded))


def texts_in(column: TextColumn, start: int = 0, stop: int | None = None) -> list[str]:
    """The texts [start, stop) of a column; bytes that are no UTF-8 are told as such."""
    data, ends = column.text, ends_of(column).tolist()
    stop = len(ends) if stop is None else stop
    begins = [ends[start - 1] if start else 0, *ends[start : stop - 1]] if stop > start else []
    spans = zip(begins, ends[start:stop], strict=True)
    return [data[begin:end].decode(errors="replace") for begin, end in spans]


def place_in(column: TextColumn, text: bytes) -> int:
    """Where a text stands in a column; -1 if it does not.

    >>> place_in(text_run(["ab", "c", "abc"]).column(), b"abc")
    2
    """
    data, ends = column.text, ends_of(column)
    at = data.find(text)
    while at >= 0:
        place = int(np.searchsorted(ends, at, side="right"))
        begin = int(ends[place - 1]) if place else 0
        if begin == at and int(ends[place]) == at + len(text):
            return place
        at = data.find(text, at + 1)
    return -1


def blanked(column: TextColumn, place: int, count: int = 1) -> TextColumn:
    """The column with zeros instead of some texts, byte for byte."""
    ends = ends_of(column)
    if not len(ends):
        return column
    begin = int(ends[place - 1]) if place else 0
    end = int(ends[place + count - 1]) if count else begin
    return TextColumn(column.ends, column.text[:begin] + bytes(end - begin) + column.text[end:])


def ends_of(column: TextColumn) -> Ends:
    """Behind each text's last byte, (n,)."""
    return np.frombuffer(column.ends, dtype="<i4")
