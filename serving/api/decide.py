"""POST /v1/decisions: decide, remember, answer when the record is durable."""

import asyncio

from nba.errors import RequestError
from serving.call import JSON, Call
from serving.journal.index import Entry
from serving.journal.records import encode_record, reply_of
from serving.path.sides import decide_as_assigned, watching
from serving.schema import DecisionRequest, decode
from serving.server import Server


async def decide(server: Server, call: Call) -> bytes:
    """The decision of a request; the same id and request get the same answer again."""
    request = decode(call.body, DecisionRequest)
    check_size(request, server.settings.max_actions)
    decision_id = request.decision_id or server.new_id()
    entry = None if request.dry_run else server.index.get(decision_id)
    if entry is not None:
        return await _again(server, entry, request, call.body)
    assigned = server.store.assignment(request.use_case, request.customer.id)
    record = decide_as_assigned(
        request, call.body, assigned, decision_id=decision_id, now=server.clock()
    )
    if request.dry_run:
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


def check_size(request: DecisionRequest, max_actions: int) -> None:
    """Refuse a request with more candidates than this server scores."""
    if len(request.actions) > max_actions:
        message = f"{len(request.actions)} candidates were sent; {max_actions} are scored at most"
        raise RequestError(422, "actions", message, "send the best of them")


async def _again(server: Server, entry: Entry, request: DecisionRequest, body: bytes) -> bytes:
    """The answer that a known id got the first time; refused if the request is another one."""
    record = await server.record(entry)
    if record.request != body and decode(record.request, DecisionRequest) != request:
        message = f"decision {record.decision_id!r} was made for another request"
        raise RequestError(409, "decision_id", message, "use a new id for a new decision")
    return JSON.encode(reply_of(record))
