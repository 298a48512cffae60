"""Key → places, in about 20 bytes a record: nothing of a decision itself stays in memory.

65,536 short byte strings of entries without order. A search in one is a search for bytes, which is
faster than Python's own dictionary of as many numbers is small.
"""

from collections.abc import Callable, Iterator
from struct import Struct
from typing import Final, NamedTuple

from nba.compiled import compiled
from serving.journal.keys import ENTRY_BYTES
from serving.journal.records import BATCH, DECISION, EMPLOYEE, EVENT

FACTS: Final = frozenset({EMPLOYEE, EVENT})
_PLACE: Final = Struct("<IHBB")  # offset, segment's low and high part, journal
_ROW: Final = 6 + _PLACE.size  # what of the key the place in the table does not tell, and the place


class Place(NamedTuple):
    """Where a record begins."""

    journal: int  # 0 is the own one, others are of other workers
    segment: int
    offset: int


class KeyTable:
    """Grows by entries; what is found may be of another id with the same key."""

    def __init__(self) -> None:
        self.decisions = 0
        self.facts: list[Place] = []  # of employees and events, until somebody takes them
        self._rows: list[bytearray | None] = [None] * 65_536

    def add(self, entries: bytes, *, segment: int, journal: int = 0) -> None:
        """Add the entries of records that lie in one segment, in the order of writing."""
        where = _PLACE.pack(0, segment & 0xFFFF, segment >> 16, journal)[4:]
        decisions, facts = _add_rows(self._rows, entries, where)
        self.decisions += decisions
        if facts:
            self.facts += [Place(journal, segment, offset) for offset in facts]

    def has(self, key: bytes) -> bool:
        """Whether `find` may find something."""
        own = self._rows[key[0] | key[1] << 8]
        return own is not None and key[2:] in own

    def find(self, key: bytes) -> Iterator[Place]:
        """Where records with this key lie, each journal's in the order of writing."""
        own = self._rows[key[0] | key[1] << 8]
        if own is None:
            return
        rest = key[2:]
        at = own.find(rest)
        while at >= 0:
            if at % _ROW == 0:
                offset, low, high, journal = _PLACE.unpack_from(own, at + 6)
                yield Place(journal, low | high << 16, offset)
            at = own.find(rest, at + 1)


def add_plainly(
    rows: list[bytearray | None], entries: bytes, where: bytes
) -> tuple[int, list[int]]:
    """Add entries to rows: how many decisions they are, and the offsets of facts."""
    decisions, facts = 0, []
    for start in range(0, len(entries), ENTRY_BYTES):
        number = entries[start] | entries[start + 1] << 8
        row = entries[start + 2 : start + 12] + where
        own = rows[number]
        if own is None:
            rows[number] = bytearray(row)
        else:
            own += row
        kind = entries[start + 12]
        if kind == DECISION:
            decisions += 1
        elif kind == BATCH:  # with the number of its rows above it, in the first of its entries
            decisions += entries[start + 13] | entries[start + 14] << 8
        elif kind in FACTS:
            facts.append(int.from_bytes(entries[start + 8 : start + 12], "little"))
    return decisions, facts


_Add = Callable[[list[bytearray | None], bytes, bytes], tuple[int, list[int]]]
_compiled = compiled("serving.journal._group")
_add_rows: Final[_Add] = add_plainly if _compiled is None else _compiled.add_rows
