"""Replay: a recorded decision made again from its record and the policy file, bit for bit.

It does not share the server's fast path: it asks the policy by its plainest form, so that it also
proves the path that answered.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from nba.act.decide import drawn
from nba.act.explain import predicted_rewards, why
from nba.errors import NbaError
from nba.listen.encode import FeatureSpec
from nba.types import Action, ActionSet, Context, Policy
from serving.journal.records import DecisionRecord, float32s, float64s
from serving.path.fallback import safe_rule
from serving.policies.served import Served


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
    spec = served.loaded.card.spec
    policy = served.loaded.policy
    if policy.version != record.policy_version:
        policy = safe_rule(spec)
    found: dict[str, tuple[object, object]] = {
        "policy version": (record.policy_version, policy.version),
        "feature spec": (record.spec_version, spec.version),
    }
    if all(recorded == replayed for recorded, replayed in found.values()):
        try:
            found |= _again(record, policy, spec)
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
    record: DecisionRecord, policy: Policy, spec: FeatureSpec
) -> dict[str, tuple[object, object]]:
    context = Context(record.unit, np.zeros(len(spec.context_names)))
    if record.context:
        context = Context(record.unit, float32s(record.context).astype(np.float64))
    actions = _actions(record, spec)
    probabilities = policy.probabilities(context, actions)
    rewards = predicted_rewards(policy, context, actions)
    logged = float64s(record.probabilities)
    found: dict[str, tuple[object, object]] = {
        "probabilities": (logged.tolist(), probabilities.tolist()),
        "expected rewards": (
            float64s(record.rewards).tolist(),
            [] if rewards is None else rewards.tolist(),
        ),
    }
    decision = drawn(policy, actions, probabilities, decision_id=record.decision_id)
    chosen = record.action_ids.index(decision.chosen.id)
    found["propensity"] = (float(logged[record.chosen]), decision.propensity)
    reasons = why(
        policy, context, actions, chosen, spec, probabilities=probabilities, rewards=rewards
    )
    found["action"] = (record.action_ids[record.chosen], record.action_ids[chosen])
    # An opt-out or a failure is told first, so the last of the reasons has no room.
    first = 1 if record.fallback_reason or not record.context else 0
    found["reasons"] = (record.why[first:], list(reasons)[: len(reasons) - first])
    return found


def _actions(record: DecisionRecord, spec: FeatureSpec) -> ActionSet:
    rows = float32s(record.actions).astype(np.float64).reshape(len(record.action_ids), -1)
    kinds = {each["id"]: each.get("kind") for each in _sent(record)}
    actions = []
    for place, (name, row) in enumerate(zip(record.action_ids, rows, strict=True)):
        kind = record.chosen_kind if place == record.chosen else kinds.get(name)
        actions.append(Action(name, kind or str(spec.name_action(row).get("kind", "none")), row))
    return ActionSet(tuple(actions))


def _sent(record: DecisionRecord) -> list[dict[str, Any]]:
    """The actions as the request named them."""
    request: Any = msgspec.json.decode(record.request)
    sent = request.get("actions") if isinstance(request, dict) else None
    return [each for each in sent or [] if isinstance(each, dict) and "id" in each]
