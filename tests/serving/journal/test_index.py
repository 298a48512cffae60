"""The index knows a promised record at once and forgets one that could not be written."""

import asyncio

import pytest

from nba.errors import JournalError
from serving.journal.index import Index
from serving.journal.journal import Location
from serving.journal.records import DecisionRecord, OutcomeRecord, encode_record
from tests.serving.journal.test_records import RECORD

HERE = Location(1, 8, 100)


def test_a_promised_decision_is_waited_for() -> None:
    async def walk() -> None:
        index = Index()
        write: asyncio.Future[Location] = asyncio.get_running_loop().create_future()
        entry = index.add_decision("d-1", write)
        assert index.get("d-1") is entry
        waiting = asyncio.ensure_future(entry.settled())
        await asyncio.sleep(0)
        assert not waiting.done()
        write.set_result(HERE)
        assert await waiting == HERE

    asyncio.run(walk())


def test_a_write_that_has_just_ended_counts_before_its_callbacks_have_run() -> None:
    async def walk() -> None:
        write: asyncio.Future[Location] = asyncio.get_running_loop().create_future()
        entry = Index().add_decision("d-1", write)
        write.set_result(HERE)
        assert await entry.settled() == HERE  # without giving the loop a turn

    asyncio.run(walk())


def test_a_decision_that_could_not_be_written_is_forgotten() -> None:
    async def walk() -> None:
        index = Index()
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


def test_an_outcome_that_could_not_be_written_can_be_sent_again() -> None:
    async def walk() -> None:
        index = Index()
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


def test_it_is_rebuilt_from_records_and_the_first_outcome_counts() -> None:
    index = Index()
    outcomes = [
        OutcomeRecord("d-1", 5.0, 5.0, {"resolved": 1.0}),
        OutcomeRecord("d-1", 6.0, 6.0, {"resolved": 0.0, "wait_s": 3.0}),
        OutcomeRecord("unknown", 6.0, 6.0, {"resolved": 0.0}),
    ]
    records: list[DecisionRecord | OutcomeRecord] = [RECORD, *outcomes]
    index.rebuild((HERE, encode_record(record)) for record in records)
    entry = index.get("d-1")
    assert entry is not None
    assert entry.outcomes == {"resolved": (1.0, 5.0), "wait_s": (3.0, 6.0)}
    assert asyncio.run(entry.settled()) == HERE
    assert len(index) == 1
