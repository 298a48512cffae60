"""The index knows a promised record at once and forgets one that could not be written."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from nba.errors import JournalError
from serving.journal.index import Index
from serving.journal.journal import Journal, Location
from serving.journal.records import OutcomeRecord, encode_record
from tests.serving.journal.test_journal import opened, write
from tests.serving.journal.test_records import RECORD


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    own = opened(tmp_path)
    yield own
    own.close()


HERE = Location(1, 8)


def test_a_promised_decision_is_waited_for(journal: Journal) -> None:
    async def walk() -> None:
        index = Index(journal)
        write: asyncio.Future[Location] = asyncio.get_running_loop().create_future()
        entry = index.add_decision("d-1", write)
        assert index.get("d-1") is entry
        waiting = asyncio.ensure_future(entry.settled())
        await asyncio.sleep(0)
        assert not waiting.done()
        write.set_result(HERE)
        assert await waiting == HERE

    asyncio.run(walk())


def test_a_write_that_has_just_ended_counts_before_its_callbacks_have_run(journal: Journal) -> None:
    async def walk() -> None:
        write: asyncio.Future[Location] = asyncio.get_running_loop().create_future()
        entry = Index(journal).add_decision("d-1", write)
        write.set_result(HERE)
        assert await entry.settled() == HERE  # without giving the loop a turn

    asyncio.run(walk())


def test_a_decision_that_could_not_be_written_is_forgotten(journal: Journal) -> None:
    async def walk() -> None:
        index = Index(journal)
        write: asyncio.Future[Location] = asyncio.get_running_loop().create_future()
        entry = index.add_decision("d-1", write)
        waiting = asyncio.ensure_future(entry.settled())
        await asyncio.sleep(0)
        write.set_exception(JournalError("disk"))
        with pytest.raises(JournalError, match="disk"):
            await waiting
        assert index.get("d-1") is None
        with pytest.raises(JournalError, match="disk"):
            await entry.settled()

    asyncio.run(walk())


def test_an_outcome_that_could_not_be_written_can_be_sent_again(journal: Journal) -> None:
    async def walk() -> None:
        index = Index(journal)
        loop = asyncio.get_running_loop()
        written: asyncio.Future[Location] = loop.create_future()
        entry = index.add_decision("d-1", written)
        written.set_result(HERE)
        await entry.settled()
        failing: asyncio.Future[Location] = loop.create_future()
        index.add_outcome(entry, OutcomeRecord("d-1", 1.0, 1.0, {"resolved": 1.0}), failing)
        assert entry.outcomes == {"resolved": (1.0, 1.0)}
        failing.set_exception(JournalError("disk"))
        with pytest.raises(JournalError, match="disk"):
            await entry.settled()
        await asyncio.sleep(0)
        assert entry.outcomes == {}
        assert await entry.settled() == HERE

    asyncio.run(walk())


def test_what_is_durable_is_read_from_the_journal_and_the_first_outcome_counts(
    journal: Journal,
) -> None:
    outcomes = [
        OutcomeRecord("d-1", 5.0, 5.0, {"resolved": 1.0}),
        OutcomeRecord("d-1", 6.0, 6.0, {"resolved": 0.0, "wait_s": 3.0}),
        OutcomeRecord("unknown", 6.0, 6.0, {"resolved": 0.0}),
    ]
    payloads = [encode_record(RECORD), *map(encode_record, outcomes)]
    places = write(journal, payloads)
    index = Index(journal)
    entry = index.get("d-1")
    assert entry is not None
    assert entry.outcomes == {"resolved": (1.0, 5.0), "wait_s": (3.0, 6.0)}
    assert asyncio.run(entry.settled()) == places[0]
    assert len(index) == 1
    assert index.get("unknown") is None


def test_nothing_durable_stays_in_memory(journal: Journal) -> None:
    async def walk() -> None:
        index = Index(journal)
        write = journal.append(encode_record(RECORD))
        entry = index.add_decision("d-1", write)
        await write
        told = OutcomeRecord("d-1", 5.0, 5.0, {"resolved": 1.0})
        again = journal.append(encode_record(told))
        index.add_outcome(entry, told, again)
        assert index.get("d-1") is entry
        await again
        await asyncio.sleep(0)
        found = index.get("d-1")
        assert found is not entry
        assert found is not None
        assert found.outcomes == {"resolved": (1.0, 5.0)}

    asyncio.run(walk())


def test_a_decision_that_nobody_asks_for_needs_no_future(journal: Journal) -> None:
    async def walk() -> None:
        index = Index(journal)
        told: list[int | JournalError] = []
        index.write("d-1", encode_record(RECORD), told.append)
        assert index.knows_any(["d-2", "d-1"])
        assert index.get("d-2") is None
        await journal.append(b"the next record")
        (offset,) = told
        assert isinstance(offset, int)
        found = index.get("d-1")
        assert found is not None
        assert await found.settled() == Location(1, offset)

    asyncio.run(walk())


def test_who_asks_for_it_meanwhile_waits_for_the_same_record(journal: Journal) -> None:
    async def walk() -> None:
        index = Index(journal)
        told: list[int | JournalError] = []
        index.write("d-1", encode_record(RECORD), told.append)
        first = index.get("d-1")
        assert first is not None
        assert index.get("d-1") is first
        waiting = asyncio.ensure_future(first.settled())
        await asyncio.sleep(0)
        place = await waiting
        assert told == [place.offset]
        found = index.get("d-1")
        assert found is not None
        assert await found.settled() == place

    asyncio.run(walk())


@pytest.mark.parametrize("asked_for", [False, True])
def test_it_is_forgotten_if_it_could_not_be_written(
    journal: Journal, monkeypatch: pytest.MonkeyPatch, *, asked_for: bool
) -> None:
    def fails(*_: object) -> int:
        raise OSError(28, "no space left on device")

    async def walk() -> None:
        index = Index(journal)
        told: list[int | JournalError] = []
        index.write("d-1", encode_record(RECORD), told.append)
        entry = index.get("d-1") if asked_for else None
        with monkeypatch.context() as patch:
            patch.setattr(os, "pwrite", fails)
            with pytest.raises(JournalError):
                await journal.append(b"the next record")
        assert isinstance(told[0], JournalError)
        if entry is not None:
            with pytest.raises(JournalError, match="no space left"):
                await entry.settled()
        await asyncio.sleep(0)
        assert index.get("d-1") is None

    asyncio.run(walk())
