"""A rank call is a decision: its request as POST /v1/decisions takes it, and its reply back."""

import hashlib
import re
from collections.abc import Iterator
from typing import Final

from nba.errors import RequestError
from serving.personalizer.mapping import FeatureMap, found_at
from serving.personalizer.wire import RankedAction, RankReply, RankRequest
from serving.schema import DecisionReply

_DECISION_ID: Final = re.compile(r"[A-Za-z0-9._:~-]{1,128}")


def decision_id_of(event_id: str) -> str:
    """The decision id of an event: the same text if it can be one, a digest of it otherwise.

    >>> decision_id_of("75269AD0-BFEE-4598-8196-C57383D38E10")
    '75269AD0-BFEE-4598-8196-C57383D38E10'
    >>> decision_id_of("page 7/left")
    'event-ac88f45cd6d0c8e7e1c9eb3d55cae586'
    """
    if _DECISION_ID.fullmatch(event_id):
        return event_id
    return f"event-{hashlib.sha256(event_id.encode()).hexdigest()[:32]}"


def decision_request(asked: RankRequest, event_id: str, features: FeatureMap) -> dict[str, object]:
    """The decision that a rank call asks for; raises RequestError 400 for what cannot be mapped.

    The first action that is not excluded is the baseline, what the application does by itself.
    """
    sent = asked.context_features or []
    excluded = set(asked.excluded_actions or ())
    stays = [action.id for action in asked.actions if action.id not in excluded]
    if not stays:
        raise RequestError(400, "excludedActions", "every action is excluded", "leave one in")
    customer = found_at(features.customer, sent) if features.customer else event_id
    consent = found_at(features.consent, sent) if features.consent else True
    if not isinstance(customer, str | int) or isinstance(consent, str):
        path = features.consent if isinstance(consent, str) else features.customer
        message = f"contextFeatures has no customer or consent at {path!r}"
        raise RequestError(400, "contextFeatures", message, "send an id and true or false")
    request: dict[str, object] = {
        "decision_id": decision_id_of(event_id),
        "customer": {"id": str(customer), "consent": consent is True},
        "context": features.context_values(sent),
        "actions": list(_candidates(asked, excluded, features)),
        "baseline": stays[0],
        "use_case": features.use_case,
    }
    if asked.defer_activation:
        request["deferred"] = True
    return request


def rank_reply(asked: RankRequest, event_id: str, decided: DecisionReply) -> RankReply:
    """The chosen action first, the others by their probability, the rest where they stood."""
    chosen = decided.chosen.id
    ranked = sorted(decided.ranked, key=lambda action: action.id != chosen)
    rest = iter([RankedAction(action.id, action.probability) for action in ranked])
    eligible = {action.id for action in decided.ranked}
    ranking = [
        next(rest) if action.id in eligible else RankedAction(action.id, 0.0)
        for action in asked.actions
    ]
    return RankReply(ranking, event_id, chosen)


def _candidates(
    asked: RankRequest, excluded: set[str], features: FeatureMap
) -> Iterator[dict[str, object]]:
    for place, action in enumerate(asked.actions):
        kind, values = features.action_values(action.features, place)
        candidate: dict[str, object] = {"id": action.id, "kind": kind, "features": values}
        if action.id in excluded:
            candidate["unavailable"] = "excluded by the application"
        yield candidate
