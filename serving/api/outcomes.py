"""POST /v1/outcomes: what came back for a decision, each component once."""

from nba.errors import RequestError
from serving.call import JSON, Call
from serving.journal.records import OutcomeRecord, encode_record
from serving.schema import OutcomeReply, OutcomeRequest, decode
from serving.server import Server


async def outcome(server: Server, call: Call) -> bytes:
    """Answered when the new components are durable."""
    request = decode(call.body, OutcomeRequest)
    known = server.store.current.loaded.card.objective.weights
    for name in request.components:
        if name not in known:
            message = f"outcome component {name!r} is unknown"
            remedy = f"use {', '.join(known)}"
            raise RequestError(422, f"components.{name}", message, remedy)
    entry = server.entry(request.decision_id)
    new = {n: v for n, v in request.components.items() if n not in entry.outcomes}
    for name, value in request.components.items():
        if name not in new and entry.outcomes[name][0] != value:
            message = f"{name} is already known as {entry.outcomes[name][0]:g}"
            remedy = "what came back for a decision is recorded once"
            raise RequestError(409, f"components.{name}", message, remedy)
    if new:
        now = server.clock()
        at = now if request.at is None else request.at
        record = OutcomeRecord(request.decision_id, at, now, new)
        write = server.journal.append(encode_record(record))
        server.index.add_outcome(entry, record, write)
    await entry.settled()
    server.metrics.cell("nba_outcomes_total").add(len(new))
    already = [name for name in request.components if name not in new]
    return JSON.encode(OutcomeReply(request.decision_id, list(new), already))
