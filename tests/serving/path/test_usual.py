"""The compiled decision gives the bytes of the long way, and leaves to it what is not as usual."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nba.act.bundle import Card, save_policy
from nba.act.greedy import Greedy
from nba.act.rules import Rule, RuleSet, built_in
from nba.act.uniform import Uniform
from nba.compiled import compiled
from nba.errors import RequestError
from nba.listen.contact_features import CONTACT_CENTRE
from nba.listen.encode import Feature, FeatureSpec
from nba.types import ACTION_KINDS, Floats, Policy
from serving.journal.records import encode_record, reply_of
from serving.path.decision import decide_asked
from serving.path.usual import Usual
from serving.policies.served import Served, load_served
from tests.nba.act.sample_policies import reward_model, scorer
from tests.serving.live_server import EXAMPLE, example

pytestmark = pytest.mark.skipif(
    compiled("serving.path._usual") is None, reason="it was not compiled: python hatch_build.py"
)
MIXED = FeatureSpec(
    "mixed",
    context=(
        Feature("mood", low=-1.0, high=1.0, default=0.25),
        Feature("place", levels=("here", "there")),
        Feature("free", low=-1e308, high=1e308),
    ),
    action=(
        Feature("size", low=0.0, high=9.0, default=3.0),
        Feature("idle_s", "s", 0, 86_400),
        Feature("kind", levels=ACTION_KINDS),
        Feature("expected_wait_s", "s", 0, 86_400, default=0.0),
        Feature("colour", levels=("red", "green")),
        Feature("language_match", low=0, high=1, default=1.0),
    ),
)
CAP = RuleSet(
    (
        *built_in().rules,
        Rule(
            "at night",
            "eligible",
            "context.hour > 20 and context.channel == 'voice'",
            ("callback",),
        ),
        Rule("late", "suitable", "action.minutes_to_shift_end * 60 < action.expected_handle_s"),
    )
)
Change = Callable[[dict[str, Any]], object]


def served(
    policy: Policy, spec: FeatureSpec = CONTACT_CENTRE, rules: RuleSet | None = None
) -> Served:
    with TemporaryDirectory() as name:
        save_policy(Path(name) / "p.nba", policy, Card(spec))
        return load_served(Path(name) / "p.nba", occupancy_cap=0.95, rules=rules)


@lru_cache
def of_mixed_features() -> Served:
    return served(Uniform(), MIXED)


def form_of(by: Served) -> Usual:
    assert by.usual is not None
    return by.usual


def both(by: Served, body: bytes, decision_id: str = "d-1") -> bytes:
    """The answer of both ways, which are the same, as are their records."""
    form = form_of(by)
    assert form.reader.read(body, 500)
    made = form.decision.decide(decision_id, 12.5)
    assert made is not None
    asked = by.parts.reader.read(body, max_actions=500)
    record = decide_asked(asked, by, decision_id=decision_id, now=12.5)
    assert made.payload == encode_record(record)
    assert made.answer == msgspec.json.encode(reply_of(record))
    assert (made.body, made.decision_id, made.kind) == (body, decision_id, record.chosen_kind)
    assert made.propensity == reply_of(record).propensity
    assert made.is_callers == (asked.head.decision_id is not None)
    return made.answer


def changed(change: Change) -> bytes:
    request = example()
    change(request)
    return json.dumps(request).encode()


MODEL = reward_model()
POLICIES: list[Policy] = [
    scorer(1),
    scorer(2, prior_weight=0.0, floor=0.0),
    scorer(3, prior_model=reward_model(9)),
    Greedy(MODEL, 0.1),
    Uniform(),
]


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.name)
def test_both_ways_give_the_same_bytes(policy: Policy) -> None:
    by = served(policy)
    for number in range(50):
        both(by, EXAMPLE, f"d-{number}")


def worded(rng: np.random.Generator, number: int) -> dict[str, Any]:
    """A request that says the same kind of things in another way each time."""
    request = example(decision_id=f"d-{number}")
    for action in request["actions"]:
        values = action["features"]
        for name in ("idle_s", "expected_wait_s", "expected_handle_s"):
            values[name] = round(float(rng.uniform(0, 900)), int(rng.integers(0, 12)))
        values["occupancy_1h"] = float(rng.choice([0.2, 0.93, 0.97, 1.0]))
        values["minutes_to_shift_end"] = int(rng.integers(0, 60))
    request["context"]["hour"] = float(rng.uniform(8, 23))
    for side in (request, *request["actions"], request["context"]):
        names = list(side)
        rng.shuffle(names)
        side |= {name: side.pop(name) for name in names}
    return request


@pytest.mark.parametrize("rules", [None, CAP], ids=["built-in", "more"])
def test_what_rules_remove_is_told_alike(rules: RuleSet | None) -> None:
    rng = np.random.default_rng(1)
    by, removed = served(POLICIES[0], rules=rules), 0
    for number in range(200):
        answer = both(by, json.dumps(worded(rng, number)).encode(), f"d-{number}")
        removed += bool(json.loads(answer)["excluded"])
    assert removed == 200  # the example has an action that is unavailable


def test_any_number_of_actions_is_decided_alike() -> None:
    by = served(POLICIES[0])
    first = example()["actions"]
    for k in (1, 2, 3, 4, 5, 15, 16, 17, 31, 32, 33, 200, 300):
        actions = [first[i % len(first)] | {"id": f"a-{i}"} for i in range(k)]
        both(by, json.dumps(example(actions=actions)).encode(), f"d-{k}")


def test_long_and_foreign_ids_are_remembered_alike() -> None:
    by = served(POLICIES[0])
    for name in ("é", "客户", "x" * 31, "x" * 32, "x" * 256):
        request = example(customer={"id": name, "consent": True})
        request["actions"][0]["id"] = name
        both(by, json.dumps(request, ensure_ascii=False).encode(), "d" * len(name[:128]))


def mixed() -> dict[str, Any]:
    return {
        "customer": {"id": "c"},
        "context": {"mood": 0.5, "place": "there", "free": -0.0},
        "actions": [
            {"id": "a", "kind": "employee", "features": {"idle_s": 3, "colour": "red"}},
            {"id": "b", "kind": "none", "features": {"size": None, "idle_s": 1, "colour": "green"}},
            {"id": "c", "kind": "queue", "features": {"colour": "red", "size": 9, "idle_s": 2}},
        ],
    }


@pytest.mark.parametrize(
    "value", ["0", "-0", "-0.0", "1e3", "1E-3", "0.1", "123456789.123456789", "1e22", "1.5e300",
              "9007199254740993.0", "5e-324", "0.30000000000000004", "1e-400", "2.5e-5"]
)  # fmt: skip
def test_a_number_is_read_alike_however_it_is_written(value: str) -> None:
    by = of_mixed_features()
    body = json.dumps(mixed()).replace("-0.0", value).encode()
    form = form_of(by)
    if not form.reader.read(body, 500):
        assert value == "1.5e300"  # beyond single precision
        return
    both(by, body)
    free = MIXED.context_column("free")
    asked = by.parts.reader.read(body, max_actions=500)
    assert form.reader.context()[free].tobytes() == asked.context[free].tobytes()


def test_categories_and_optional_features_are_read_alike() -> None:
    by = of_mixed_features()
    both(by, json.dumps(mixed(), indent=3).encode())
    for name in ("mood", "place"):
        request = mixed()
        del request["context"][name]
        assert form_of(by).reader.read(json.dumps(request).encode(), 500) == (name == "mood")


@pytest.mark.parametrize(
    "change",
    [
        lambda r: r.update(dry_run=True),
        lambda r: r.update(expected=True),
        lambda r: r.update(deferred=True),
        lambda r: r.update(roster=True),
        lambda r: r.update(use_case="default"),
        lambda r: r.update(levers={"resolved": 2.0}),
        lambda r: r.update(baseline="queue"),
        lambda r: r.update(mood=1),
        lambda r: r.update(decision_id="no spaces"),
        lambda r: r.update(actions=[]),
        lambda r: r["customer"].update(consent=False),
        lambda r: r["customer"].update(id='a "quoted" name'),
        lambda r: r["customer"].update(id=""),
        lambda r: r["customer"].update(id="x" * 257),
        lambda r: r["actions"][0].update(unavailable=""),
        lambda r: r["actions"][1].update(id=r["actions"][0]["id"]),
        lambda r: r["actions"][1].update(kind="robot"),
        lambda r: r["actions"][1]["features"].update(occupancy_1h=1.5),
        lambda r: r["actions"][1]["features"].update(occupancy_1h="1"),
        lambda r: r["context"].update(hour=True),
        lambda r: r["context"].pop("hour"),
    ],
)  # fmt: skip
def test_what_is_not_usual_is_left_alone(change: Change) -> None:
    form = form_of(served(POLICIES[0]))
    assert form.reader.read(EXAMPLE, 500)
    assert not form.reader.read(changed(change), 500)


def test_no_more_actions_are_read_than_allowed() -> None:
    reader, number = form_of(served(POLICIES[0])).reader, len(example()["actions"])
    assert reader.read(EXAMPLE, number)
    assert not reader.read(EXAMPLE, number - 1)


@pytest.mark.parametrize("shares", [[0.5, 0.6], [1.5, -0.5], [np.nan, 1.0], [np.inf, 0.0]])
def test_what_is_no_distribution_is_left_alone(shares: list[float]) -> None:
    by = served(POLICIES[0])
    found = compiled("serving.path._usual")
    assert found is not None
    reader, parts = form_of(by).reader, by.parts.policy

    def odd(*_: object) -> tuple[Floats, None]:
        return np.array(shares), None

    decision = found.UsualDecision(
        reader, parts.explainer, odd, by.rules, parts.policy, CONTACT_CENTRE
    )
    assert reader.read(changed(lambda r: r.update(actions=r["actions"][:2])), 500)
    assert decision.decide("d-1", 1.0) is None


def test_a_policy_whose_name_needs_an_escape_has_the_long_way() -> None:
    assert served(replace(scorer(1), name='a "name"')).usual is None


def pieces() -> Iterator[bytes]:
    yield from (b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\", b"null", b"true", b"1e999", b"-")
    yield from (b"\0", b"\xff", b"\xc3\xa9", b"\n", b" ", b"0", b"9" * 30, b'"id"', b"\\u0041")
    yield from (b".5", b"5.", b"1.0e", b"+1", b"01", b"NaN", b"Infinity", b'"context":{}', b"e5")


@settings(max_examples=3000, deadline=None, database=None, derandomize=True)
@given(st.data())
def test_whatever_is_read_is_read_there_too(data: st.DataObject) -> None:
    """The compiled reader may give up anything; what it takes, the long way takes alike."""
    by = of_mixed_features()
    body = bytearray(json.dumps(mixed(), separators=(",", ":")).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(body)))
        gone = data.draw(st.sampled_from([0, 0, 1, 1, 2, 5, 20]))
        body[at : at + gone] = data.draw(st.sampled_from([b"", *pieces()]))
    reader = form_of(by).reader
    if not reader.read(bytes(body), 500):
        return
    asked = by.parts.reader.read(bytes(body), max_actions=500)
    assert reader.customer == asked.head.customer.id
    assert reader.decision_id == asked.head.decision_id
    assert (reader.action_ids(), reader.action_kinds()) == (asked.ids, asked.kinds)
    assert reader.context().tobytes() == asked.context.tobytes()
    assert reader.actions().tobytes() == asked.actions.tobytes()
    both(by, bytes(body))


def test_a_request_that_was_refused_leaves_nothing_in_the_next() -> None:
    by = served(POLICIES[0])
    before = both(by, EXAMPLE)
    for cut in range(0, len(EXAMPLE), 97):
        with pytest.raises(RequestError):
            by.parts.reader.read(EXAMPLE[:cut], max_actions=500)
        assert not form_of(by).reader.read(EXAMPLE[:cut], 500)
    assert both(by, EXAMPLE) == before
