"""Discounting by the time that really passed."""

from dataclasses import dataclass, field, replace
from typing import Any, cast

import numpy as np
import pytest
import torch as th
from gymnasium import spaces
from sb3_contrib import MaskablePPO
from sb3_contrib.common.maskable.buffers import MaskableDictRolloutBuffer

from envs.contact_centres import ContactCentres
from envs.presets import preset
from envs.spaces import Observation
from experiments.rollout import SemiMdpRolloutBuffer
from experiments.sb3 import make_vec_env
from nba.types import Floats, Floats32

HORIZON_S = 600.0
STEPS = 5
REWARDS = np.array([[1.0, 2.0], [0.5, -1.0], [2.0, 0.0], [-0.5, 4.0], [3.0, 1.0]])
SECONDS = np.array([[10.0, 0.0], [200.0, 30.0], [5.0, 600.0], [70.0, 1.0], [400.0, 90.0]])
LAST_VALUES = np.array([7.0, 9.0])


@dataclass
class Ticking:
    """A clock that is set by hand."""

    dt: Floats = field(default_factory=lambda: np.zeros(2))
    paid: Floats32 = field(default_factory=lambda: np.zeros(2, dtype=np.float32))


def filled(
    starts: np.ndarray[Any, Any],
    *,
    gae_lambda: float,
    value: float,
    cut_off: Floats | float = 0.0,
) -> SemiMdpRolloutBuffer:
    """A buffer after five steps; `cut_off` (STEPS, 2) is the value of what an end cut off."""
    following = np.broadcast_to(cut_off, REWARDS.shape)
    clock = Ticking()
    space = spaces.Dict({"context": spaces.Box(-1.0, 1.0, (3,), np.float32)})
    buffer = SemiMdpRolloutBuffer(
        STEPS, space, spaces.Discrete(4), "cpu",
        gae_lambda=gae_lambda, gamma=0.5, n_envs=2, clock=clock, horizon_s=HORIZON_S,
    )  # fmt: skip
    buffer.reset()
    for step in range(STEPS):
        clock.dt = SECONDS[step]
        clock.paid = REWARDS[step].astype(np.float32)
        buffer.add(
            {"context": np.zeros((2, 3), dtype=np.float32)},
            np.zeros((2, 1)),
            # stable-baselines3 adds what was cut off by its scalar gamma
            REWARDS[step] + buffer.gamma * following[step],
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


def test_what_a_days_end_cuts_off_is_discounted_by_the_time_to_it() -> None:
    starts, cut_off = np.zeros((STEPS, 2)), np.zeros((STEPS, 2))
    starts[3, 0] = 1.0
    cut_off[2, 0], cut_off[4, 1] = 5.0, -3.0
    buffer = filled(starts, gae_lambda=1.0, value=0.3, cut_off=cut_off)
    buffer.compute_returns_and_advantage(th.tensor(LAST_VALUES), np.array([0.0, 1.0]))
    for step in range(3):
        expected = discounted(REWARDS[step:3, 0], SECONDS[step:3, 0], 5.0)
        assert buffer.returns[step, 0] == pytest.approx(expected, rel=1e-5)
    for step in range(3, STEPS):
        expected = discounted(REWARDS[step:, 0], SECONDS[step:, 0], LAST_VALUES[0])
        assert buffer.returns[step, 0] == pytest.approx(expected, rel=1e-5)
    for step in range(STEPS):
        expected = discounted(REWARDS[step:, 1], SECONDS[step:, 1], -3.0)
        assert buffer.returns[step, 1] == pytest.approx(expected, rel=1e-5)


def test_the_returns_of_a_rollout_are_those_of_the_days_played_again() -> None:
    """The library's own loop on short days, against the closed form of the same steps."""
    config = replace(preset("bank"), n_employees=4, contacts_per_day=25.0)
    centres = make_vec_env(config=config, n_centres=2, seed=4)
    learner = MaskablePPO(
        "MultiInputPolicy", centres, n_steps=64, batch_size=128, n_epochs=1, gae_lambda=1.0,
        learning_rate=0.0, gamma=0.9, rollout_buffer_class=SemiMdpRolloutBuffer,
        rollout_buffer_kwargs={"clock": centres, "horizon_s": HORIZON_S},
    )  # fmt: skip
    learner.learn(128)  # at a rate of zero: the values stay as they were
    buffer = cast(Any, learner.rollout_buffer)
    again = ContactCentres(2, config=config)
    last, _ = again.reset(seed=4)
    chosen = buffer.actions[:, :, 0].astype(np.int64)
    rewards, seconds, over = (np.zeros((64, 2)) for _ in range(3))
    tails = np.zeros((64, 2))
    for step in range(64):
        last, rewards[step], _, over[step], info = again.step(chosen[step])
        seconds[step] = info["dt"]
        for b in np.flatnonzero(over[step]).tolist():
            tails[step, b] = _value(learner, info["final_obs"][b])
    assert 1 <= over[:, 0].sum() < 10
    returns = buffer.returns
    for b in range(2):
        ends = [*np.flatnonzero(over[:, b]).tolist(), 63]
        tails[63, b] = tails[63, b] or _value(learner, {k: v[b] for k, v in last.items()})
        for step in range(64):
            end = next(e for e in ends if e >= step)
            window = slice(step, end + 1)
            expected = discounted(rewards[window, b], seconds[window, b], tails[end, b])
            assert returns[step, b] == pytest.approx(expected, rel=1e-4, abs=1e-4)


def _value(learner: MaskablePPO, observation: Observation) -> float:
    tensors, _ = learner.policy.obs_to_tensor(observation)
    with th.no_grad():
        return float(learner.policy.predict_values(tensors)[0])


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


def test_the_batches_of_an_update_are_the_librarys_for_the_same_seed() -> None:
    buffer = filled(np.zeros((STEPS, 2)), gae_lambda=0.9, value=0.3)
    rng = np.random.default_rng(5)
    buffer.observations["context"][...] = rng.normal(size=(STEPS, 2, 3))
    for name in ("actions", "values", "log_probs", "advantages", "returns", "action_masks"):
        array = getattr(buffer, name)
        array[...] = rng.integers(0, 90, size=array.shape)
    np.random.seed(3)  # noqa: NPY002 what the library draws from
    ours = list(buffer.get(4))
    np.random.seed(3)  # noqa: NPY002 as above
    theirs = list(MaskableDictRolloutBuffer.get(buffer, 4))
    assert [len(each.actions) for each in ours] == [4, 4, 2]
    for mine, library in zip(ours, theirs, strict=True):
        assert mine.observations["context"].equal(library.observations["context"])
        for name in mine._fields[1:]:
            assert getattr(mine, name).flatten().equal(getattr(library, name).flatten()), name


def test_a_second_rollout_is_not_mixed_with_the_first() -> None:
    buffer = filled(np.zeros((STEPS, 2)), gae_lambda=0.9, value=0.3)
    held = buffer.observations["context"]
    assert buffer.full
    buffer.reset()
    assert (buffer.pos, buffer.full) == (0, False)
    assert buffer.observations["context"] is held
    with pytest.raises(AssertionError):
        next(iter(buffer.get(4)))
