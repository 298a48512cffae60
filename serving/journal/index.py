"""What is known of every decision id: where its record lies, and which outcomes have come back.

An id is in the index from the moment its record is promised, so that a retry that arrives before
the disk has answered waits for the same record instead of deciding again.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

from serving.journal.journal import Location
from serving.journal.records import (
    ActivationRecord,
    DecisionRecord,
    OutcomeRecord,
    decode_record,
)


@dataclass(slots=True)
class Entry:
    """One decision's place in the journal and its outcomes."""

    place: Location | asyncio.Future[Location]  # a future while its record is being written
    outcomes: dict[str, tuple[float, float]] = field(default_factory=dict)  # component → value, at
    writes: list[asyncio.Future[Location]] = field(default_factory=list)  # what is under way
    activated: bool = False  # a deferred decision was shown after all

    async def settled(self) -> Location:
        """Where the decision lies, once everything promised so far is durable.

        Raises JournalError if it could not be written.
        """
        place = self.place
        location = await asyncio.shield(place) if isinstance(place, asyncio.Future) else place
        for write in tuple(self.writes):
            await asyncio.shield(write)
        return location


class Index:
    """Decision id → entry."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, decision_id: str) -> Entry | None:
        """The entry of an id, None if it is unknown."""
        return self._entries.get(decision_id)

    def add_decision(self, decision_id: str, write: asyncio.Future[Location]) -> Entry:
        """The entry of a decision whose record is being written; a failed write removes it."""
        entry = Entry(write)
        self._entries[decision_id] = entry

        def settle(done: asyncio.Future[Location]) -> None:
            if done.cancelled() or done.exception() is not None:
                self._entries.pop(decision_id, None)
            else:
                entry.place = done.result()

        write.add_done_callback(settle)
        return entry

    def add_outcome(
        self, entry: Entry, record: OutcomeRecord, write: asyncio.Future[Location]
    ) -> None:
        """Note components whose record is being written; a failed write removes them."""
        entry.outcomes |= {name: (value, record.at) for name, value in record.components.items()}
        entry.writes.append(write)

        def settle(done: asyncio.Future[Location]) -> None:
            entry.writes.remove(done)
            if done.cancelled() or done.exception() is not None:
                for name in record.components:
                    entry.outcomes.pop(name, None)

        write.add_done_callback(settle)

    def add_activation(self, entry: Entry, write: asyncio.Future[Location]) -> None:
        """Note that a deferred decision was shown; a failed write takes it back."""
        entry.activated = True
        entry.writes.append(write)

        def settle(done: asyncio.Future[Location]) -> None:
            entry.writes.remove(done)
            entry.activated = not done.cancelled() and done.exception() is None

        write.add_done_callback(settle)

    def rebuild(self, recovered: Iterable[tuple[Location, bytes]]) -> None:
        """Fill the index from the journal's records, in the order of writing."""
        for location, payload in recovered:
            record = decode_record(payload)
            if isinstance(record, DecisionRecord):
                self._entries[record.decision_id] = Entry(location)
                continue
            entry = self._entries.get(record.decision_id)
            if entry is not None and isinstance(record, ActivationRecord):
                entry.activated = True
            elif entry is not None and isinstance(record, OutcomeRecord):
                for name, value in record.components.items():
                    entry.outcomes.setdefault(name, (value, record.at))
