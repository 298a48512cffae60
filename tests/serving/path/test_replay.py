"""Every recorded decision can be made again: action, propensity and reasons, bit for bit."""

import json
from collections.abc import Callable
from dataclasses import replace as changed
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from nba.act.longest_idle import LongestIdle
from nba.act.uniform import Uniform
from nba.listen.contact_features import CONTACT_CENTRE
from nba.listen.encode import Feature
from nba.types import Bools, Floats, Floats32, Policy
from serving.journal.records import DecisionRecord, float64s
from serving.path.decision import make_decision
from serving.path.replay import replay, replay_baseline
from serving.path.sides import decide_as_assigned
from serving.policies.assignment import make_lane
from serving.policies.plan import Mode, UseCase
from serving.policies.served import Served, load_served
from serving.policies.store import PolicyStore
from serving.schema import DecisionRequest, decode
from tests.nba.act.sample_policies import scorer
from tests.serving.live_server import example, policy_file

POLICIES: dict[str, Callable[[], Policy]] = {
    "scorer": scorer,
    "longest_idle": lambda: LongestIdle(CONTACT_CENTRE),
    "uniform": Uniform,
}


def value(feature: Feature, rng: np.random.Generator) -> object:
    if feature.levels:
        return str(rng.choice(feature.levels))
    if feature.default is not None and rng.random() < 0.3:
        return None
    return feature.low + (feature.high - feature.low) * float(rng.choice([rng.random(), 0.0, 1.0]))


def body(rng: np.random.Generator) -> bytes:
    """A random request: some without consent, some actions unavailable or too busy."""
    spec = CONTACT_CENTRE
    sent = example()
    sent["customer"] = {"id": f"c-{rng.integers(9)}", "consent": bool(rng.random() < 0.8)}
    sent["context"] = {feature.name: value(feature, rng) for feature in spec.context}
    pool: list[dict[str, Any]] = sent["actions"]
    queue = [action for action in pool if action["kind"] == "queue"][:1]
    actions = []
    for number in range(rng.integers(1, 12)):
        action = json.loads(json.dumps(pool[rng.integers(len(pool))]))
        action["id"] = f"a-{number}"
        for feature in spec.action:
            if feature.name in action["features"] and rng.random() < 0.5:
                action["features"][feature.name] = value(feature, rng)
        if rng.random() < 0.1:
            action["unavailable"] = "on leave"
        actions.append(action)
    sent["actions"] = actions + queue
    return json.dumps(sent).encode()


@pytest.fixture(scope="module", params=POLICIES)
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Served:
    folder: Path = tmp_path_factory.mktemp("policy")
    path = policy_file(folder, POLICIES[request.param]())
    return PolicyStore(path, occupancy_cap=0.9).current


def made(served: Served, raw: bytes, name: str) -> DecisionRecord:
    return make_decision(decode(raw, DecisionRequest), raw, served, decision_id=name, now=1.0)


def test_random_decisions_are_reproduced(served: Served) -> None:
    rng = np.random.default_rng(7)
    modes: set[tuple[str, bool]] = set()
    excluded = 0
    for number in range(150):
        record = made(served, body(rng), f"d-{number}")
        assert replay(record, served) == []
        modes.add((record.mode, record.training))
        excluded += len(record.excluded)
    assert modes == {("policy", True), ("rules", False)}
    assert excluded > 20


class Broken(Uniform):
    """A policy that fails."""

    def batch_probabilities(self, context: Floats32, actions: Floats32, mask: Bools) -> Floats:
        raise ArithmeticError(f"{len(context)} decisions are too many: {actions.shape}, {mask}")


def test_a_fallback_is_reproduced_from_the_policy_file_it_replaced(served: Served) -> None:
    broken = changed(served, loaded=changed(served.loaded, policy=Broken()))
    rng = np.random.default_rng(8)
    for number in range(40):
        record = made(broken, body(rng), f"d-{number}")
        assert record.mode == "rules"
        assert replay(record, served) == []


@pytest.mark.parametrize(
    ("field", "what"),
    [
        ("chosen", {"action", "propensity", "reasons"}),
        ("probabilities", {"probabilities"}),
        ("why", {"reasons"}),
        ("decision_id", {"action", "propensity"}),
        ("policy_version", {"policy version"}),
        ("spec_version", {"feature spec"}),
        ("context", {"probabilities"}),
    ],
)
def test_what_was_changed_is_told(
    field: str, what: set[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = policy_file(tmp_path_factory.mktemp("policy"))
    served = PolicyStore(path, occupancy_cap=0.95).current
    record = made(served, json.dumps(example()).encode(), "d-1")
    probabilities = float64s(record.probabilities).copy()
    probabilities[0] = np.nextafter(probabilities[0], 1.0)
    raw = record.request
    names = (f"d-{number}" for number in range(2, 99))
    another = next(n for n in names if made(served, raw, n).chosen != record.chosen)
    values: dict[str, object] = {
        "chosen": (record.chosen + 1) % len(record.action_ids),
        "probabilities": probabilities.tobytes(),
        "why": ["because", *record.why[1:]],
        "decision_id": another,
        "policy_version": "0" * 12,
        "spec_version": "0" * 12,
        "context": b"\0" * len(record.context),
    }
    other = msgspec.structs.replace(record, **{field: values[field]})
    found = {difference.what for difference in replay(other, served)}
    assert found & what, found


@pytest.mark.parametrize("mode", ["online", "apprentice", "shadow", "off"])
def test_every_side_of_a_plan_is_reproduced(
    mode: Mode, tmp_path_factory: pytest.TempPathFactory
) -> None:
    served = load_served(policy_file(tmp_path_factory.mktemp("policy")), occupancy_cap=0.9)
    use = UseCase(served.loaded.policy.version, mode=mode, holdout=0.5)
    lane = make_lane("default", use, {use.active: served})
    rng = np.random.default_rng(9)
    for number in range(40):
        raw = body(rng)
        request = decode(raw, DecisionRequest)
        record = decide_as_assigned(
            request, raw, lane.assignment(request.customer.id), decision_id=f"d-{number}", now=1.0
        )
        found = replay_baseline(record) if record.mode == "baseline" else replay(record, served)
        assert found == []


def test_a_baseline_that_was_changed_is_told(tmp_path_factory: pytest.TempPathFactory) -> None:
    served = load_served(policy_file(tmp_path_factory.mktemp("policy")), occupancy_cap=0.9)
    use = UseCase(served.loaded.policy.version, mode="apprentice")
    raw = json.dumps(example()).encode()
    record = decide_as_assigned(
        decode(raw, DecisionRequest),
        raw,
        make_lane("default", use, {use.active: served}).assignment("c"),
        decision_id="d-1",
        now=1.0,
    )
    assert replay_baseline(record) == []
    other = msgspec.structs.replace(record, chosen=record.chosen + 1)
    assert {difference.what for difference in replay_baseline(other)} == {"action"}
