"""POST /rank, /events/{id}/reward and /events/{id}/activate: Azure Personalizer's single slot."""

from dataclasses import replace

import msgspec

from nba.errors import RequestError
from serving.api.activate import activate, inactive
from serving.api.decide import decide
from serving.api.outcomes import outcome
from serving.call import JSON, Answer, Call
from serving.personalizer.translate import decision_id_of, decision_request, rank_reply
from serving.personalizer.wire import RankRequest, RewardRequest, decode_wire
from serving.schema import DecisionReply
from serving.server import Server


async def rank(server: Server, call: Call) -> Answer:
    """The action to show; the same event and request get the same answer again."""
    asked = decode_wire(call.body, RankRequest)
    event_id = asked.event_id or server.new_id()
    request = decision_request(asked, event_id, server.feature_map)
    reply = await decide(server, replace(call, body=JSON.encode(request)))
    decided = msgspec.json.decode(reply, type=DecisionReply)
    return Answer(JSON.encode(rank_reply(asked, event_id, decided)), 201)


async def reward(server: Server, call: Call) -> Answer:
    """The first reward of an active event is its outcome; later ones change nothing."""
    value = decode_wire(call.body, RewardRequest).value
    component = _component(server)
    decision_id = decision_id_of(call.id)
    record = await server.record(server.entry(decision_id))
    entry = server.entry(decision_id)  # again: meanwhile another reward may have come
    active = not inactive(record) or entry.activated
    if active and component not in entry.outcomes:
        told = {"decision_id": decision_id, "components": {component: value}}
        await outcome(server, replace(call, body=JSON.encode(told)))
    await entry.settled()
    return Answer(b"", 204)


async def activate_event(server: Server, call: Call) -> Answer:
    """The event's action was shown: from now on its reward counts."""
    return await activate(server, replace(call, id=decision_id_of(call.id)))


def _component(server: Server) -> str:
    """The outcome component that a reward is."""
    weights = list(server.store.current.loaded.card.objective.weights)
    named = server.feature_map.reward_component
    if named or len(weights) == 1:
        return named or weights[0]
    message = f"the policy's outcome has the components {', '.join(weights)}"
    raise RequestError(400, "value", message, "name one as reward_component in the feature map")
