"""The plain stable-baselines3 face: what a researcher trains on."""

from typing import Any, cast

import gymnasium
import numpy as np
import pytest
from sb3_contrib import MaskablePPO
from sb3_contrib.common.maskable.utils import get_action_masks, is_masking_supported
from stable_baselines3.common.vec_env import DummyVecEnv, VecMonitor, VecNormalize

from envs.contact_centre import ContactCentre
from envs.registration import register
from envs.state import QUEUE
from experiments.rollout import SemiMdpRolloutBuffer
from experiments.sb3 import CentresVecEnv, make_vec_env
from nba.types import Ints

Infos = list[dict[str, Any]]


def drawn(centres: CentresVecEnv, generator: np.random.Generator) -> Ints:
    masks = get_action_masks(centres)
    return np.asarray(np.argmax(generator.random(masks.shape) * masks, axis=1))


def first_end(centres: CentresVecEnv) -> tuple[dict[str, Any], float]:
    """The first info of a day's end, and what its centre earned in that day."""
    generator = np.random.default_rng(0)
    centres.reset()
    earned = np.zeros(centres.num_envs)
    while True:
        _, reward, done, infos = centres.step(drawn(centres, generator))
        earned += reward
        if done.any():
            b = int(np.flatnonzero(done)[0])
            return infos[b], float(earned[b])


def test_observations_masks_and_infos_are_those_of_every_centre() -> None:
    centres = make_vec_env("retail", scenario="peak", n_centres=5, seed=3)
    assert is_masking_supported(centres)
    observation = centres.reset()
    assert isinstance(observation, dict)
    generator = np.random.default_rng(0)
    for _ in range(60):
        for b in range(5):
            row = {name: values[b] for name, values in observation.items()}
            assert centres.observation_space.contains(row)
        assert np.array_equal(get_action_masks(centres), observation["mask"].astype(bool))
        following, reward, done, infos = centres.step(drawn(centres, generator))
        assert isinstance(following, dict)
        observation = following
        assert reward.dtype.name == "float32"
        assert done.dtype.name == "bool"
        assert [info["dt"] for info in infos] == centres.dt.tolist()
        assert not any(info["TimeLimit.truncated"] for info in infos)


def test_a_days_end_tells_what_stable_baselines3s_own_batch_tells() -> None:
    plain = DummyVecEnv([ContactCentre])
    plain.reset()
    done = np.zeros(1, dtype=bool)
    theirs: Infos = []
    while not done[0]:
        _, _, done, theirs = plain.step(np.array([QUEUE]))
    ours, earned = first_end(make_vec_env(n_centres=3, seed=1))
    for name in ("dt", "TimeLimit.truncated", "terminal_observation", "terminal_value"):
        assert type(ours[name]) is type(theirs[0][name])
    assert ours["TimeLimit.truncated"] is theirs[0]["TimeLimit.truncated"] is True
    mine, their = ours["terminal_observation"], theirs[0]["terminal_observation"]
    assert mine.keys() == their.keys()
    assert all(mine[name].shape == their[name].shape for name in mine)
    assert mine["context"][0] == their["context"][0]  # h: the close
    for group in ("day_figures", "key_figures"):
        assert ours[group].keys() == theirs[0][group].keys()
    arrivals = ours["day_figures"]["arrivals"]
    assert ours["key_figures"]["eur_per_contact"] == pytest.approx(earned / arrivals, rel=1e-4)


def test_a_seed_gives_the_same_days_and_the_reset_after_it_new_ones() -> None:
    def begin(centres: CentresVecEnv) -> bytes:
        observation = centres.reset()
        assert isinstance(observation, dict)
        return observation["context"].tobytes()

    one, other = make_vec_env(n_centres=2, seed=5), make_vec_env(n_centres=2)
    other.seed(5)
    first = begin(one)
    assert begin(other) == first
    assert begin(one) != first
    one.seed(5)
    assert begin(one) == first


def test_masks_are_seen_through_the_librarys_wrappers() -> None:
    centres = make_vec_env(n_centres=2, seed=1)
    wrapped = VecMonitor(VecNormalize(centres, norm_obs_keys=["context", "actions"]))
    wrapped.reset()
    assert is_masking_supported(wrapped)
    assert np.array_equal(get_action_masks(wrapped), get_action_masks(centres))
    wrapped.step(np.full(2, QUEUE))


def test_no_centre_can_be_asked_for_anything_else() -> None:
    centres = make_vec_env(n_centres=2, seed=1)
    with pytest.raises(AttributeError, match="no method 'fly'"):
        centres.env_method("fly")
    with pytest.raises(AttributeError, match="no attribute 'wings'"):
        centres.get_attr("wings")
    with pytest.raises(AttributeError, match="cannot be set"):
        centres.set_attr("wings", 2)


def _weights(learner: MaskablePPO) -> Any:  # noqa: ANN401 torch's own type
    return np.concatenate([p.detach().numpy().ravel() for p in learner.policy.parameters()])


def test_maskable_ppo_learns_on_it_and_the_same_seed_gives_the_same_weights() -> None:
    learned = []
    for _ in range(2):
        centres = make_vec_env(n_centres=4, stagger=True)
        learner = MaskablePPO("MultiInputPolicy", centres, n_steps=32, batch_size=64, seed=1)
        before = _weights(learner)
        learner.learn(256)
        learned.append(_weights(learner))
        assert np.isfinite(learned[-1]).all()
        assert not np.array_equal(before, learned[-1])
    assert np.array_equal(*learned)


def test_discounting_by_time_works_on_it() -> None:
    centres = make_vec_env(n_centres=2, seed=2)
    learner = MaskablePPO(
        "MultiInputPolicy",
        centres,
        n_steps=16,
        batch_size=32,
        n_epochs=1,
        rollout_buffer_class=SemiMdpRolloutBuffer,
        rollout_buffer_kwargs={"clock": centres, "horizon_s": 600.0},
    )
    learner.learn(32)
    discounts = cast(SemiMdpRolloutBuffer, learner.rollout_buffer).discounts
    assert discounts.shape == (16, 2)
    assert 0.0 < discounts.min() < discounts.max() <= 1.0


def test_five_lines_train_it_on_a_single_environment() -> None:
    register()
    env = gymnasium.make("nba/ContactCentre-v0", preset="bank", scenario="peak")
    learner = MaskablePPO("MultiInputPolicy", env, n_steps=128, seed=0)
    learner.learn(256)
    observation, _ = env.reset(seed=1)
    action, _ = learner.predict(observation, action_masks=env.get_wrapper_attr("action_masks")())
    assert observation["mask"][int(action)]
    env.step(action)
