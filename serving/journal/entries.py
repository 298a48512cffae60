"""The entries of a record: one, or for a batch those that its rows are found by."""

from typing import Final

from nba.compiled import compiled
from serving.journal.batch_rows import SEPARATOR, names_in, row_number
from serving.journal.keys import ENTRY, entry_of, id_of, key_of
from serving.journal.records import BATCH, kind_of
from serving.journal.segments import HEADER_BYTES

_compiled = compiled("serving.journal._group")
_ROWS_SHIFT: Final = 8  # a batch's first entry has the number of its rows above its kind


def entries_of(payload: bytes | memoryview, offset: int) -> bytes:
    """The entries of a record that lies at an offset of its segment."""
    if kind_of(payload) != BATCH:
        return entry_of(payload, offset)
    rows, names = names_in(payload)
    first = ENTRY.pack(key_of(names[0].encode()), offset, BATCH | rows << _ROWS_SHIFT)
    others = [ENTRY.pack(key_of(name.encode()), offset, BATCH) for name in names[1:]]
    return b"".join([first, *others])


def entries_of_all(payloads: list[bytes], start: int) -> tuple[bytes, list[int]]:
    """The entries of records that lie one behind the other, and the offset of each record."""
    if _compiled is not None:
        found: tuple[bytes, list[int]] | None = _compiled.entries_of_all(payloads, start)
        if found is not None:
            return found
    return entries_plainly(payloads, start)


def entries_plainly(payloads: list[bytes], start: int) -> tuple[bytes, list[int]]:
    """The same, whatever is compiled."""
    entries, offsets = [], []
    for payload in payloads:
        entries.append(entries_of(payload, start))
        offsets.append(start)
        start += HEADER_BYTES + len(payload)
    return b"".join(entries), offsets


def keys_of(decision_id: str) -> tuple[bytes, ...]:
    """The keys that the record of an id may have: its own, and that of the batch which made it."""
    own = key_of(decision_id.encode())
    if SEPARATOR not in decision_id:
        return (own,)
    return own, key_of(decision_id.rpartition(SEPARATOR)[0].encode())


def holds(payload: bytes | memoryview, decision_id: str) -> bool:
    """Whether a record is about this decision."""
    if kind_of(payload) == BATCH:
        return row_number(payload, decision_id) >= 0
    return id_of(payload) == decision_id.encode()
