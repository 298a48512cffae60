"""Replay: a recorded decision made again from its record and the policy file, bit for bit.

It takes the recorded rows through the steps that answered. On one machine an action scorer's give
the same bits, compiled or not; between machines exp and log1p may differ in their last digit. Other
policies' are numpy's, and the same on the same build of it. That these steps give what the policy's
plain form gives is the matter of other tests.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from nba.act.decide import draw_one
from nba.errors import NbaError
from nba.listen.encode import FeatureSpec
from nba.types import Floats32
from serving.journal.records import DecisionRecord, float32s, float64s
from serving.path.parts import Chooser
from serving.policies.served import Served, under


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that a replay gave otherwise than the journal says."""

    decision_id: str
    what: str
    recorded: str
    replayed: str


def replay_baseline(record: DecisionRecord) -> list[Difference]:
    """What differs where the caller chose (mode baseline): no policy file has a part in it."""
    ids, sent = record.action_ids, _sent(record)
    wanted = record.baseline or (sent[0]["id"] if sent else "")
    chosen = ids.index(wanted) if wanted in ids else 0
    certain = [float(place == chosen) for place in range(len(ids))]
    return _differences(
        record,
        {
            "action": (ids[record.chosen], ids[chosen]),
            "probabilities": (float64s(record.probabilities).tolist(), certain),
        },
    )


def replay(record: DecisionRecord, served: Served) -> list[Difference]:
    """What differs between a record and its replay; nothing if all of it is reproduced."""
    if record.levers:
        served = under(served, record.levers)
    parts, spec = served.parts, served.loaded.card.spec
    chooser = parts.policy
    if chooser.policy.version != record.policy_version:
        chooser = parts.safe_rule
    found: dict[str, tuple[object, object]] = {
        "policy version": (record.policy_version, chooser.policy.version),
        "feature spec": (record.spec_version, spec.version),
    }
    if all(recorded == replayed for recorded, replayed in found.values()):
        try:
            found |= _again(record, chooser, spec)
        except (NbaError, ArithmeticError, ValueError) as error:
            found["failure"] = ("", str(error))
    return _differences(record, found)


def versions(served: Served) -> tuple[str, str]:
    """The policy versions that a policy file can replay: its own, and its safe rule's."""
    return served.loaded.policy.version, served.safe_rule.version


def _differences(
    record: DecisionRecord, found: Mapping[str, tuple[object, object]]
) -> list[Difference]:
    return [
        Difference(record.decision_id, what, str(recorded), str(replayed))
        for what, (recorded, replayed) in found.items()
        if recorded != replayed
    ]


def _again(
    record: DecisionRecord, chooser: Chooser, spec: FeatureSpec
) -> dict[str, tuple[object, object]]:
    context = np.zeros(len(spec.context_names), dtype=np.float32)
    if record.context:
        context = float32s(record.context)
    rows = float32s(record.actions).reshape(len(record.action_ids), -1)
    probabilities, rewards = chooser.decide(context, rows)
    shares: list[float] = probabilities.tolist()
    told = None if rewards is None else rewards.tolist()
    logged: list[float] = float64s(record.probabilities).tolist()
    found: dict[str, tuple[object, object]] = {
        "probabilities": (logged, shares),
        "expected rewards": (float64s(record.rewards).tolist(), told or []),
    }
    chosen = draw_one(shares, decision_id=record.decision_id, version=chooser.policy.version)
    found["propensity"] = (logged[record.chosen], shares[chosen])
    found["action"] = (record.action_ids[record.chosen], record.action_ids[chosen])
    reasons = chooser.explainer.why(_kinds(record, rows, spec), rows, chosen, shares, told)
    # An opt-out or a failure is told first, so the last of the reasons has no room.
    first = 1 if record.fallback_reason or not record.context else 0
    found["reasons"] = (record.why[first:], list(reasons)[: len(reasons) - first])
    return found


def _kinds(record: DecisionRecord, rows: Floats32, spec: FeatureSpec) -> list[str]:
    sent = {each["id"]: each.get("kind") for each in _sent(record)}
    kinds: list[str] = []
    for place, (name, row) in enumerate(zip(record.action_ids, rows, strict=True)):
        kind = record.chosen_kind if place == record.chosen else sent.get(name)
        kinds.append(kind or str(spec.name_action(row.astype(np.float64)).get("kind", "none")))
    return kinds


def _sent(record: DecisionRecord) -> list[dict[str, Any]]:
    """The actions as the request named them."""
    request: Any = msgspec.json.decode(record.request)
    sent = request.get("actions") if isinstance(request, dict) else None
    return [each for each in sent or [] if isinstance(each, dict) and "id" in each]
