"""Values that look ahead, from a log alone."""

from dataclasses import replace

import numpy as np
import pytest

from nba.errors import InputError
from nba.evaluate.target import target_probabilities
from nba.learn.awac import Awac
from nba.learn.fitted_q import FittedQ
from nba.learn.greedy import GreedyLearner
from nba.learn.trajectory import Horizon
from nba.types import DecisionLog

FAR = Horizon(horizon_s=20.0, gap_s=60.0)


def tempting(n: int = 4000) -> DecisionLog:
    """Two states: action 0 pays 1 now and leads to the poor state, where nothing pays; 1 waits.

    Waiting pays 0.7 in the rich state and keeps it; in the poor one it leads back to it.
    """
    rng = np.random.default_rng(3)
    chosen = (rng.random(n) < 0.5).astype(np.int64)
    rich = np.ones(n)
    for i in range(1, n):
        rich[i] = float(chosen[i - 1] == 1)
    reward = rich * np.where(chosen == 0, 1.0, 0.7) + rng.normal(0, 0.1, n)
    return DecisionLog(
        decision_id=np.array([f"d{i}" for i in range(n)], dtype=object),
        unit=np.array([f"u{i}" for i in range(n)], dtype=object),
        at=np.arange(n, dtype=np.float64),
        context=rich.astype(np.float32)[:, None],
        offsets=np.arange(n + 1, dtype=np.int64) * 2,
        action_ids=np.array(["queue", "employee"] * n, dtype=object),
        actions=np.tile(np.eye(2, dtype=np.float32), (n, 1)),
        chosen=chosen,
        propensity=np.full(n, 0.5),
        policy_version=np.full(n, "planted", dtype=object),
        outcomes={},
        reward=reward,
        context_names=("rich",),
        action_names=("kind=queue", "kind=employee"),
        spec_version="tempting-1",
    )


def test_it_waits_where_greedy_takes_what_pays_now() -> None:
    log = tempting()
    rich = log.context[:, 0] == 1.0
    greedy, ahead = GreedyLearner(), FittedQ(FAR, ridge=1.0)
    greedy.learn(log)
    ahead.learn(log)
    first = target_probabilities(greedy.policy(), log).reshape(-1, 2)[rich]
    assert (first[:, 0] == 1.0).all()
    assert (target_probabilities(ahead.policy(), log).reshape(-1, 2)[rich, 1] == 1.0).all()


def test_its_values_are_the_discounted_sums_of_what_follows() -> None:
    log = tempting()
    learner = FittedQ(FAR, rounds=400, ridge=1e-3)
    learner.learn(log)
    discount = np.exp(-1 / 20.0)
    context = np.array([[1.0]], dtype=np.float32)
    values = learner.model.batch_rewards(context, np.eye(2, dtype=np.float32)[None])
    best = 0.7 / (1 - discount)
    assert values[0, 1] == pytest.approx(best, rel=0.02)
    assert values[0, 0] == pytest.approx(1.0 + discount * discount * best, rel=0.02)


def test_awac_prefers_what_the_critic_does_and_keeps_the_rest_possible() -> None:
    log = tempting()
    learner = Awac(horizon=FAR)
    learner.learn(log)
    rich = log.context[:, 0] == 1.0
    found = target_probabilities(learner.policy(), log).reshape(-1, 2)[rich, 1]
    assert (found > 0.5).all()
    assert (found < 1.0).all()


def test_without_a_horizon_it_is_the_direct_method() -> None:
    log = tempting(500)
    direct, greedy = FittedQ(Horizon(horizon_s=0.0)), GreedyLearner()
    direct.learn(log)
    greedy.learn(log)
    assert np.array_equal(direct.model.weights, greedy.model.weights)


def test_a_day_ends_where_no_decision_comes_for_long() -> None:
    log = tempting(4)
    log = replace(log, at=np.array([30.0, 0.0, 10.0, 500.0]))
    after, discount = Horizon(horizon_s=10.0, gap_s=100.0).following(log)
    assert after.tolist() == [-1, 2, 0, -1]
    assert discount.tolist() == pytest.approx([0.0, np.exp(-1), np.exp(-2), 0.0])


def test_settings_that_make_no_sense_are_refused() -> None:
    with pytest.raises(InputError, match="horizon_s is -1"):
        Horizon(horizon_s=-1)
    with pytest.raises(InputError, match="rounds is 0"):
        FittedQ(rounds=0)
    with pytest.raises(InputError, match="temperature is 0"):
        Awac(temperature=0)
