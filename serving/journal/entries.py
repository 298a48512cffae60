"""The entries of a record: one, or for a batch those that its rows are found by."""

from typing import Final

from serving.journal.batch_rows import SEPARATOR, names_in, row_number
from serving.journal.keys import ENTRY, entry_of, id_of, key_of
from serving.journal.records import BATCH, kind_of

_ROWS_SHIFT: Final = 8  # a batch's first entry has the number of its rows above its kind


def entries_of(payload: bytes | memoryview, offset: int) -> bytes:
    """The entries of a record that lies at an offset of its segment."""
    if kind_of(payload) != BATCH:
        return entry_of(payload, offset)
    rows, names = names_in(payload)
    first = ENTRY.pack(key_of(names[0].encode()), offset, BATCH | rows << _ROWS_SHIFT)
    others = [ENTRY.pack(key_of(name.encode()), offset, BATCH) for name in names[1:]]
    return b"".join([first, *others])


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
