"""POST /v1/decisions: decide, remember, answer when the record is durable."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from nba.errors import JournalError, RequestError
from serving.api.usual import count_usual, usual
from serving.call import JSON, Call
from serving.journal.group import Done
from serving.journal.index import Entry
from serving.journal.records import DecisionRecord, encode_record, reply_of
from serving.path.asked import Asked, Head, Reader
from serving.path.sides import decide_on_side, watching
from serving.path.told import same_numbers
from serving.policies.assignment import Assignment
from serving.schema import DecisionReply, DecisionRequest, decode
from serving.server import Server

if TYPE_CHECKING:
    from serving.path._usual import UsualMade

Answered = Callable[[bytes | JournalError], None]


async def decide(server: Server, call: Call) -> bytes:
    """The decision of a request; the same id and request get the same answer again."""
    quick = usual(server, call.body)
    if quick is not None:
        write = server.journal.append(quick.payload)
        server.index.add_decision(quick.decision_id, write)
        await asyncio.shield(write)
        count_usual(server, quick)
        return quick.answer
    made = make(server, read_request(server, call.body))
    if isinstance(made, Entry):
        return JSON.encode(await again(server, made, call.body))
    if made.head.dry_run:
        server.metrics.cell("nba_dry_runs_total").add()
        return JSON.encode(reply_of(made.record))
    write = server.journal.append(encode_record(made.record))
    server.index.add_decision(made.record.decision_id, write)
    answer = JSON.encode(reply_of(made.record))
    await asyncio.shield(write)
    count(server, made)
    return answer


def promise(server: Server, body: bytes, answered: Answered) -> bool:
    """Decide now, and tell the answer when its record is durable, without a task.

    False, and nothing has happened, for a request that takes more: ask `decide` then. Raises
    RequestError for one that is wrong.
    """
    quick = usual(server, body)
    if quick is not None:
        own_id = quick.decision_id if quick.is_callers else None
        _write(server, quick.payload, own_id, _UsualPromised(server, quick, answered))
        return True
    asked = read_request(server, body)
    if asked.head.dry_run:
        return False
    made = make(server, asked)
    if isinstance(made, Entry):
        return False
    answer = JSON.encode(reply_of(made.record))
    promised = _Promised(answer, partial(count, server, made), answered)
    _write(server, encode_record(made.record), made.head.decision_id, promised)
    return True


class _Promised:
    """An answer that waits for its record to be durable."""

    __slots__ = ("_answer", "_answered", "_tally")

    def __init__(self, answer: bytes, tally: Callable[[], None], answered: Answered) -> None:
        self._answer, self._tally, self._answered = answer, tally, answered

    def __call__(self, found: object) -> None:
        if isinstance(found, JournalError):
            self._answered(found)
        else:
            self._tally()
            self._answered(self._answer)


class _UsualPromised:
    """The answer of a usual decision that waits for its record to be durable."""

    __slots__ = ("_answered", "_made", "_server")

    def __init__(self, server: Server, made: "UsualMade", answered: Answered) -> None:
        self._server, self._made, self._answered = server, made, answered

    def __call__(self, found: object) -> None:
        if isinstance(found, JournalError):
            self._answered(found)
        else:
            count_usual(self._server, self._made)
            self._answered(self._made.answer)


def _write(server: Server, payload: bytes, own_id: str | None, promised: Done) -> None:
    """Write a decision; one with an id of the caller's can be asked for from now on."""
    if own_id is None:  # nobody knows the id yet, so nobody asks for it meanwhile
        server.journal.write(payload, promised)
    else:
        server.index.write(own_id, payload, promised)


class Made(NamedTuple):
    """A new decision, not yet remembered."""

    head: Head
    record: DecisionRecord
    assigned: Assignment


def make(server: Server, asked: Asked) -> Made | Entry:
    """A new decision; what is known of the request's id if it is not new."""
    head = asked.head
    decision_id = head.decision_id or server.new_id()
    known = head.decision_id is not None and not head.dry_run  # an id made here is a new one
    entry = server.index.get(decision_id) if known else None
    if entry is not None:
        return entry
    assigned = server.store.assignment(head.use_case, head.customer.id)
    record = decide_on_side(
        asked, assigned, decision_id=decision_id, now=server.clock(), watch=server.watch
    )
    return Made(head, record, assigned)


def count(server: Server, made: Made) -> None:
    """Count a decision that is durable."""
    server.metrics.decided(made.record)
    if not made.assigned.plain and made.record.training:
        versions = [served.loaded.policy.version for served in watching(made.assigned)]
        server.metrics.watched(made.record, versions)


def read_request(server: Server, body: bytes) -> Asked:
    """The request, read by the features of the default use case, which most are for."""
    most, state = server.settings.max_actions, server.state
    reader = server.store.current.parts.reader
    state.catch_up()
    try:
        asked = reader.read(body, max_actions=most)
    except RequestError:
        asked = _read_again(server, body, reader)
    if not asked.head.roster and not len(state.customers):
        return asked  # the common case needs nothing of what the server knows
    return state.completed(asked, now=server.clock(), most=most)


def _read_again(server: Server, body: bytes, reader: Reader) -> Asked:
    """A request that the default's features refuse: of another use case, or with a profile."""
    request = decode(body, DecisionRequest)
    most = server.settings.max_actions
    assigned = server.store.assignment(request.use_case, request.customer.id)
    other = assigned.served.parts.reader
    if server.state.customers.get(request.customer.id) is not None:
        return server.state.read(body, other, now=server.clock(), most=most)
    if other is reader:
        return reader.encoded(request, body, max_actions=most)  # which refuses it again
    return other.read(body, max_actions=most)


async def again(server: Server, entry: Entry, body: bytes) -> DecisionReply:
    """The answer that a known id got the first time; refused if the request is another one."""
    record = await server.record(entry)
    if not _is_same(server, entry, record.request, body):
        message = f"decision {record.decision_id!r} was made for another request"
        raise RequestError(409, "decision_id", message, "use a new id for a new decision")
    return reply_of(record)


def _is_same(server: Server, entry: Entry, first: bytes, body: bytes) -> bool:
    if first == body or _read(first) == _read(body):
        return True
    reader = server.store.current.parts.reader
    return entry.row >= 0 and same_numbers(first, body, reader)


def _read(body: bytes) -> DecisionRequest:
    return decode(body, DecisionRequest)
