"""A slow policy is left out after a few decisions, and comes back when it is fast again."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from nba.act.uniform import Uniform
from nba.types import Bools, Floats, Floats32
from serving.path import slow
from serving.path.slow import IN_A_ROW, SlowWatch
from tests.serving.asgi import desk
from tests.serving.live_server import example

DECISIONS = "/v1/decisions"


class Slow(Uniform):
    """A policy that takes its time."""

    def batch_probabilities(self, context: Floats32, actions: Floats32, mask: Bools) -> Floats:
        time.sleep(0.03)
        return super().batch_probabilities(context, actions, mask)


def test_slow_decisions_in_a_row_are_needed() -> None:
    watch = SlowWatch(0.05)
    for seconds in (0.06, 0.06, 0.01, 0.06, 0.06):
        watch.took("a", seconds)
        assert not watch.rests("a")
    watch.took("b", 0.06)
    watch.took("a", 0.06)
    assert watch.rests("a")
    assert not watch.rests("b")


def test_after_its_rest_one_slow_decision_is_enough_and_a_fast_one_frees_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(slow, "REST_S", 0.0)
    watch = SlowWatch(0.05)
    for _ in range(IN_A_ROW):
        watch.took("a", 0.06)
    assert not watch.rests("a"), "its rest is over"
    monkeypatch.setattr(slow, "REST_S", 60.0)
    watch.took("a", 0.06)
    assert watch.rests("a")
    watch.took("a", 0.01)
    assert not watch.rests("a")


def test_the_safe_rule_answers_for_a_slow_policy(tmp_path: Path) -> None:
    with desk(tmp_path, policy_limit_s=0.01) as counter:
        store = counter.store
        served = store.current
        lazy = replace(served, loaded=replace(served.loaded, policy=Slow()))
        store.put_in_place(store.plan, {served.loaded.policy.version: lazy})
        replies = [
            counter.post(DECISIONS, example(decision_id=f"d-{n}"))[2] for n in range(IN_A_ROW + 2)
        ]
        assert [reply["policy"] for reply in replies] == ["uniform"] * IN_A_ROW + ["safe_rule"] * 2
        last = replies[-1]
        assert (last["fallback"], last["mode"], last["propensity"]) == (True, "rules", 1.0)
        trace = counter.get(f"{DECISIONS}/d-{IN_A_ROW}")[2]
        assert trace["fallback_reason"].startswith("SlowPolicy: ")
        assert 'nba_fallbacks_total{cause="SlowPolicy"} 2' in counter.get("/metrics")[2]
