"""What every environment obeys. A new one joins by one line in ENVIRONMENTS."""

from typing import Any, cast

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.utils.env_checker import check_env
from stable_baselines3.common.env_checker import check_env as check_for_stable_baselines3

from envs.registration import ENVIRONMENTS, register
from envs.spaces import Observation
from envs.state import QUEUE
from nba.listen.objective import CONTACT_CENTRE_WEIGHTS

register()
NAMES = list(ENVIRONMENTS)
Env = gymnasium.Env[Observation, np.int64]


@pytest.fixture(params=NAMES)
def env(request: pytest.FixtureRequest) -> Env:
    return gymnasium.make(request.param, disable_env_checker=True)


class OnlyQueue(spaces.Discrete):
    """Draws the one action that is legal at any time."""

    def sample(self, mask: Any = None, probability: Any = None) -> np.int64:  # noqa: ANN401 as in Gymnasium
        return np.int64(QUEUE)


def test_gymnasiums_checker_has_nothing_to_say(env: Env) -> None:
    """Spaces and their bounds, seeds, determinism, copies, both render modes; warnings count.

    The checker draws an action before the reset that it is then used after, where a draw that was
    legal need not be so any more.
    """
    env.unwrapped.action_space = OnlyQueue(cast("spaces.Discrete", env.action_space).n)
    check_env(env.unwrapped)


def test_draws_from_the_action_space_are_legal(env: Env) -> None:
    observation, _ = env.reset(seed=4)
    env.action_space.seed(4)
    drawn = {int(env.action_space.sample()) for _ in range(600)}
    assert drawn == set(np.flatnonzero(observation["mask"]).tolist())


# Any action table is two-dimensional, which stable-baselines3 flattens for its default net.
@pytest.mark.filterwarnings("ignore:Your observation actions has an unconventional:UserWarning")
def test_stable_baselines3s_checker_has_nothing_to_say(env: Env) -> None:
    check_for_stable_baselines3(env.unwrapped)


def _walk(env: Env, seed: int, steps: int) -> list[Any]:
    """Observations, rewards and infos of legal draws, over the ends of episodes."""
    seen: list[Any] = [env.reset(seed=seed)]
    env.action_space.seed(seed)
    for _ in range(steps):
        result = env.step(env.action_space.sample())
        seen.append(result)
        if result[2] or result[3]:
            seen.append(env.reset())
    return seen


def test_observations_are_in_their_space_and_some_action_is_legal(env: Env) -> None:
    for step in _walk(env, 1, 200):
        assert env.observation_space.contains(step[0])
        assert step[0]["mask"].any()


def test_rewards_are_finite_and_the_weighted_sum_of_their_components(env: Env) -> None:
    paid = 0.0
    for step in _walk(env, 5, 300):
        if len(step) == 2:
            continue
        _, reward, _, _, info = step
        parts = info["reward_components"]
        told = sum(weight * parts[name] for name, weight in CONTACT_CENTRE_WEIGHTS.items())
        assert np.isfinite(reward)
        assert reward == pytest.approx(told + info.get("terminal_value", 0.0), abs=1e-9)
        assert info["dt"] >= 0
        paid += abs(reward)
    assert paid > 1.0  # EUR: something was earned


def test_the_same_seed_and_actions_give_the_same_bytes(env: Env) -> None:
    first, second = (_walk(env, 7, 150) for _ in range(2))
    assert len(first) == len(second)
    for one, other in zip(first, second, strict=True):
        assert all(one[0][name].tobytes() == other[0][name].tobytes() for name in one[0])
        assert one[1:] == other[1:]


def test_another_seed_gives_another_walk(env: Env) -> None:
    first, second = (env.reset(seed=seed)[0]["context"] for seed in (7, 8))
    assert not np.array_equal(first, second)


def test_an_illegal_action_is_an_error_and_changes_nothing(env: Env) -> None:
    observation, _ = env.reset(seed=2)
    illegal = np.flatnonzero(observation["mask"] == 0)[0]
    for action in (illegal, -1, len(observation["mask"])):
        with pytest.raises(ValueError, match="not legal"):
            env.step(np.int64(action))
    with pytest.raises(TypeError):
        env.step(4.0)  # type: ignore[arg-type]  # what a careless caller does
    legal = np.int64(np.flatnonzero(observation["mask"])[0])
    after, *_ = env.step(legal)
    env.reset(seed=2)
    again, *_ = env.step(legal)
    assert all(np.array_equal(after[name], again[name]) for name in after)


def test_the_masks_are_those_of_the_observation(env: Env) -> None:
    observation, _ = env.reset(seed=3)
    for _ in range(20):
        masks = env.get_wrapper_attr("action_masks")()
        assert masks.dtype == np.bool_
        assert np.array_equal(masks, observation["mask"].astype(bool))
        observation, _, terminated, truncated, _ = env.step(env.action_space.sample())
        if terminated or truncated:
            observation, _ = env.reset()


def test_it_needs_a_reset_first(env: Env) -> None:
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.unwrapped.step(np.int64(4))
