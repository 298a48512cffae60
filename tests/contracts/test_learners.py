"""What every learner obeys. A new one joins by one line in LEARNERS."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from nba.act.policy import ActionScorer
from nba.errors import LogError
from nba.evaluate.target import target_probabilities
from nba.learn.awac import Awac
from nba.learn.fitted_q import FittedQ
from nba.learn.greedy import GreedyLearner
from nba.learn.linear_bandit import (
    LinearBandit,
    epsilon_greedy,
    linucb,
    softmax,
    squarecb,
    thompson,
)
from nba.learn.neural_linear import NeuralLinearLearner
from nba.learn.off_policy import OffPolicyGradient
from nba.learn.trajectory import Horizon
from nba.types import DecisionLog, Floats, Learner, Policy
from tests.nba.act.sample_policies import scorer_parameters
from tests.planted_log import PlantedWorld, draw_log, make_world

REPRESENTATION = ActionScorer("net", "test", scorer_parameters(1, d=2, p=3, h=24))
LEARNERS: dict[str, Callable[[], Learner]] = {
    "greedy": GreedyLearner,
    "epsilon_greedy": lambda: LinearBandit(epsilon_greedy(epsilon=0.1)),
    "softmax": lambda: LinearBandit(softmax(temperature=0.3)),
    "linucb": lambda: LinearBandit(linucb(width=1.0)),
    "thompson": lambda: LinearBandit(thompson(seed=0)),
    "squarecb": lambda: LinearBandit(squarecb(scale=0.3)),
    "dr_policy": lambda: OffPolicyGradient("dr"),
    "fitted_q": FittedQ,
    "direct_method": lambda: FittedQ(Horizon(horizon_s=0.0)),
    "awac": Awac,
    "neural_linear": lambda: NeuralLinearLearner(REPRESENTATION),
    "ipw_policy": lambda: OffPolicyGradient("ipw"),
}


@pytest.fixture(params=list(LEARNERS))
def make(request: pytest.FixtureRequest) -> Callable[[], Learner]:
    return LEARNERS[request.param]


@pytest.fixture
def learner(make: Callable[[], Learner]) -> Learner:
    return make()


@pytest.fixture(scope="module")
def world() -> PlantedWorld:
    return make_world(np.random.default_rng(5))


@pytest.fixture(scope="module")
def log(world: PlantedWorld) -> DecisionLog:
    return draw_log(world, 4_000, np.random.default_rng(6)).log


def _mean_reward(world: PlantedWorld, policy: Policy, log: DecisionLog) -> float:
    """The planted value of a policy whose probabilities are read off a log's action sets."""
    flat: Floats = target_probabilities(policy, log)
    where = {log.context[i].tobytes(): i for i in range(len(log))}
    by_situation = np.concatenate(
        [
            flat[slice(*log.offsets[[where[row.tobytes()], where[row.tobytes()] + 1]])]
            for row in world.context
        ]
    )
    return world.value(by_situation)


def test_nothing_learned_gives_no_policy(learner: Learner) -> None:
    with pytest.raises(LogError, match="learned"):
        learner.policy()


def test_the_learned_policy_beats_the_one_that_wrote_the_log(
    learner: Learner, world: PlantedWorld, log: DecisionLog
) -> None:
    learner.learn(log)
    assert _mean_reward(world, learner.policy(), log) > world.value(world.logging)


def test_a_policy_handed_out_is_not_changed_by_later_learning(
    learner: Learner, log: DecisionLog
) -> None:
    learner.learn(log)
    policy = learner.policy()
    before = target_probabilities(policy, log)
    learner.learn(replace(log, reward=-log.reward))
    assert np.array_equal(target_probabilities(policy, log), before)
    assert not np.array_equal(target_probabilities(learner.policy(), log), before)


def test_the_same_log_teaches_the_same_policy(
    make: Callable[[], Learner], log: DecisionLog
) -> None:
    first, second = make(), make()
    first.learn(log)
    second.learn(log)
    flat = target_probabilities(first.policy(), log)
    assert np.array_equal(target_probabilities(second.policy(), log), flat)
