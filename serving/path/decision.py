"""One decision, from the request to the journal's record: the server and `nba decide` share it."""

import re
from dataclasses import dataclass
from typing import Final

import numpy as np

from nba.act.decide import drawn
from nba.act.eligibility import eligible
from nba.act.explain import predicted_rewards, why
from nba.errors import InputError, RequestError
from nba.listen.encode import FeatureSpec
from nba.types import Action, ActionSet, Context, Decision, Floats, Policy
from serving.journal.records import DecisionRecord
from serving.path.fallback import reason_of
from serving.policies.served import Served
from serving.schema import Candidate, DecisionRequest

_UNKNOWN: Final = re.compile(
    r"(?P<where>\S+) has an unknown feature '(?P<name>[^']*)'.*", re.DOTALL
)
_WRONG: Final = re.compile(r"(?P<field>\S+) is .*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Choice:
    """What one policy said about one decision."""

    decision: Decision
    probabilities: Floats  # (k,)
    rewards: Floats | None  # (k,) EUR
    why: tuple[str, ...]


def make_decision(
    request: DecisionRequest, body: bytes, served: Served, *, decision_id: str, now: float
) -> DecisionRecord:
    """The decision that this policy makes for this request and id, as the journal keeps it.

    A policy that fails is replaced by the safe rule, and the record says why. Raises RequestError
    for a request that the policy's feature spec refuses.
    """
    spec = served.loaded.card.spec
    personal = request.customer.consent
    context = _context(request, spec)
    actions, excluded = _eligible(request, served)
    policy = served.loaded.policy if personal else served.safe_rule
    reason = ""
    try:
        choice = _choose(policy, context, actions, spec, decision_id)
    except Exception as error:  # noqa: BLE001 whatever a policy does, the request is answered
        reason = reason_of(error)
        policy = served.safe_rule
        choice = _choose(policy, context, actions, spec, decision_id)
    chosen = choice.decision.chosen
    ids = [action.id for action in actions.actions]
    return DecisionRecord(
        decision_id=decision_id,
        at=now,
        unit=request.customer.id,
        mode="policy" if personal and not reason else "rules",
        training=personal and not request.deferred,
        fallback_reason=reason,
        policy=policy.name,
        policy_version=policy.version,
        spec_version=spec.version,
        action_ids=ids,
        chosen=ids.index(chosen.id),
        chosen_kind=chosen.kind,
        probabilities=choice.probabilities.astype("<f8").tobytes(),
        rewards=b"" if choice.rewards is None else choice.rewards.astype("<f8").tobytes(),
        context=context.features.astype("<f4").tobytes() if personal else b"",
        actions=actions.features.astype("<f4").tobytes(),
        why=_reasons(choice.why, personal=personal, failed=reason),
        excluded=excluded,
        request=body,
    )


def _choose(
    policy: Policy, context: Context, actions: ActionSet, spec: FeatureSpec, decision_id: str
) -> _Choice:
    probabilities = policy.probabilities(context, actions)
    decision = drawn(policy, actions, probabilities, decision_id=decision_id)
    rewards = predicted_rewards(policy, context, actions)
    place = next(i for i, action in enumerate(actions.actions) if action is decision.chosen)
    reasons = why(
        policy, context, actions, place, spec, probabilities=probabilities, rewards=rewards
    )
    return _Choice(decision, probabilities, rewards, reasons)


def _reasons(reasons: tuple[str, ...], *, personal: bool, failed: str) -> list[str]:
    if not personal:
        return ["the customer opted out of personalisation: the safe rule decided", *reasons[:2]]
    if failed:
        return ["the policy failed: the safe rule decided", *reasons[:2]]
    return list(reasons)


def _context(request: DecisionRequest, spec: FeatureSpec) -> Context:
    """The encoded context; of a customer who opted out nothing is read, and no rule looks at it."""
    if not request.customer.consent:
        return Context(request.customer.id, np.zeros(len(spec.context_names)))
    try:
        return Context(request.customer.id, spec.encode_context(request.context, where="context"))
    except InputError as error:
        raise _refusal("context", error) from error


def _eligible(request: DecisionRequest, served: Served) -> tuple[ActionSet, dict[str, str]]:
    spec = served.loaded.card.spec
    actions: list[Action] = []
    unavailable: dict[str, str] = {}
    seen: set[str] = set()
    for place, candidate in enumerate(request.actions):
        if candidate.id in seen:
            message = f"action id {candidate.id!r} stands twice"
            raise RequestError(422, f"actions[{place}].id", message, "give each action its own id")
        seen.add(candidate.id)
        if candidate.unavailable is not None:
            unavailable[candidate.id] = candidate.unavailable
        actions.append(_action(candidate, spec, f"actions[{place}]"))
    try:
        return eligible(
            actions,
            spec=spec,
            consent=request.customer.consent,
            unavailable=unavailable,
            rules=served.rules,
        )
    except InputError as error:
        raise RequestError(422, "actions", str(error)) from error


def _action(candidate: Candidate, spec: FeatureSpec, where: str) -> Action:
    if "kind" in candidate.features:
        message = "the kind of an action is a field of its own"
        raise RequestError(422, f"{where}.features.kind", message, "give it once, beside the id")
    values = {"kind": candidate.kind, **candidate.features}
    try:
        features = spec.encode_action(values, where=f"{where}.features")
        return Action(candidate.id, candidate.kind, features)
    except InputError as error:
        raise _refusal(f"{where}.features", error) from error


def _refusal(where: str, error: InputError) -> RequestError:
    """The refusal of an encoding error, whose message begins with the place it is about."""
    text = str(error)
    unknown = _UNKNOWN.fullmatch(text)
    if unknown is not None:
        return RequestError(422, f"{where}.{unknown['name']}", text)
    wrong = _WRONG.fullmatch(text)
    return RequestError(422, where if wrong is None else wrong["field"], text)
