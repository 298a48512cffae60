"""Gymnasium rollouts as a log: whole episodes, drawn with the propensities they record."""

from typing import Any

import gymnasium
import numpy as np
import pytest

from nba.errors import InputError
from nba.evaluate.check import check_log
from nba.evaluate.episodes import make_episodes
from nba.listen.rollouts import Rollouts, roll_out
from nba.types import Floats


def lean_left(observation: np.ndarray[Any, Any]) -> Floats:
    """Pushes left more often, the more the pole leans to the left."""
    p = 1.0 / (1.0 + np.exp(-5.0 * observation[2]))
    return np.array([1.0 - p, p])


@pytest.fixture(scope="module")
def found() -> Rollouts:
    env = gymnasium.make("CartPole-v1")
    return roll_out(env, lean_left, episodes=20, rng=np.random.default_rng(1))


def test_whole_episodes_with_steps_from_zero(found: Rollouts) -> None:
    episodes = make_episodes(found.episode, found.step)
    assert len(set(found.episode)) == 20
    assert episodes is not None
    assert found.reward.sum() == len(found.action)  # CartPole pays 1 for each step


def test_actions_are_drawn_with_the_recorded_propensities(found: Rollouts) -> None:
    log = found.flat_log()
    assert log.propensity is not None
    told = np.array(
        [lean_left(o)[a] for o, a in zip(found.observations, found.action, strict=True)]
    )
    np.testing.assert_allclose(log.propensity, told)
    expected, variance = found.chances[:, 1].sum(), found.chances.prod(axis=1).sum()
    assert abs(found.action.sum() - expected) < 4 * np.sqrt(variance)


def test_both_forms_of_log_are_usable(found: Rollouts) -> None:
    log = found.decision_log()
    assert check_log(log).usable
    assert log.context_names == found.flat_log().feature_names
    assert found.target(lean_left).tolist() == found.chances.ravel().tolist()


def test_the_same_seed_gives_the_same_log() -> None:
    def once() -> Rollouts:
        env = gymnasium.make("CartPole-v1")
        return roll_out(env, lean_left, episodes=3, rng=np.random.default_rng(5), longest=20)

    one, two = once(), once()
    np.testing.assert_array_equal(one.action, two.action)
    np.testing.assert_array_equal(one.observations, two.observations)
    assert one.step.max() <= 19


def test_what_is_no_distribution_is_refused() -> None:
    env = gymnasium.make("CartPole-v1")
    with pytest.raises(InputError, match=r"episode 0, step 0: .* with sum 1"):
        roll_out(env, lambda _: np.ones(2), episodes=1, rng=np.random.default_rng(1))
    with pytest.raises(InputError, match="at least one"):
        roll_out(env, lean_left, episodes=0, rng=np.random.default_rng(1))
