"""Discounting by the time that really passed."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import torch as th
from gymnasium import spaces

from experiments.rollout import SemiMdpRolloutBuffer
from nba.types import Floats

HORIZON_S = 600.0
STEPS = 5
REWARDS = np.array([[1.0, 2.0], [0.5, -1.0], [2.0, 0.0], [-0.5, 4.0], [3.0, 1.0]])
SECONDS = np.array([[10.0, 0.0], [200.0, 30.0], [5.0, 600.0], [70.0, 1.0], [400.0, 90.0]])
LAST_VALUES = np.array([7.0, 9.0])


@dataclass
class Ticking:
    """A clock that is set by hand."""

    dt: Floats = field(default_factory=lambda: np.zeros(2))


def filled(
    starts: np.ndarray[Any, Any], *, gae_lambda: float, value: float
) -> SemiMdpRolloutBuffer:
    clock = Ticking()
    space = spaces.Dict({"context": spaces.Box(-1.0, 1.0, (3,), np.float32)})
    buffer = SemiMdpRolloutBuffer(
        STEPS, space, spaces.Discrete(4), "cpu",
        gae_lambda=gae_lambda, gamma=0.5, n_envs=2, clock=clock, horizon_s=HORIZON_S,
    )  # fmt: skip
    buffer.reset()
    for step in range(STEPS):
        clock.dt = SECONDS[step]
        buffer.add(
            {"context": np.zeros((2, 3), dtype=np.float32)},
            np.zeros((2, 1)),
            REWARDS[step],
            starts[step],
            th.full((2, 1), value),
            th.zeros(2),
            action_masks=np.ones((2, 4)),
        )
    return buffer


def discounted(rewards: Floats, seconds: Floats, tail: float) -> float:
    """Σ exp(−t / horizon) · reward with t the time since the first decision, in closed form."""
    since = np.concatenate([[0.0], np.cumsum(seconds)])
    weights = np.exp(-since / HORIZON_S)
    return float(rewards @ weights[:-1] + tail * weights[-1])


def test_with_lambda_one_the_return_is_the_discounted_sum() -> None:
    starts = np.zeros((STEPS, 2))
    buffer = filled(starts, gae_lambda=1.0, value=0.3)
    buffer.compute_returns_and_advantage(th.tensor(LAST_VALUES), np.zeros(2))
    for env in range(2):
        for step in range(STEPS):
            expected = discounted(REWARDS[step:, env], SECONDS[step:, env], LAST_VALUES[env])
            assert buffer.returns[step, env] == pytest.approx(expected, rel=1e-5)


def test_nothing_is_carried_over_the_end_of_a_day() -> None:
    starts = np.zeros((STEPS, 2))
    starts[3, 0] = 1.0  # centre 0's day ended with step 2, centre 1's with the last step
    buffer = filled(starts, gae_lambda=1.0, value=0.3)
    buffer.compute_returns_and_advantage(th.tensor(LAST_VALUES), np.array([0.0, 1.0]))
    for step in range(3):
        expected = discounted(REWARDS[step:3, 0], SECONDS[step:3, 0], 0.0)
        assert buffer.returns[step, 0] == pytest.approx(expected, rel=1e-5)
    for step in range(STEPS):
        expected = discounted(REWARDS[step:, 1], SECONDS[step:, 1], 0.0)
        assert buffer.returns[step, 1] == pytest.approx(expected, rel=1e-5)


def test_with_lambda_zero_the_advantage_is_the_error_of_one_step() -> None:
    buffer = filled(np.zeros((STEPS, 2)), gae_lambda=0.0, value=0.3)
    buffer.compute_returns_and_advantage(th.tensor(LAST_VALUES), np.zeros(2))
    following = np.vstack([np.full((STEPS - 1, 2), 0.3), LAST_VALUES])
    expected = REWARDS + np.exp(-SECONDS / HORIZON_S) * following - 0.3
    assert buffer.advantages == pytest.approx(expected, rel=1e-5)


def test_the_scalar_gamma_of_the_library_has_no_say() -> None:
    buffer = filled(np.zeros((STEPS, 2)), gae_lambda=0.9, value=0.0)
    buffer.compute_returns_and_advantage(th.tensor(LAST_VALUES), np.zeros(2))
    before = buffer.returns.copy()
    buffer.gamma = 0.99
    buffer.compute_returns_and_advantage(th.tensor(LAST_VALUES), np.zeros(2))
    assert np.array_equal(before, buffer.returns)
