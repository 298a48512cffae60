"""POST /v1/decisions/{id}/activate: a deferred decision was shown, so it is one to learn from."""

import msgspec

from nba.errors import RequestError
from serving.call import Answer, Call
from serving.journal.records import ActivationRecord, DecisionRecord, encode_record
from serving.schema import DecisionRequest, decode
from serving.server import Server


async def activate(server: Server, call: Call) -> Answer:
    """Answered when it is durable; again, or for a decision that was not deferred, it is done."""
    record = await server.record(server.entry(call.id))
    entry = server.entry(call.id)  # again: meanwhile another call may have activated it
    if not entry.activated and inactive(record):
        now, wait_s = server.clock(), server.feature_map.reward_wait_s
        if now > record.at + wait_s:
            message = f"decision {record.decision_id!r} is older than {wait_s:g} s"
            raise RequestError(409, "decision_id", message, "activate a decision when it is shown")
        shown = encode_record(msgspec.structs.replace(record, training=True))
        activation = ActivationRecord(record.decision_id, now, shown)
        write = server.journal.append(encode_record(activation))
        server.index.add_activation(entry, record.decision_id, write)
    await entry.settled()
    return Answer(b"", 204)


def inactive(record: DecisionRecord) -> bool:
    """Whether a decision waits to be activated: it was deferred, and the customer agreed."""
    if record.training:
        return False
    request = decode(record.request, DecisionRequest)
    return request.deferred and request.customer.consent
