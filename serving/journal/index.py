"""What is known of every decision id: where its record lies, and which outcomes have come back.

An id is known from the moment its record is promised, so that a retry that arrives before the disk
has answered waits for the same record instead of deciding again. Once all about it is durable,
memory holds no more of it than its place in the journal.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from nba.errors import JournalError
from serving.journal.batch_rows import row_number
from serving.journal.group import Done
from serving.journal.journal import Journal, Location
from serving.journal.records import (
    ACTIVATION,
    BATCH,
    DECISION,
    OUTCOME,
    OVERRIDE,
    OutcomeRecord,
    OverrideRecord,
    decode_record,
    kind_of,
)


@dataclass(slots=True)
class Entry:
    """One decision's place in the journal and its outcomes."""

    place: Location | asyncio.Future[Location]  # a future while its record is being written
    outcomes: dict[str, tuple[float, float]] = field(default_factory=dict)  # component → value, at
    writes: list[asyncio.Future[Location]] = field(default_factory=list)  # what is under way
    activated: bool = False  # a deferred decision was shown after all
    override: OverrideRecord | None = None  # what a person did instead
    row: int = -1  # of a batch's record

    async def settled(self) -> Location:
        """Where the decision lies, once everything promised so far is durable.

        Raises JournalError if it could not be written.
        """
        place = self.place
        location = await asyncio.shield(place) if isinstance(place, asyncio.Future) else place
        for write in tuple(self.writes):
            await asyncio.shield(write)
        return location


class _Promised:
    """A decision whose record is being written, and what is done when it is durable or failed."""

    __slots__ = ("decision_id", "done", "index", "write")

    def __init__(self, index: "Index", decision_id: str, done: Done) -> None:
        self.index, self.decision_id, self.done = index, decision_id, done
        self.write: asyncio.Future[Location] | None = None  # once somebody else waits for it

    def __call__(self, found: int | JournalError) -> None:
        """The journal tells how it went."""
        self.index.settle(self, found)
        self.done(found)


class Index:
    """Decision id → entry, over this worker's journal and those of the others."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._under_way: dict[str, Entry] = {}
        self._alone: dict[str, _Promised] = {}  # decisions that nobody has asked for again
        self._promised: dict[str, tuple[asyncio.Future[Location], int]] = {}  # rows of batches

    def __len__(self) -> int:
        return self._journal.table.decisions

    def get(self, decision_id: str) -> Entry | None:
        """The entry of an id, None if it is unknown.

        Raises JournalError if its record is damaged.
        """
        found = self._under_way.get(decision_id)
        if found is not None:
            return found
        alone = self._alone.get(decision_id)
        if alone is not None:
            alone.write = asyncio.get_running_loop().create_future()
            del self._alone[decision_id]
            return self.add_decision(decision_id, alone.write)
        if decision_id in self._promised:
            write, row = self._promised[decision_id]
            return self.add_decision(decision_id, write, row=row)
        return self._durable(decision_id) if self._journal.may_know(decision_id) else None

    def write(self, decision_id: str, payload: bytes, done: Done) -> None:
        """Promise a decision's record: its id is known at once, and not if it cannot be written.

        `done` is called as by the journal's own `write`. This costs less than a future.
        """
        promised = self._alone[decision_id] = _Promised(self, decision_id, done)
        self._journal.write(payload, promised)

    def settle(self, promised: _Promised, found: int | JournalError) -> None:
        """A record promised by `write` is durable, or failed."""
        write = promised.write
        if write is None:
            del self._alone[promised.decision_id]
        elif isinstance(found, JournalError):
            write.set_exception(found)
        else:
            write.set_result(self._journal.location(found))

    def knows_any(self, decision_ids: Sequence[str]) -> bool:
        """Whether one of these ids is known; quicker than to ask for each."""
        known = (self._under_way, self._alone, self._promised)
        if all(names.keys().isdisjoint(decision_ids) for names in known):
            decision_ids = self._journal.perhaps(decision_ids)
        return any(self.get(name) is not None for name in decision_ids)

    def add_batch(self, ids: Sequence[str], write: asyncio.Future[Location]) -> None:
        """Note the rows of a batch whose record is being written; a failed write removes them."""
        self._promised |= {name: (write, row) for row, name in enumerate(ids)}

        def settle(_: object) -> None:
            for name in ids:
                self._promised.pop(name, None)

        write.add_done_callback(settle)

    def add_decision(
        self, decision_id: str, write: asyncio.Future[Location], *, row: int = -1
    ) -> Entry:
        """The entry of a decision whose record is being written; a failed write removes it."""
        entry = Entry(write, row=row)
        self._under_way[decision_id] = entry

        def settle(done: asyncio.Future[Location]) -> None:
            if done.cancelled() or done.exception() is not None:
                self._under_way.pop(decision_id, None)
            else:
                entry.place = done.result()
                self._leave(decision_id, entry)

        write.add_done_callback(settle)
        return entry

    def add_outcome(
        self, entry: Entry, record: OutcomeRecord, write: asyncio.Future[Location]
    ) -> None:
        """Note components whose record is being written; a failed write removes them."""
        self._under_way[record.decision_id] = entry
        entry.outcomes |= {name: (value, record.at) for name, value in record.components.items()}
        entry.writes.append(write)

        def settle(done: asyncio.Future[Location]) -> None:
            entry.writes.remove(done)
            if done.cancelled() or done.exception() is not None:
                for name in record.components:
                    entry.outcomes.pop(name, None)
            self._leave(record.decision_id, entry)

        write.add_done_callback(settle)

    def add_activation(
        self, entry: Entry, decision_id: str, write: asyncio.Future[Location]
    ) -> None:
        """Note that a deferred decision was shown; a failed write takes it back."""
        self._under_way[decision_id] = entry
        entry.activated = True
        entry.writes.append(write)

        def settle(done: asyncio.Future[Location]) -> None:
            entry.writes.remove(done)
            entry.activated = not done.cancelled() and done.exception() is None
            self._leave(decision_id, entry)

        write.add_done_callback(settle)

    def add_override(
        self, entry: Entry, record: OverrideRecord, write: asyncio.Future[Location]
    ) -> None:
        """Note what a person did instead; a failed write takes it back."""
        self._under_way[record.decision_id] = entry
        entry.override = record
        entry.writes.append(write)

        def settle(done: asyncio.Future[Location]) -> None:
            entry.writes.remove(done)
            if done.cancelled() or done.exception() is not None:
                entry.override = None
            self._leave(record.decision_id, entry)

        write.add_done_callback(settle)

    def _leave(self, decision_id: str, entry: Entry) -> None:
        """Forget an entry that can be read from the journal again."""
        if not entry.writes and not isinstance(entry.place, asyncio.Future):
            self._under_way.pop(decision_id, None)

    def _durable(self, decision_id: str) -> Entry | None:
        """What the journals hold of a decision; the first record of each kind counts."""
        place: Location | None = None
        row = -1
        activated = False
        override: OverrideRecord | None = None
        outcomes: dict[str, tuple[float, float]] = {}
        for location, payload in self._journal.find(decision_id):
            kind = kind_of(payload)
            if kind == DECISION:
                place = place or location
            elif kind == BATCH and place is None:
                place, row = location, row_number(payload, decision_id)
            elif kind == ACTIVATION:
                activated = True
            elif kind == OVERRIDE:
                found = decode_record(payload)
                assert isinstance(found, OverrideRecord)
                override = override or found
            elif kind == OUTCOME:
                record = decode_record(payload)
                assert isinstance(record, OutcomeRecord)
                for name, value in record.components.items():
                    outcomes.setdefault(name, (value, record.at))
        if place is None:
            return None
        return Entry(place, outcomes, activated=activated, override=override, row=row)
