"""What the plan of a real log looks like."""

import numpy as np
import pytest

from envs.baselines.lp_routing import LpRouting
from nba.errors import LogError
from nba.evaluate.target import target_probabilities
from tests.envs.baselines.learning_log import day_log


def test_nothing_learned_gives_no_policy() -> None:
    with pytest.raises(LogError, match="learned"):
        LpRouting().policy()


def test_the_skilled_take_most_of_what_they_are_skilled_for() -> None:
    learner = LpRouting()
    learner.learn(day_log())
    policy = learner.policy()
    by_skill = policy.shares.reshape(policy.cells.shape).mean(axis=2)  # intents × skill buckets
    assert (by_skill[:, -1] > 2 * by_skill[:, 1]).all()
    assert (policy.shares <= 1.0 + 1e-9).all()


def test_the_same_log_plans_the_same_routing() -> None:
    first, second = LpRouting(), LpRouting()
    first.learn(day_log())
    second.learn(day_log())
    a, b = (target_probabilities(learner.policy(), day_log()) for learner in (first, second))
    assert np.array_equal(a, b)
