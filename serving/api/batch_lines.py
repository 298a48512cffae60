"""The lines of a batch, one after another: each is decided as if it had come alone."""

import asyncio
from collections.abc import Sequence
from typing import Final

from nba.errors import JournalError, RequestError
from serving.api.decide import Made, again, count, make, read_request
from serving.journal.index import Entry
from serving.journal.journal import Location
from serving.journal.records import encode_record, reply_of
from serving.path.asked import Asked
from serving.schema import DecisionReply, ErrorReply, ErrorText
from serving.server import Server

_AT_ONCE: Final = 32  # lines between two looks at what else there is to do
_Write = asyncio.Future[Location] | None  # None: a dry run


async def read_lines(
    server: Server, lines: Sequence[bytes], numbers: Sequence[int] | None = None
) -> list[Asked]:
    """The requests in lines; raises RequestError naming the line, by these numbers if given."""
    asked: list[Asked] = []
    ids: set[str] = set()
    for number, line in enumerate(lines):
        if number % _AT_ONCE == _AT_ONCE - 1:
            await asyncio.sleep(0)
        try:
            one = read_request(server, line)
            _check_new(one.head.decision_id, ids)
        except RequestError as error:
            where = f"rows[{number if numbers is None else numbers[number]}].{error.field}"
            raise RequestError(error.status, where, error.message, error.remedy) from error
        asked.append(one)
    return asked


async def decide_read(server: Server, asked: Sequence[Asked]) -> list[DecisionReply | ErrorReply]:
    """The reply to each, when all are durable; raises JournalError if there is no room for all."""
    if len(asked) > server.journal.room:
        raise JournalError("too many records wait for the disk for all of these")
    found: list[tuple[Made | Entry | RequestError, _Write]] = []
    for number, one in enumerate(asked):
        if number % _AT_ONCE == _AT_ONCE - 1:
            await asyncio.sleep(0)
        found.append(_promised(server, one))
    return [await _reply(server, one, *each) for one, each in zip(asked, found, strict=True)]


def _check_new(name: str | None, ids: set[str]) -> None:
    if name is None:
        return
    if name in ids:
        remedy = "give each decision its own id"
        raise RequestError(422, "decision_id", f"{name!r} stands twice", remedy)
    ids.add(name)


def _promised(server: Server, asked: Asked) -> tuple[Made | Entry | RequestError, _Write]:
    """A row's decision, on its way to the disk; what is known of its id; or why there is none."""
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


async def _reply(
    server: Server, asked: Asked, found: Made | Entry | RequestError, write: _Write
) -> DecisionReply | ErrorReply:
    try:
        if isinstance(found, RequestError):
            raise found
        if isinstance(found, Entry):
            return await again(server, found, asked.body)
        if write is None:
            server.metrics.cell("nba_dry_runs_total").add()
        else:
            await asyncio.shield(write)
            count(server, found)
        return reply_of(found.record)
    except RequestError as error:
        return ErrorReply(ErrorText(error.field, error.message, error.remedy))
    except JournalError as error:
        return ErrorReply(ErrorText("journal", str(error), "retry with the same decision_id"))
