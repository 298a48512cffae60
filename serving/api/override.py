"""POST /v1/decisions/{id}/override: what an employee or supervisor did instead, and why."""

from nba.errors import RequestError
from serving.call import JSON, Call
from serving.journal.records import DecisionRecord, OverrideRecord, encode_record
from serving.schema import OverrideReply, OverrideRequest, decode
from serving.server import Server


async def override(server: Server, call: Call) -> bytes:
    """Answered when it is durable; the same again is the same, another one is refused."""
    request = decode(call.body, OverrideRequest)
    record = await server.record(server.entry(call.id))
    if request.action not in record.action_ids and request.action not in record.excluded:
        message = f"{request.action!r} is none of the decision's actions"
        remedy = f"use one of {', '.join([*record.action_ids, *record.excluded][:20])}"
        raise RequestError(422, "action", message, remedy)
    entry = server.entry(call.id)  # again: meanwhile another call may have overruled it
    known = entry.override
    if known is None:
        known = OverrideRecord(
            record.decision_id,
            server.clock(),
            record.at,
            request.action,
            request.by,
            request.role,
            request.reason,
        )
        write = server.journal.append(encode_record(known))
        server.index.add_override(entry, known, write)
        await entry.settled()
        server.metrics.cell("nba_overrides_total").add()
    elif (known.action, known.by) != (request.action, request.by):
        message = f"{known.by!r} has overruled it with {known.action!r} already"
        raise RequestError(409, "action", message, "what was done for a decision is told once")
    await entry.settled()
    return JSON.encode(told(known, record))


def told(known: OverrideRecord, record: DecisionRecord) -> OverrideReply:
    """The override as the API tells it."""
    return OverrideReply(
        record.decision_id,
        known.action,
        record.action_ids[record.chosen],
        known.by,
        known.role,
        known.reason,
        known.at,
    )
