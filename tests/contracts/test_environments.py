"""What every environment obeys. A new one joins by one line in ENVIRONMENTS."""

from typing import Any

import gymnasium
import numpy as np
import pytest

from envs.registration import ENVIRONMENTS, register

register()
# Unmasked random actions break the rule that an illegal action is an error, so Gymnasium's own
# checker cannot run here; these are its checks, with legal actions.
NAMES = list(ENVIRONMENTS)


def _legal(observation: dict[str, Any], generator: np.random.Generator) -> np.int64:
    return np.int64(generator.choice(np.flatnonzero(observation["mask"])))


@pytest.fixture(params=NAMES)
def env(request: pytest.FixtureRequest) -> gymnasium.Env[Any, Any]:
    return gymnasium.make(request.param, disable_env_checker=True)


def test_observations_are_in_their_space_and_some_action_is_legal(
    env: gymnasium.Env[Any, Any],
) -> None:
    observation, _ = env.reset(seed=1)
    generator = np.random.default_rng(1)
    for _ in range(200):
        assert env.observation_space.contains(observation)
        assert observation["mask"].any()
        observation, reward, _, _, info = env.step(_legal(observation, generator))
        assert np.isfinite(float(reward))
        assert info["dt"] >= 0


def test_the_same_seed_and_actions_give_the_same_walk(env: gymnasium.Env[Any, Any]) -> None:
    walks = []
    for _ in range(2):
        observation, _ = env.reset(seed=7)
        generator = np.random.default_rng(7)
        rewards = []
        for _ in range(150):
            observation, reward, _, _, _ = env.step(_legal(observation, generator))
            rewards.append(reward)
        walks.append(rewards)
    assert walks[0] == walks[1]


def test_an_illegal_action_is_an_error(env: gymnasium.Env[Any, Any]) -> None:
    observation, _ = env.reset(seed=2)
    illegal = np.int64(np.flatnonzero(observation["mask"] == 0)[0])
    with pytest.raises(ValueError, match="not legal"):
        env.step(illegal)


def test_the_masks_are_those_of_the_observation(env: gymnasium.Env[Any, Any]) -> None:
    observation, _ = env.reset(seed=3)
    masks = env.get_wrapper_attr("action_masks")()
    assert np.array_equal(masks, observation["mask"].astype(bool))
