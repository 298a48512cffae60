"""The Gymnasium face."""

from typing import Any

import gymnasium
import numpy as np
import pytest

from envs.contact_centre import ContactCentre
from envs.registration import register


@pytest.mark.filterwarnings("ignore:.*Box observation space.*:UserWarning")
def test_gymnasium_accepts_the_environment() -> None:
    register()
    made = gymnasium.make("nba/ContactCentre-v0")
    assert isinstance(made.unwrapped, ContactCentre)


def _legal(env: ContactCentre, generator: np.random.Generator) -> np.int64:
    return np.int64(generator.choice(np.flatnonzero(env.action_masks())))


def test_a_day_ends_truncated_with_its_components_settled() -> None:
    env = ContactCentre()
    observation, _ = env.reset(seed=3)
    generator = np.random.default_rng(0)
    total, truncated = 0.0, False
    info: dict[str, Any] = {}
    while not truncated:
        assert env.observation_space.contains(observation)
        observation, reward, terminated, truncated, info = env.step(_legal(env, generator))
        assert not terminated
        total += reward
    weights = {"resolved": 7.0, "handle_s": -32 / 3600, "wait_s": -10 / 3600, "abandoned": -2.0}
    weights |= {"channel_cost_eur": -1.0, "churn_loss_eur": -1.0, "overload_s": -16 / 3600}
    parts = info["reward_components"]
    settled = sum(w * parts[name] for name, w in weights.items()) + info["terminal_value"]
    assert total == pytest.approx(settled)
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(np.int64(4))


def test_the_same_seed_resets_to_the_same_observation() -> None:
    env = ContactCentre()
    first, _ = env.reset(seed=12)
    second, _ = env.reset(seed=12)
    other, _ = env.reset(seed=13)
    assert all(np.array_equal(first[name], second[name]) for name in first)
    assert not np.array_equal(first["context"], other["context"])


def test_a_line_of_text_shows_the_centre() -> None:
    env = ContactCentre(render_mode="ansi")
    env.reset(seed=1)
    line = env.render()
    assert line is not None
    assert "busy" in line
