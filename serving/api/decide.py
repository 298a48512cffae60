"""POST /v1/decisions: decide, remember, answer when the record is durable."""

import asyncio

from nba.errors import RequestError
from serving.call import JSON, Call
from serving.journal.index import Entry
from serving.journal.records import encode_record, reply_of
from serving.path.asked import Asked
from serving.path.sides import decide_on_side, watching
from serving.schema import DecisionRequest, decode
from serving.server import Server


async def decide(server: Server, call: Call) -> bytes:
    """The decision of a request; the same id and request get the same answer again."""
    asked = _asked(server, call.body)
    head = asked.head
    decision_id = head.decision_id or server.new_id()
    known = head.decision_id is not None and not head.dry_run  # an id made here is a new one
    entry = server.index.get(decision_id) if known else None
    if entry is not None:
        return await _again(server, entry, call.body)
    assigned = server.store.assignment(head.use_case, head.customer.id)
    record = decide_on_side(
        asked, assigned, decision_id=decision_id, now=server.clock(), watch=server.watch
    )
    if head.dry_run:
        server.metrics.cell("nba_dry_runs_total").add()
        return JSON.encode(reply_of(record))
    write = server.journal.append(encode_record(record))
    server.index.add_decision(decision_id, write)
    answer = JSON.encode(reply_of(record))
    await asyncio.shield(write)
    server.metrics.decided(record)
    if not assigned.plain and record.training:
        versions = [served.loaded.policy.version for served in watching(assigned)]
        server.metrics.watched(record, versions)
    return answer


def _asked(server: Server, body: bytes) -> Asked:
    """The request, read by the features of the default use case, which most are for."""
    most = server.settings.max_actions
    reader = server.store.current.parts.reader
    try:
        return reader.read(body, max_actions=most)
    except RequestError:
        request = decode(body, DecisionRequest)
        assigned = server.store.assignment(request.use_case, request.customer.id)
        other = assigned.served.parts.reader
        if other is reader:
            raise
        return other.read(body, max_actions=most)


async def _again(server: Server, entry: Entry, body: bytes) -> bytes:
    """The answer that a known id got the first time; refused if the request is another one."""
    record = await server.record(entry)
    if record.request != body and _read(record.request) != _read(body):
        message = f"decision {record.decision_id!r} was made for another request"
        raise RequestError(409, "decision_id", message, "use a new id for a new decision")
    return JSON.encode(reply_of(record))


def _read(body: bytes) -> DecisionRequest:
    return decode(body, DecisionRequest)
