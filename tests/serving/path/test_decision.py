"""From a request to its record: what the policy saw, gave and said, and what if it fails."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from nba.act.decide import decide
from nba.compiled import compiled
from nba.errors import RequestError
from nba.listen.contact_features import CONTACT_CENTRE
from nba.types import Action, ActionSet, Bools, Context, Floats, Floats32
from serving.journal.records import DecisionRecord, decode_record, float32s, float64s, reply_of
from serving.path.decision import make_decision
from serving.policies.served import Served
from serving.policies.store import PolicyStore
from serving.schema import DecisionRequest, decode
from tests.serving.live_server import EXAMPLE, example, policy_file

Change = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Served:
    return PolicyStore(policy_file(tmp_path_factory.mktemp("p")), occupancy_cap=0.95).current


def made(served: Served, body: bytes = EXAMPLE, decision_id: str = "d-1") -> DecisionRecord:
    request = decode(body, DecisionRequest)
    return make_decision(request, body, served, decision_id=decision_id, now=5.0)


def body_with(change: Change) -> bytes:
    request = example()
    change(request)
    return json.dumps(request).encode()


class Failing:
    """A policy with a fault."""

    name = "failing"
    version = "f"

    def __init__(self, answer: object) -> None:
        self.answer = answer

    def probabilities(self, context: Context, actions: ActionSet) -> Floats:
        if isinstance(self.answer, Exception):
            raise self.answer
        return np.full(len(actions), self.answer)

    def batch_probabilities(self, context: Floats32, actions: Floats32, mask: Bools) -> Floats:
        raise NotImplementedError


def test_it_is_the_decision_of_the_policy_itself(served: Served) -> None:
    request = json.loads(EXAMPLE)
    context = Context("customer-4711", CONTACT_CENTRE.encode_context(request["context"]))
    open_to = [
        a for a in request["actions"] if a["id"] not in ("employee-21", "employee-23")
    ]  # one above the occupancy cap, one unavailable
    actions = ActionSet(
        tuple(
            Action(
                a["id"],
                a["kind"],
                CONTACT_CENTRE.encode_action({"kind": a["kind"], **a["features"]}),
            )
            for a in open_to
        )
    )
    policy = served.loaded.policy
    for number in range(20):
        expected = decide(policy, context, actions, decision_id=f"d-{number}")
        record = made(served, decision_id=f"d-{number}")
        reply = reply_of(record)
        assert reply.chosen.id == expected.chosen.id
        assert reply.propensity == pytest.approx(expected.propensity, abs=1e-6)
        assert [ranked.id for ranked in reply.ranked] == [name for name, _ in expected.ranked]
        shares = [share for _, share in expected.ranked]
        assert [r.probability for r in reply.ranked] == pytest.approx(shares, abs=1e-6)
    assert float32s(record.context).tolist() == context.features.astype(np.float32).tolist()
    assert (float32s(record.actions) == actions.features.astype(np.float32).ravel()).all()
    assert float64s(record.probabilities).sum() == pytest.approx(1)
    assert record.request == EXAMPLE
    assert (record.mode, record.training, record.at) == ("policy", True, 5.0)


def test_every_removed_action_has_its_rule(served: Served) -> None:
    assert made(served).excluded == {
        "employee-21": "occupancy cap: occupancy_1h 0.97 is above 0.95",
        "employee-23": "unavailable: in a team meeting",
    }


@pytest.mark.parametrize(
    "answer", [RuntimeError("lost\nits mind"), 0.4, float("nan"), -1.0, MemoryError()]
)
def test_a_failing_policy_is_replaced_by_the_safe_rule(served: Served, answer: object) -> None:
    broken = replace(served, loaded=replace(served.loaded, policy=Failing(answer)))
    record = made(broken)
    reply = reply_of(record)
    assert (reply.fallback, reply.mode, reply.policy) == (True, "rules", "safe_rule")
    assert (reply.chosen.id, reply.propensity) == ("employee-12", 1.0)  # the longest idle
    assert reply.why[0] == "the policy failed: the safe rule decided"
    assert record.fallback_reason
    assert "\n" not in record.fallback_reason
    assert record.training


def test_an_opted_out_customer_gets_the_rules_and_leaves_no_features(served: Served) -> None:
    def opt_out(request: dict[str, Any]) -> None:
        request["customer"]["consent"] = False
        request["context"] = {}  # nothing about the person need be sent

    record = made(served, body_with(opt_out))
    reply = reply_of(record)
    assert (reply.mode, reply.policy, reply.fallback) == ("rules", "safe_rule", False)
    assert reply.chosen.id == "employee-12"
    assert reply.excluded["callback"] == "consent: the customer has not consented to callback"
    assert "opted out" in reply.why[0]
    assert not record.training
    assert record.context == b""


def _at(request: dict[str, Any], place: int) -> dict[str, Any]:
    features: dict[str, Any] = request["actions"][place]["features"]
    return features


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        (lambda r: r["context"].update(mood=1), "context.mood", "unknown feature 'mood'"),
        (lambda r: r["context"].pop("hour"), "context.hour", "is absent; a number is needed"),
        (lambda r: r["context"].update(hour=25), "context.hour", "its range is [0, 24]"),
        (lambda r: r["context"].update(intent="x"), "context.intent", "use one of billing"),
        (lambda r: _at(r, 3).update(tone=1), "actions[3].features.tone", "unknown feature"),
        (
            lambda r: _at(r, 4).update(skill_mean="high"),
            "actions[4].features.skill_mean",
            "a finite number is needed",
        ),
        (
            lambda r: _at(r, 1).update(kind="queue"),
            "actions[1].features.kind",
            "a field of its own",
        ),
        (lambda r: r["actions"][2].update(id="queue"), "actions[3].id", "stands twice"),
        (
            lambda r: [a.update(unavailable="outage") for a in r["actions"]],
            "actions",
            "no action is eligible (the first: unavailable: outage",
        ),
    ],
)
def test_a_wrong_feature_is_refused_by_name(
    served: Served, change: Change, field: str, message: str
) -> None:
    with pytest.raises(RequestError) as caught:
        made(served, body_with(change))
    assert (caught.value.status, caught.value.field) == (422, field)
    assert message in caught.value.message


def test_the_server_follows_its_own_occupancy_cap(tmp_path: Path) -> None:
    strict = PolicyStore(policy_file(tmp_path), occupancy_cap=0.75).current
    assert set(made(strict).excluded) >= {"employee-07", "employee-15", "employee-21"}


@pytest.mark.skipif(compiled("serving.path._usual") is None, reason="it was not compiled")
@pytest.mark.parametrize("worth", [np.nan, np.inf, -np.inf, 1e305, -1e16])
def test_a_reward_that_is_no_number_is_told_alike(served: Served, worth: float) -> None:
    form, parts, k = served.usual, served.parts.policy, 2
    assert form is not None

    def odd(*_: object) -> tuple[Floats, Floats]:
        return np.array([0.25, 0.75]), np.array([1.0, worth])

    decision = type(form.decision)(
        form.reader, parts.explainer, odd, served.rules, parts.policy, CONTACT_CENTRE
    )
    assert form.reader.read(body_with(lambda r: r.update(actions=r["actions"][:k])), 500)
    made = decision.decide("d-1", 1.0)
    assert made is not None
    record = decode_record(made.payload)
    assert isinstance(record, DecisionRecord)
    with np.errstate(all="ignore"):
        assert msgspec.json.encode(reply_of(record)) == made.answer
