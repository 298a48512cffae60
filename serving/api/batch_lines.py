"""The lines of a batch, one after another: each is decided as if it had come alone."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, TypeVar, cast

import msgspec

from nba.errors import JournalError, RequestError
from serving.api.decide import Made, again, count, make, read_request
from serving.api.usual import count_usual, usual
from serving.call import JSON
from serving.journal.index import Entry
from serving.journal.journal import Location
from serving.journal.records import encode_record, reply_of
from serving.path.asked import Asked
from serving.schema import DecisionReply, ErrorReply, ErrorText
from serving.server import Server

if TYPE_CHECKING:
    from serving.path._usual import UsualMade

    _Found = Made | UsualMade | Entry | RequestError
_AT_ONCE: Final = 32  # lines between two looks at what else there is to do
_Reply = DecisionReply | ErrorReply | msgspec.Raw
_Read = TypeVar("_Read")
_Write = asyncio.Future[Location] | None  # None: a dry run


async def read_lines(
    server: Server, lines: Sequence[bytes], numbers: Sequence[int] | None = None
) -> list[Asked]:
    """The requests in lines; raises RequestError naming the line, by these numbers if given."""
    ids: set[str] = set()

    def read(line: bytes) -> Asked:
        asked = read_request(server, line)
        _check_new(asked.head.decision_id, ids)
        return asked

    return await _each(lines, numbers, read)


async def answer_lines(server: Server, lines: Sequence[bytes]) -> list[bytes]:
    """The answer to each line, when all are durable; errors as of `read_lines`, `decide_read`.

    A usual decision has no effect before it is written, so it is made where its line is read.
    """
    ids: set[str] = set()

    def read(line: bytes) -> "UsualMade | Asked":
        made = usual(server, line)
        if made is not None:
            _check_new(made.decision_id if made.is_callers else None, ids)
            return made
        asked = read_request(server, line)
        _check_new(asked.head.decision_id, ids)
        return asked

    found = await _each(lines, None, read)
    return [JSON.encode(reply) for reply in await _decided(server, found)]


async def _each(
    lines: Sequence[bytes], numbers: Sequence[int] | None, read: Callable[[bytes], _Read]
) -> list[_Read]:
    found: list[_Read] = []
    for number, line in enumerate(lines):
        if number % _AT_ONCE == _AT_ONCE - 1:
            await asyncio.sleep(0)
        try:
            found.append(read(line))
        except RequestError as error:
            where = f"rows[{number if numbers is None else numbers[number]}].{error.field}"
            raise RequestError(error.status, where, error.message, error.remedy) from error
    return found


async def decide_read(server: Server, asked: Sequence[Asked]) -> list[DecisionReply | ErrorReply]:
    """The reply to each, when all are durable; raises JournalError if there is no room for all."""
    found = await _decided(server, asked)
    return cast(list[DecisionReply | ErrorReply], found)  # only usual ones are answered in bytes


async def _decided(server: Server, asked: "Sequence[UsualMade | Asked]") -> list[_Reply]:
    if len(asked) > server.journal.room:
        raise JournalError("too many records wait for the disk for all of these")
    found: list[tuple[_Found, _Write]] = []
    for number, one in enumerate(asked):
        if number % _AT_ONCE == _AT_ONCE - 1:
            await asyncio.sleep(0)
        found.append(_promised(server, one))
    return [await _reply(server, one.body, *each) for one, each in zip(asked, found, strict=True)]


def _check_new(name: str | None, ids: set[str]) -> None:
    if name is None:
        return
    if name in ids:
        remedy = "give each decision its own id"
        raise RequestError(422, "decision_id", f"{name!r} stands twice", remedy)
    ids.add(name)


def _promised(server: Server, asked: "UsualMade | Asked") -> tuple["_Found", _Write]:
    """A row's decision, on its way to the disk; what is known of its id; or why there is none."""
    if not isinstance(asked, Asked):
        if not asked.is_callers:
            return asked, server.journal.append(asked.payload)
        entry = server.index.get(asked.decision_id)  # it may have come meanwhile
        if entry is not None:
            return entry, None
        write = server.journal.append(asked.payload)
        server.index.add_decision(asked.decision_id, write)
        return asked, write
    try:
        made = make(server, asked)
    except RequestError as error:
        return error, None
    if isinstance(made, Entry) or asked.head.dry_run:
        return made, None
    write = server.journal.append(encode_record(made.record))
    if asked.head.decision_id is not None:
        server.index.add_decision(made.record.decision_id, write)
    return made, write


async def _reply(server: Server, body: bytes, found: "_Found", write: _Write) -> _Reply:
    try:
        if isinstance(found, RequestError):
            raise found
        if isinstance(found, Entry):
            return await again(server, found, body)
        if write is not None:
            await asyncio.shield(write)
        if not isinstance(found, Made):
            count_usual(server, found)
            return msgspec.Raw(found.answer)
        if write is None:
            server.metrics.cell("nba_dry_runs_total").add()
        else:
            count(server, found)
        return reply_of(found.record)
    except RequestError as error:
        return ErrorReply(ErrorText(error.field, error.message, error.remedy))
    except JournalError as error:
        return ErrorReply(ErrorText("journal", str(error), "retry with the same decision_id"))
