"""Propensities that were not logged: near the truth, marked, and never promoted on faith."""

from dataclasses import replace

import numpy as np
import pytest

from nba.errors import InputError
from nba.evaluate.decision_evaluation import LogTarget
from nba.evaluate.estimated import estimated_answer, estimated_decisions
from nba.evaluate.flat_evaluation import action_target
from nba.listen.flat_log import FlatLog
from tests.planted_log import draw_log, make_world


def confounded(n: int = 6000, *, seed: int = 1, gain: float = 0.5) -> FlatLog:
    """What x speaks for the action and for the reward; b earns `gain` more everywhere."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    taken = rng.random(n) < 1 / (1 + np.exp(-x))
    return FlatLog(
        action=np.where(taken, "b", "a").astype(object),
        propensity=None,
        reward=1.0 + x + gain * taken + rng.normal(0, 0.5, n),
        features=x[:, None],
        feature_names=("x",),
    )


def test_a_confounded_log_lands_near_the_truth_where_the_naive_mean_does_not() -> None:
    log = confounded()
    answer = estimated_answer([log.take(np.arange(i, i + 2000)) for i in (0, 2000, 4000)],
                              action_target("b"))  # fmt: skip
    snips = next(e for _, e in answer.estimates if e.method == "snips")
    naive = log.reward[log.action == "b"].mean()
    assert abs(snips.value - 1.5) < 0.1
    assert abs(naive - 1.5) > 0.3


def test_everything_that_rests_on_them_is_marked() -> None:
    answer = estimated_answer([confounded()], action_target("b"))
    marked = [e.diagnostics["propensity_estimated"] for _, e in answer.estimates]
    assert set(marked) == {1.0}
    assert answer.difference.diagnostics["robust_gamma"] >= 0
    assert any("ESTIMATED from x" in note for note in answer.notes)


def test_a_gain_that_a_small_hidden_cause_explains_is_not_promoted() -> None:
    small = estimated_answer([confounded(gain=0.1)], action_target("b"))
    large = estimated_answer([confounded(gain=3.0)], action_target("b"))
    assert small.result.verdict == "CANT_TELL"
    assert large.difference.diagnostics["robust_gamma"] > 1.2
    assert large.promote


def test_without_overlap_or_features_it_is_refused() -> None:
    with pytest.raises(InputError, match="name the columns"):
        estimated_answer([replace(confounded(), feature_names=())], action_target("b"))
    with pytest.raises(InputError, match="in no row"):
        estimated_answer([replace(confounded(), action=_mostly_a())], action_target("b"))


def _mostly_a() -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    action = np.full(6000, "a", dtype=object)
    action[::600] = "b"
    return action


def test_a_decision_log_is_filled_from_its_features() -> None:
    planted = draw_log(make_world(np.random.default_rng(1)), 6000, np.random.default_rng(2))
    world = make_world(np.random.default_rng(1))
    unknown = replace(planted.log, propensity=np.full(6000, np.nan))
    answer = estimated_decisions(unknown, LogTarget("planted", planted.target))
    found = next(e for _, e in answer.estimates if e.method == "dr")
    assert found.diagnostics["propensity_estimated"] == 1.0
    assert abs(found.value - world.truth) < 0.3
    assert not answer.promote
