"""Optimism where little is known, the truth where much is."""

from dataclasses import replace

import numpy as np
import pytest

from envs.baselines.ucb_routing import UcbRouting
from nba.errors import LogError
from nba.evaluate.target import target_probabilities
from nba.listen.blocks import chosen_flat
from nba.listen.contact_features import CONTACT_CENTRE
from nba.types import DecisionLog, Floats, Floats32
from tests.envs.baselines.learning_log import day_log


def rates(actions: Floats32, *, specialists: bool) -> Floats:
    """The planted chance to resolve: 0.9 where the mean skill is below (or above) 0.55, else 0."""
    special = actions[:, CONTACT_CENTRE.action_column("skill_mean")] < 0.55
    return np.where(special == specialists, 0.9, 0.0)


def planted(log: DecisionLog, *, specialists: bool = True) -> DecisionLog:
    """The log with planted resolutions and a steady handling time."""
    resolved = rates(log.actions[chosen_flat(log)], specialists=specialists)
    steady = {"resolved": resolved, "handle_s": np.full(len(log), 200.0)}
    return replace(log, outcomes={**log.outcomes, **steady})


def test_nothing_learned_gives_no_policy() -> None:
    with pytest.raises(LogError, match="learned"):
        UcbRouting().policy()


def test_a_log_without_outcomes_is_refused_by_name() -> None:
    with pytest.raises(LogError, match="'resolved'"):
        UcbRouting().learn(replace(day_log(), outcomes={}))


def test_bounds_close_in_on_the_truth() -> None:
    learner = UcbRouting()
    learner.learn(planted(day_log()))
    early, _ = learner.optimistic()
    for _ in range(40):
        learner.learn(planted(day_log()))
    late, handle_s = learner.optimistic()
    assert (late <= early + 0.35).all()  # ln t grows a little where nothing new was seen
    weights = learner.objective.weights
    resolved, not_resolved = (weights["resolved"] * p + weights["handle_s"] * 200 for p in (1, 0))
    assert (late <= resolved + 1e-9).all()
    assert handle_s == pytest.approx(200.0)
    assert late.min() < not_resolved + 0.2 * weights["resolved"]


def test_it_learns_who_resolves_although_the_skill_estimate_says_otherwise() -> None:
    log, chances = day_log(), {}
    for taught in (True, False):
        learner = UcbRouting()
        for _ in range(20):
            learner.learn(planted(log, specialists=taught))
        chosen = target_probabilities(learner.policy(), log)
        for truth in (True, False):
            chances[taught, truth] = (chosen * rates(log.actions, specialists=truth)).sum()
    # Often only one kind is idle, which leaves nothing to learn: so it is not all or nothing.
    assert chances[True, True] > 1.1 * chances[False, True]
    assert chances[False, False] > 1.1 * chances[True, False]


def test_an_unknown_cell_is_taken_for_the_best() -> None:
    learner = UcbRouting()
    log = day_log()
    learner.learn(replace(log, outcomes=dict.fromkeys(log.outcomes, np.full(len(log), np.nan))))
    value, _ = learner.optimistic()
    assert value == pytest.approx(learner.objective.weights["resolved"])


def test_a_policy_handed_out_is_not_changed_by_later_learning() -> None:
    learner = UcbRouting()
    learner.learn(day_log())
    policy = learner.policy()
    before = target_probabilities(policy, day_log())
    learner.learn(planted(day_log()))
    assert np.array_equal(target_probabilities(policy, day_log()), before)
    assert not np.array_equal(target_probabilities(learner.policy(), day_log()), before)
