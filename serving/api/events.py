"""POST /v1/events: what happened to a customer, for the next decision to know."""

import hashlib
from datetime import datetime

from nba.errors import InputError, RequestError
from nba.listen.events import check_event
from serving.call import JSON, Call
from serving.journal.records import EVENT, EventRecord, kind_of
from serving.schema import decode
from serving.schema_state import EventReply, EventRequest
from serving.server import Server


async def event(server: Server, call: Call) -> bytes:
    """Answered when it is durable; the same event again changes nothing."""
    request = decode(call.body, EventRequest)
    try:
        check_event(request.type, request.data)
    except InputError as error:
        field, _, message = str(error).partition(" ")
        raise RequestError(422, field, message, "GET /openapi.json has the types") from error
    now = server.clock()
    at = now if request.time is None else _seconds(request.time)
    key = _key(request.source, request.id)
    known = any(kind_of(payload) == EVENT for _, payload in server.journal.find(key))
    if not known:
        record = EventRecord(key, at, request.subject, request.type, request.data, call.body)
        await server.state.learn(record)
        server.metrics.cell("nba_events_total").add()
    server.state.catch_up()
    profile = server.state.customers.get(request.subject)
    told = {} if profile is None else profile.features(now)
    return JSON.encode(EventReply(request.id, not known, told))


def _key(source: str, name: str) -> str:
    """What the journal finds the event by: one text of fixed length for source and id."""
    digest = hashlib.blake2b(source.encode("utf-8", "surrogatepass"), digest_size=16)
    digest.update(b"\0" + name.encode("utf-8", "surrogatepass"))
    return f"event/{digest.hexdigest()}"


def _seconds(time: str) -> float:
    try:
        found = datetime.fromisoformat(time)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        message = f"{time[:64]!r} is no time with its zone"
        raise RequestError(422, "time", message, "write RFC 3339, like 2026-01-31T09:30:00Z")
    return found.timestamp()
