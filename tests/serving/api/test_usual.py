"""Who may have the compiled decision: everybody else gets the same answer the long way."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from nba.compiled import compiled
from serving.api.usual import usual
from serving.policies.plan import Canary, UseCase
from serving.policies.served import load_served
from tests.nba.act.sample_policies import scorer
from tests.serving.asgi import Desk, desk
from tests.serving.live_server import EXAMPLE, example, policy_file

DECISIONS = "/v1/decisions"
pytestmark = pytest.mark.skipif(
    compiled("serving.path._usual") is None, reason="it was not compiled: python hatch_build.py"
)


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path) as opened:
        yield opened


def is_usual(counter: Desk, **changes: object) -> bool:
    return usual(counter.server, json.dumps(example(**changes)).encode()) is not None


def plan_with(counter: Desk, **changes: Any) -> None:  # noqa: ANN401 whatever a use case has
    plan = counter.store.plan
    use = msgspec.structs.replace(plan.use_cases["default"], **changes)
    counter.store.put_in_place(plan.changed("default", use), counter.store.loaded)


def without_usual(counter: Desk) -> None:
    """Take the compiled form away from what is served."""
    for served in counter.store.loaded.values():
        object.__setattr__(served, "usual", None)


def told(folder: Path, *, long_way: bool) -> tuple[list[Any], str, list[str]]:
    """Answers, counters and traces of the same day, one way or the other."""
    with desk(folder) as counter:
        if long_way:
            without_usual(counter)
        answers = [counter.send("POST", DECISIONS, EXAMPLE)]
        for number in range(20):
            request = example(decision_id=f"d-{number}", customer={"id": f"c-{number % 3}"})
            answers.append(counter.post(DECISIONS, request))
        answers += [counter.post(DECISIONS, example(decision_id=None)) for _ in range(3)]
        answers.append(counter.post(DECISIONS, example(decision_id="d-5")))  # another request
        lines = [
            line
            for line in counter.text("/metrics")[2].splitlines()
            if not line.startswith("#") and not re.search("seconds|resident", line)
        ]
        traces = [counter.get(f"{DECISIONS}/{name}")[2] for name in ("d-3", "new-2")]
        return answers, "\n".join(lines), traces


def test_both_ways_answer_count_and_remember_alike(tmp_path: Path) -> None:
    for name in ("quick", "long"):
        (tmp_path / name).mkdir()
    quick = told(tmp_path / "quick", long_way=False)
    assert quick == told(tmp_path / "long", long_way=True)
    assert 'kind="' in quick[1]


def test_a_known_id_has_the_long_way(counter: Desk) -> None:
    assert is_usual(counter)
    counter.send("POST", DECISIONS, EXAMPLE)
    assert not is_usual(counter)
    assert is_usual(counter, decision_id="d-2")


def test_whom_an_event_has_told_about_has_the_long_way(counter: Desk) -> None:
    event = {
        "specversion": "1.0", "id": "e-1", "source": "test", "type": "message",
        "subject": "customer-4711", "data": {"sentiment": -0.5},
    }  # fmt: skip
    assert counter.post("/v1/events", event)[0] == 200
    assert not is_usual(counter)
    assert is_usual(counter, customer={"id": "another"})


def test_a_policy_that_does_not_act_alone_has_the_long_way(counter: Desk) -> None:
    active = counter.store.plan.use_cases["default"].active
    for mode in ("off", "shadow", "apprentice"):
        plan_with(counter, mode=mode)
        assert not is_usual(counter)
    plan_with(counter, mode="online", shadows=[active])
    assert not is_usual(counter)
    plan_with(counter, shadows=[], holdout=1.0)
    assert not is_usual(counter)
    plan_with(counter, holdout=0.0)
    assert is_usual(counter)


def test_a_canary_decides_and_is_told_as_one(counter: Desk, tmp_path: Path) -> None:
    (tmp_path / "canary").mkdir()
    path = policy_file(tmp_path / "canary", scorer(5))
    canary = load_served(path, occupancy_cap=0.95)
    version = canary.loaded.policy.version
    plan = counter.store.plan
    use = UseCase(plan.use_cases["default"].active, canary=Canary(version, 1.0))
    counter.store.put_in_place(
        plan.changed("default", use), {**counter.store.loaded, version: canary}
    )
    assert is_usual(counter)
    reply = counter.send("POST", DECISIONS, EXAMPLE)[2]
    assert reply["policy_version"] == version
    assert counter.get(f"{DECISIONS}/{reply['decision_id']}")[2]["control"] == "canary"
    assert 'nba_control_total{control="canary"} 1' in counter.text("/metrics")[2]


def test_a_policy_that_rests_has_the_long_way(counter: Desk) -> None:
    version = counter.store.current.loaded.policy.version
    for _ in range(3):
        counter.server.watch.took(version, 10.0)
    assert not is_usual(counter)


def test_a_policy_that_fails_is_left_to_the_long_way(counter: Desk) -> None:
    served = counter.store.current
    form = served.usual
    assert form is not None

    class Failing:
        def decide(self, *_: object) -> None:
            raise ArithmeticError("a fault")

    failing: Any = Failing()
    object.__setattr__(served, "usual", form._replace(decision=failing))
    assert not is_usual(counter)
    assert counter.send("POST", DECISIONS, EXAMPLE)[0] == 200


def test_where_nothing_can_stay_the_caller_is_told_why(counter: Desk) -> None:
    actions = [action | {"unavailable": "closed"} for action in example()["actions"]]
    assert not is_usual(counter, actions=actions)
    status, _, reply = counter.post(DECISIONS, example(actions=actions))
    assert (status, reply["error"]["field"]) == (422, "actions")


def test_readiness_tells_whether_decisions_are_compiled(counter: Desk) -> None:
    assert counter.get("/readyz")[2]["compiled"] is True
    without_usual(counter)
    assert counter.get("/readyz")[2]["compiled"] is False


def test_without_a_default_use_case_nothing_is_usual(counter: Desk) -> None:
    plan = counter.store.plan
    other = msgspec.structs.replace(plan, use_cases={"other": plan.use_cases["default"]})
    counter.store.put_in_place(other, counter.store.loaded)
    if counter.store.current.usual is not None:
        assert not is_usual(counter)
