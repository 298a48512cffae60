"""The roster's calls: an employee is put on it, told anew, listed, taken off it."""

import re
from typing import Final

from nba.errors import InputError, RequestError
from serving.call import JSON, Answer, Call
from serving.journal.records import EmployeeRecord
from serving.schema import decode
from serving.schema_state import EmployeeReply, EmployeeRequest, RosterReply
from serving.server import Server
from serving.state.roster import encoded

_FEELING: Final = re.compile(r"emotion|sentiment|mood|stress|feeling|anger|happi", re.IGNORECASE)
_TICK_S: Final = 1e-6
_NAMED: Final = re.compile(
    r"features(?:\.(?P<name>\S+) is| has an unknown feature '(?P<new>[^']*)').*"
)


async def put_employee(server: Server, call: Call) -> bytes:
    """PUT: answered when it is durable; the next decision of any worker knows it."""
    request = decode(call.body, EmployeeRequest)
    record = EmployeeRecord(
        id=_id(call),
        at=_after(server, call.id),
        available=request.available,
        reason=request.reason,
        features=request.features,
        skills=request.skills,
        idle_since=request.idle_since,
        break_ended=request.break_ended,
        shift_ends=request.shift_ends,
    )
    _check(server, record)
    await server.state.learn(record)
    return JSON.encode(_told(record))


async def remove_employee(server: Server, call: Call) -> Answer:
    """DELETE: the employee is offered no more; what was decided stays in the journal."""
    _known(server, call)
    gone = EmployeeRecord(_id(call), _after(server, call.id), False, "", {}, {}, gone=True)
    await server.state.learn(gone)
    return Answer(b"", 204)


async def employee(server: Server, call: Call) -> bytes:
    """GET: one employee."""
    return JSON.encode(_told(_known(server, call)))


async def employees(server: Server, _call: Call) -> bytes:
    """GET: everybody."""
    server.state.catch_up()
    found = sorted(server.state.roster.employees.values(), key=lambda record: record.id)
    return JSON.encode(RosterReply([_told(record) for record in found]))


def _id(call: Call) -> str:
    if len(call.id) > 200:
        message = f"an id of {len(call.id)} characters is too long"
        raise RequestError(422, "id", message, "use at most 200")
    return call.id


def _after(server: Server, name: str) -> float:
    """Now, and after all that is known of this employee, also if the clock was put back."""
    server.state.catch_up()
    known = server.state.roster.employees.get(name)
    return server.clock() if known is None else max(server.clock(), known.at + _TICK_S)


def _known(server: Server, call: Call) -> EmployeeRecord:
    server.state.catch_up()
    found = server.state.roster.employees.get(call.id)
    if found is None:
        message = f"employee {call.id[:128]!r} is unknown here"
        raise RequestError(404, "id", message, "PUT the employee first")
    return found


def _check(server: Server, record: EmployeeRecord) -> None:
    for name in record.features:
        if _FEELING.search(name):
            message = "what an employee feels is not read here"
            raise RequestError(422, f"features.{name}", message, "send facts about the work")
    spec = server.store.current.loaded.card.spec
    intents = next((f.levels for f in spec.context if f.name == "intent"), ())
    for intent in record.skills:
        if intent not in intents:
            message = f"intent {intent!r} is unknown"
            raise RequestError(422, f"skills.{intent}", message, f"use {', '.join(intents)}")
    try:
        encoded(record, spec)
    except InputError as error:
        found = _NAMED.match(str(error))
        name = (found["name"] or found["new"]) if found else ""
        where = f"features.{name}" if name else "features"
        raise RequestError(422, where, str(error)) from error


def _told(record: EmployeeRecord) -> EmployeeReply:
    return EmployeeReply(
        record.id,
        record.at,
        record.available,
        record.reason,
        record.features,
        record.skills,
        record.idle_since,
        record.break_ended,
        record.shift_ends,
    )
