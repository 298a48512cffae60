"""GET /v1/decisions/{id}: the record of a decision, and what came back."""

import msgspec

from serving.api.override import told
from serving.call import JSON, Call
from serving.journal.records import reply_of
from serving.schema import DecisionTrace, OutcomeKnown
from serving.server import Server


async def trace(server: Server, call: Call) -> bytes:
    """A decision as the journal holds it."""
    entry = server.entry(call.id)
    record = await server.record(entry)
    outcomes = [OutcomeKnown(name, *found) for name, found in entry.outcomes.items()]
    found = DecisionTrace(
        at=record.at,
        training=record.training or entry.activated,
        spec_version=record.spec_version,
        fallback_reason=record.fallback_reason,
        funnel=record.funnel,
        levers=record.levers,
        control=record.control,
        request=msgspec.Raw(record.request),
        reply=reply_of(record),
        outcomes=outcomes,
        override=None if entry.override is None else told(entry.override, record),
    )
    return JSON.encode(found)
