"""Each side of the plan: who acts, what is logged as whose choice, and what only watches."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nba.act.bundle import Card, save_policy
from nba.act.uniform import Uniform
from nba.errors import RequestError
from nba.listen.contact_features import CONTACT_CENTRE
from nba.types import Bools, Floats, Floats32, Policy
from serving.journal.records import DecisionRecord, float64s
from serving.path.decision import make_decision
from serving.path.sides import decide_as_assigned
from serving.policies.assignment import make_lane
from serving.policies.plan import Canary, Mode, UseCase
from serving.policies.served import Served, load_served
from serving.schema import DecisionRequest, decode
from tests.nba.act.sample_policies import scorer
from tests.serving.asgi import desk
from tests.serving.live_server import example


class Broken(Uniform):
    """A policy that fails on every decision."""

    def batch_probabilities(self, context: Floats32, actions: Floats32, mask: Bools) -> Floats:
        raise ArithmeticError(f"{actions.shape[1]} actions are too many")


def load(folder: Path, policy: Policy) -> Served:
    save_policy(folder / "p.nba", policy, Card(CONTACT_CENTRE))
    return load_served(folder / "p.nba", occupancy_cap=0.95)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Served]:
    folder = tmp_path_factory.mktemp("policies")
    found = [load(folder, policy) for policy in (scorer(0), scorer(1), Uniform())]
    return {served.loaded.policy.version: served for served in found}


def decided(loaded: dict[str, Served], use: UseCase, **changed: object) -> DecisionRecord:
    body = json.dumps(example(**changed)).encode()
    request = decode(body, DecisionRequest)
    assigned = make_lane("default", use, loaded).assignment(request.customer.id)
    return decide_as_assigned(request, body, assigned, decision_id="d-1", now=1.0)


def alone(served: Served) -> DecisionRecord:
    body = json.dumps(example()).encode()
    request = decode(body, DecisionRequest)
    return make_decision(request, body, served, decision_id="d-1", now=1.0)


def test_online_without_sides_is_the_policys_own_decision(loaded: dict[str, Served]) -> None:
    active = next(iter(loaded))
    assert decided(loaded, UseCase(active)) == alone(loaded[active])


def test_the_canary_decides_for_its_share_and_is_marked(loaded: dict[str, Served]) -> None:
    active, canary, _ = loaded
    record = decided(loaded, UseCase(active, canary=Canary(canary, 1.0)))
    assert (record.control, record.mode, record.policy_version) == ("canary", "policy", canary)
    assert record.probabilities == alone(loaded[canary]).probabilities


def test_the_held_out_get_the_safe_rule_with_its_own_propensity(loaded: dict[str, Served]) -> None:
    active = next(iter(loaded))
    record = decided(loaded, UseCase(active, holdout=1.0))
    assert (record.control, record.mode, record.policy) == ("holdout", "control", "safe_rule")
    assert float64s(record.probabilities)[record.chosen] == 1.0
    assert record.fallback_reason == ""
    assert record.training


def test_switched_off_the_rules_answer_and_nothing_watches(loaded: dict[str, Served]) -> None:
    record = decided(loaded, UseCase(next(iter(loaded)), mode="off"))
    assert (record.mode, record.policy, record.shadow) == ("rules", "safe_rule", [])


@pytest.mark.parametrize("baseline", [None, "emp-7"])
def test_in_shadow_the_rules_or_the_caller_answer_and_the_policies_are_scored(
    loaded: dict[str, Served], baseline: str | None
) -> None:
    active, _, other = loaded
    ids = alone(loaded[active]).action_ids
    named = None if baseline is None else ids[-1]
    record = decided(loaded, UseCase(active, mode="shadow", shadows=[other]), baseline=named)
    assert record.mode == ("rules" if named is None else "baseline")
    assert [score.policy_version for score in record.shadow] == [active, other]
    own = alone(loaded[active])
    first = record.shadow[0]
    assert first.probabilities == own.probabilities
    assert first.chosen == own.action_ids[own.chosen]
    assert first.probability == float64s(own.probabilities)[record.chosen]
    if named is not None:
        assert record.action_ids[record.chosen] == record.baseline == named


def test_an_apprentice_returns_the_callers_choice_and_the_first_action_by_default(
    loaded: dict[str, Served],
) -> None:
    use = UseCase(next(iter(loaded)), mode="apprentice")
    ids = alone(next(iter(loaded.values()))).action_ids
    for named in (None, *ids):
        record = decided(loaded, use, baseline=named)
        wanted = named or example()["actions"][0]["id"]
        expected = wanted if wanted in ids else ids[0]
        assert record.action_ids[record.chosen] == expected
        assert (record.mode, record.policy) == ("baseline", "baseline")
        shares = np.zeros(len(ids))
        shares[record.chosen] = 1.0
        assert float64s(record.probabilities).tolist() == shares.tolist()
        assert len(record.shadow) == 1


def test_a_baseline_that_is_no_action_is_refused(loaded: dict[str, Served]) -> None:
    with pytest.raises(RequestError, match="'nobody' is none of the actions") as told:
        decided(loaded, UseCase(next(iter(loaded)), mode="apprentice"), baseline="nobody")
    assert told.value.field == "baseline"


@pytest.mark.parametrize("mode", ["off", "shadow", "apprentice", "online"])
def test_who_opted_out_is_never_shared_out_or_scored(loaded: dict[str, Served], mode: Mode) -> None:
    use = UseCase(next(iter(loaded)), mode=mode, holdout=1.0, shadows=[list(loaded)[1]])
    record = decided(loaded, use, customer={"id": "c", "consent": False})
    assert (record.mode, record.control, record.shadow) == ("rules", "", [])
    assert not record.training
    assert record.context == b""


def test_matches_agreements_and_failures_are_counted_per_version(tmp_path: Path) -> None:
    with desk(tmp_path) as counter:
        store = counter.store
        active = store.current.loaded.policy.version
        other = "b" * 12
        whole = load(tmp_path, Uniform())
        broken = replace(whole, loaded=replace(whole.loaded, policy=Broken(version=other)))
        use = UseCase(active, mode="apprentice", shadows=[other])
        plan = store.plan.changed("default", use)
        store.put_in_place(plan, {**store.loaded, other: broken})
        for number in range(5):
            assert counter.post("/v1/decisions", example(decision_id=f"d-{number}"))[0] == 200
        scored = counter.get("/v1/policies")[2]["scored"]
        assert scored[f'nba_apprentice_total{{version="{active}"}}'] == 5.0
        assert scored[f'nba_shadow_errors_total{{version="{other}"}}'] == 5.0
