"""The stable-baselines3 face of the simulated centres."""

import numpy as np
import pytest
from gymnasium import spaces
from sb3_contrib.common.maskable.utils import get_action_masks, is_masking_supported
from stable_baselines3.common.vec_env.base_vec_env import VecEnv

from envs.vector import ContactCentreVector
from nba.act.folded_net import CLIP
from nba.types import Ints
from tests.experiments.small_run import BANK, normalisation, reward_model, vec_env


def legal(mask: np.ndarray[tuple[int, int], np.dtype[np.bool_]], rng: np.random.Generator) -> Ints:
    return np.asarray(np.argmax(rng.random(mask.shape) * mask, axis=1))


def test_it_is_a_vec_env_with_masks() -> None:
    centres = vec_env()
    assert isinstance(centres, VecEnv)
    assert is_masking_supported(centres)
    centres.reset()
    masks = get_action_masks(centres)
    assert isinstance(centres.action_space, spaces.Discrete)
    assert masks.shape == (6, centres.action_space.n)
    assert masks.dtype == np.bool_


def test_observations_are_in_their_space_and_the_mask_is_theirs() -> None:
    centres = vec_env()
    observation = centres.reset()
    rng = np.random.default_rng(0)
    for _ in range(300):
        for row in range(centres.num_envs):
            assert centres.observation_space.contains({k: v[row] for k, v in observation.items()})
        mask = get_action_masks(centres)
        assert np.array_equal(observation["mask"] > 0.5, mask)
        assert mask.any(axis=1).all()
        assert np.abs(observation["context"]).max() <= CLIP
        assert not observation["actions"][~mask].any()
        following, reward, done, infos = centres.step(legal(mask, rng))
        assert isinstance(following, dict)
        observation = following
        assert reward.shape == done.shape == (6,)
        assert len(infos) == 6


def test_a_place_holds_the_action_it_stands_for() -> None:
    """Legal actions are moved to the front; what is chosen there must be what is done."""
    centres = vec_env(reward_scale=0.5)
    plain = ContactCentreVector(BANK, 6, 3, stagger=True)
    plain.reset()
    centres.reset()
    rng = np.random.default_rng(1)
    for _ in range(300):
        _, actions, mask = plain.observe()
        seen = centres._observe()  # noqa: SLF001 what the learner was given last
        order = np.argsort(~mask, axis=1, kind="stable")
        assert np.array_equal(get_action_masks(centres).sum(axis=1), mask.sum(axis=1))
        expected = normalisation().actions(actions[0, order[0, : mask[0].sum()]])
        assert seen["actions"][0, : mask[0].sum()] == pytest.approx(expected)
        place = legal(get_action_masks(centres), rng)
        _, reward, done, _ = centres.step(place)
        theirs, dt, theirs_done = plain.step(order[np.arange(6), place])
        assert reward == pytest.approx(theirs * 0.5, rel=1e-6)
        assert np.array_equal(done, theirs_done)
        assert np.array_equal(centres.dt, dt)


def test_every_legal_action_has_a_place() -> None:
    centres = vec_env(32, seed=11)
    centres.reset()
    rng = np.random.default_rng(2)
    most = 0
    for _ in range(400):
        mask = centres.vector.observe()[2]
        assert np.array_equal(mask.sum(axis=1), get_action_masks(centres).sum(axis=1))
        most = max(most, int(mask.sum(axis=1).max()))
        centres.step(legal(get_action_masks(centres), rng))
    assert most > 10  # the day's peak was among them


def test_the_prior_is_the_models_reward_less_the_best() -> None:
    centres = vec_env()
    observation = centres.reset()
    assert isinstance(observation, dict)
    context, actions, mask = centres.vector.observe()
    rewards = np.where(mask, reward_model().batch_rewards(context, actions), -np.inf)
    expected = np.sort(rewards - rewards.max(axis=1, keepdims=True), axis=1)[:, ::-1]
    found = np.where(observation["mask"] > 0.5, observation["prior"], -np.inf)
    width = found.shape[1]
    assert np.sort(found, axis=1)[:, ::-1] == pytest.approx(expected[:, :width], abs=1e-5)
    assert (observation["prior"].max(axis=1) == 0.0).all()


def test_what_is_given_out_is_not_overwritten_later() -> None:
    centres = vec_env()
    first = centres.reset()
    assert isinstance(first, dict)
    kept = {name: values.copy() for name, values in first.items()}
    dt = centres.dt
    centres.step(legal(get_action_masks(centres), np.random.default_rng(0)))
    assert all(np.array_equal(kept[name], first[name]) for name in kept)
    assert dt is not centres.dt


def test_no_centre_can_be_asked_for_anything_else() -> None:
    centres = vec_env(2)
    with pytest.raises(AttributeError, match="no method 'fly'"):
        centres.env_method("fly")
    with pytest.raises(AttributeError, match="no attribute 'wings'"):
        centres.get_attr("wings")
    with pytest.raises(AttributeError, match="cannot be set"):
        centres.set_attr("wings", 2)


def test_a_constant_column_keeps_its_unit() -> None:
    scale = normalisation()
    assert (scale.context_std > 0).all()
    assert (scale.action_std > 0).all()
    assert np.abs(scale.context(np.full((1, 26), 1e9, dtype=np.float32))).max() == CLIP


def test_the_pool_is_the_mean_and_the_largest_of_what_is_legal() -> None:
    seen = vec_env().reset()
    for place, mask in enumerate(seen["mask"] > 0.5):
        rows = seen["actions"][place, mask]
        expected = np.concatenate([rows.mean(axis=0), rows.max(axis=0)])
        np.testing.assert_allclose(seen["pooled"][place], expected, atol=1e-5)
