"""One decision, from the request to the journal's record: the server and `nba decide` share it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nba.act.decide import draw_one
from nba.act.levers import model_of
from nba.errors import InputError, RequestError
from nba.types import Floats32
from serving.journal.records import DecisionRecord
from serving.path.asked import Asked
from serving.path.fallback import reason_of
from serving.path.parts import Chooser
from serving.policies.served import Served, under
from serving.schema import DecisionRequest


@dataclass(frozen=True, slots=True)
class _Choice:
    """What one policy said about one decision."""

    chosen: int
    probabilities: bytes  # float64 (k,)
    rewards: bytes  # float64 (k,) EUR, or empty
    why: tuple[str, ...]


def make_decision(
    request: DecisionRequest, body: bytes, served: Served, *, decision_id: str, now: float
) -> DecisionRecord:
    """The decision that this policy makes for this request and id, as the journal keeps it.

    A policy that fails is replaced by the safe rule, and the record says why. Raises RequestError
    for a request that the policy's feature spec refuses.
    """
    asked = served.parts.reader.encoded(request, body, max_actions=len(request.actions))
    return decide_asked(asked, served, decision_id=decision_id, now=now)


def decide_asked(asked: Asked, served: Served, *, decision_id: str, now: float) -> DecisionRecord:
    """The same for a request that was read with this policy's spec."""
    if not asked.ids:
        raise nothing_to_do()
    head = asked.head
    personal = head.customer.consent
    if head.levers and personal:
        served = _under(served, head.levers)
    parts = served.parts
    ids, kinds, rows, excluded, funnel = _eligible(asked, served)
    chooser = parts.policy if personal else parts.safe_rule
    reason = ""
    try:
        choice = _choose(chooser, asked.context, kinds, rows, decision_id)
    except Exception as error:  # noqa: BLE001 whatever a policy does, the request is answered
        reason = reason_of(error)
        chooser = parts.safe_rule
        choice = _choose(chooser, asked.context, kinds, rows, decision_id)
    return DecisionRecord(
        decision_id=decision_id,
        at=now,
        unit=head.customer.id,
        mode="policy" if personal and not reason else "rules",
        training=personal and not head.deferred,
        fallback_reason=reason,
        policy=chooser.policy.name,
        policy_version=chooser.policy.version,
        spec_version=parts.reader.spec.version,
        action_ids=ids,
        chosen=choice.chosen,
        chosen_kind=kinds[choice.chosen],
        probabilities=choice.probabilities,
        rewards=choice.rewards,
        context=asked.context.tobytes() if personal else b"",
        actions=rows.tobytes(),
        why=_reasons(choice.why, personal=personal, failed=reason),
        excluded=excluded,
        request=asked.body,
        use_case=head.use_case,
        baseline=head.baseline or "",
        funnel=funnel,
        levers=dict(head.levers) if personal else {},
        expected=_expected(chooser, asked.context, rows[choice.chosen]) if head.expected else None,
    )


def _under(served: Served, levers: Mapping[str, float]) -> Served:
    try:
        return under(served, levers)
    except InputError as error:
        raise RequestError(422, "levers", str(error)) from error


def _expected(chooser: Chooser, context: Floats32, row: Floats32) -> dict[str, tuple[float, float]]:
    """What the chosen action is expected to bring about; nothing if the policy learned none."""
    model = model_of(chooser.policy)
    if model is None or model.components is None:
        return {}
    return model.components.expected(model.basis, context, row)


def nothing_to_do() -> RequestError:
    """What the caller of a request without any action is told."""
    remedy = "send candidates, or roster: true to a server with employees on its roster"
    return RequestError(422, "actions", "there is no action to choose from", remedy)


def _choose(
    chooser: Chooser, context: Floats32, kinds: list[str], rows: Floats32, decision_id: str
) -> _Choice:
    probabilities, rewards = chooser.decide(context, rows)
    shares: list[float] = probabilities.tolist()
    version = chooser.policy.version
    chosen = draw_one(shares, decision_id=decision_id, version=version)
    told = None if rewards is None else rewards.tolist()
    reasons = chooser.explainer.why(kinds, rows, chosen, shares, told)
    own = b"" if rewards is None else rewards.astype("<f8", copy=False).tobytes()
    return _Choice(chosen, probabilities.astype("<f8", copy=False).tobytes(), own, reasons)


def _reasons(reasons: tuple[str, ...], *, personal: bool, failed: str) -> list[str]:
    if not personal:
        return ["the customer opted out of personalisation: the safe rule decided", *reasons[:2]]
    if failed:
        return ["the policy failed: the safe rule decided", *reasons[:2]]
    return list(reasons)


def _eligible(
    asked: Asked, served: Served
) -> tuple[list[str], list[str], Floats32, dict[str, str], dict[str, int]]:
    """Ids, kinds and rows of the actions that stay, the rule of each other one, the funnel."""
    told = asked.unavailable
    places = {i: told[name] for i, name in enumerate(asked.ids) if name in told} if told else None
    try:
        applied = served.rules.apply(
            asked.context,
            asked.actions,
            asked.kinds,
            consent=asked.head.customer.consent,
            unavailable=places,
        )
    except InputError as error:
        raise RequestError(422, "actions", str(error)) from error
    if applied.keep is None:
        return asked.ids, asked.kinds, asked.actions, {}, applied.funnel
    stay = np.flatnonzero(applied.keep).tolist()
    ids, kinds = [asked.ids[i] for i in stay], [asked.kinds[i] for i in stay]
    excluded = {asked.ids[place]: why for place, why in applied.removed.items()}
    return ids, kinds, np.ascontiguousarray(asked.actions[stay]), excluded, applied.funnel
