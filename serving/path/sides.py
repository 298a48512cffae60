"""A decision as the plan assigns it: the policy, its safe rule or the caller acts, others watch.

Whoever acts, the record has the probabilities of that one; what a watching policy would have done
stands beside it and is never acted on.
"""

import time
from collections.abc import Callable

import msgspec
import numpy as np

from nba.errors import RequestError
from serving.journal.records import DecisionRecord, ShadowScore, float64s
from serving.path.asked import Asked
from serving.path.decision import decide_asked
from serving.path.slow import SlowWatch
from serving.policies.assignment import Assignment
from serving.policies.plan import DEFAULT
from serving.policies.served import Served
from serving.schema import DecisionRequest

Decide = Callable[[Served], DecisionRecord]


def decide_as_assigned(
    request: DecisionRequest, body: bytes, assigned: Assignment, *, decision_id: str, now: float
) -> DecisionRecord:
    """The decision for a customer on this side of the plan.

    A policy that watches and fails leaves no score: compare `record.shadow` with
    `watching(assigned)`. Raises RequestError for a request that cannot be decided.
    """
    reader = assigned.served.parts.reader
    asked = reader.encoded(request, body, max_actions=len(request.actions))
    return decide_on_side(asked, assigned, decision_id=decision_id, now=now)


def decide_on_side(
    asked: Asked,
    assigned: Assignment,
    *,
    decision_id: str,
    now: float,
    watch: SlowWatch | None = None,
) -> DecisionRecord:
    """The same for a request that was read by any spec; it is read again where one differs."""
    head = asked.head

    def by(served: Served) -> DecisionRecord:
        own = asked.by(served.parts.reader)
        if watch is None:
            return decide_asked(own, served, decision_id=decision_id, now=now)
        return _in_time(own, served, assigned.rule, watch, decision_id=decision_id, now=now)

    if assigned.plain and head.use_case == DEFAULT and not head.baseline:
        return by(assigned.served)  # the common case has no more to it
    _check_baseline(asked)
    acts = assigned.mode == "online" and assigned.control != "holdout"
    record = by(assigned.served if acts or not head.customer.consent else assigned.rule)
    changes: dict[str, object] = {"use_case": head.use_case, "baseline": head.baseline or ""}
    if head.customer.consent:
        changes |= _side(asked, record, assigned)
        changes["shadow"] = _scores(by, record, changes, watching(assigned))
    return msgspec.structs.replace(record, **changes)


def _in_time(
    asked: Asked,
    served: Served,
    rule: Served,
    watch: SlowWatch,
    *,
    decision_id: str,
    now: float,
) -> DecisionRecord:
    """The decision of a policy that is not slow; the safe rule's while a slow one is left out."""
    version = served.loaded.policy.version
    if asked.head.customer.consent and watch.rests(version):
        record = decide_asked(asked, rule, decision_id=decision_id, now=now)
        reason = f"SlowPolicy: {version} took longer than {watch.limit_s:g} s"
        why = ["the policy is slow: the safe rule decided", *record.why[:2]]
        return msgspec.structs.replace(record, mode="rules", fallback_reason=reason, why=why)
    began = time.perf_counter()
    record = decide_asked(asked, served, decision_id=decision_id, now=now)
    watch.took(version, time.perf_counter() - began)
    return record


def watching(assigned: Assignment) -> tuple[Served, ...]:
    """The policies that are scored and do not act, the one that is to act later first."""
    own = (assigned.served,) if assigned.mode in {"shadow", "apprentice"} else ()
    return (*own, *assigned.shadows)


def _side(asked: Asked, record: DecisionRecord, assigned: Assignment) -> dict[str, object]:
    """What of the record is the side's, not the deciding policy's."""
    if assigned.mode == "apprentice" or (assigned.mode == "shadow" and asked.head.baseline):
        return _callers_choice(asked, record)
    if assigned.control == "holdout":
        return {"mode": "control", "control": "holdout"}
    if assigned.mode != "online":
        return {"mode": "rules"}
    return {"control": assigned.control}


def _callers_choice(asked: Asked, record: DecisionRecord) -> dict[str, object]:
    """The caller's own choice, certain; if a rule removed it, the first action that was not."""
    wanted = asked.head.baseline or asked.ids[0]
    ids = record.action_ids
    place = ids.index(wanted) if wanted in ids else 0
    kinds = dict(zip(asked.ids, asked.kinds, strict=True))
    why = ["the caller's own choice: the policy only watches"]
    if wanted not in ids:
        why = [f"the caller's choice {wanted} was removed: the first of the others"]
    certain = np.zeros(len(ids), dtype="<f8")
    certain[place] = 1.0
    return {
        "mode": "baseline",
        "policy": "baseline",
        "policy_version": "caller",
        "chosen": place,
        "chosen_kind": kinds[ids[place]],
        "probabilities": certain.tobytes(),
        "rewards": b"",
        "why": [*why, f"{len(ids)} eligible actions were compared"],
        "fallback_reason": "",
    }


def _scores(
    by: Decide, record: DecisionRecord, changes: dict[str, object], watchers: tuple[Served, ...]
) -> list[ShadowScore]:
    taken = changes.get("chosen", record.chosen)
    assert isinstance(taken, int)
    scores: list[ShadowScore] = []
    for served in watchers:
        try:
            seen = by(served)
        except Exception:  # noqa: BLE001, S112 whatever a watcher does; the missing score is counted
            continue
        if seen.fallback_reason or seen.action_ids != record.action_ids:
            continue
        probability = float(float64s(seen.probabilities)[taken])
        chosen = seen.action_ids[seen.chosen]
        scores.append(ShadowScore(seen.policy_version, chosen, probability, seen.probabilities))
    return scores


def _check_baseline(asked: Asked) -> None:
    wanted = asked.head.baseline
    if wanted and wanted not in asked.ids:
        message = f"{wanted!r} is none of the actions"
        raise RequestError(422, "baseline", message, "name the id of the action you would take")
