"""The Gymnasium vector face."""

from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from envs.contact_centre import ContactCentre
from envs.contact_centres import ContactCentres
from envs.presets import preset
from envs.registration import register
from envs.spaces import Observation
from envs.state import QUEUE
from envs.vector import ContactCentreVector
from nba.errors import InputError
from nba.listen.objective import CONTACT_CENTRE_WEIGHTS

BANK = preset("bank")
Step = tuple[Observation, Any, Any, Any, dict[str, Any]]


def to_the_close(envs: ContactCentres, seed: int) -> Step:
    """The first step in which a day ends."""
    envs.action_space.seed(seed)
    envs.reset(seed=seed)
    while True:
        step = envs.step(envs.action_space.sample())
        if step[3].any():
            return step


def test_gymnasium_makes_it_and_asks_for_nothing_more() -> None:
    """Warnings are errors here: the autoreset mode is declared as Gymnasium wants it."""
    register()
    envs = gymnasium.make_vec(
        "nba/ContactCentre-v0",
        num_envs=5,
        vectorization_mode="vector_entry_point",
        preset="retail",
        scenario="peak",
    )
    assert isinstance(envs, ContactCentres)
    assert envs.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
    observation, info = envs.reset(seed=1)
    for _ in range(50):
        assert envs.observation_space.contains(observation)
        chosen = envs.action_space.sample()
        assert envs.action_space.contains(chosen)
        observation, reward, terminated, _, info = envs.step(chosen)
        assert reward.shape == (5,)
        assert not terminated.any()
        assert info["_dt"].all()
    envs.close()


def test_it_is_the_native_batch() -> None:
    envs = ContactCentres(4, stagger=True)
    observation, info = envs.reset(seed=6)
    vector = ContactCentreVector(BANK, 4, 6, stagger=True)
    vector.reset()
    for _ in range(200):
        context, actions, mask = vector.observe()
        assert np.array_equal(observation["context"], context)
        assert np.array_equal(observation["actions"], actions)
        assert np.array_equal(envs.action_masks(), mask)
        assert np.array_equal(info["decision_key"], vector.keys)
        chosen = envs.action_space.sample()
        observation, reward, _, over, info = envs.step(chosen)
        theirs, dt, done = vector.step(chosen)
        assert np.array_equal(reward, theirs)
        assert np.array_equal(info["dt"], dt)
        assert np.array_equal(over, done)


def test_a_days_end_has_the_form_of_gymnasiums_own_same_step_batches() -> None:
    """Names, nesting, masks and types are those of SyncVectorEnv over the single environment."""
    plain = SyncVectorEnv([ContactCentre] * 2, autoreset_mode=AutoresetMode.SAME_STEP)
    plain.reset(seed=3)
    over = np.zeros(2, dtype=bool)
    while not over.any():
        *_, over, theirs = plain.step(np.full(2, QUEUE))
    *_, ours = to_the_close(ContactCentres(2), 3)
    for name in ("final_obs", "_final_obs", "final_info", "_final_info"):
        assert name in ours
    assert ours["final_info"].keys() == theirs["final_info"].keys()
    _same_form(ours["final_info"], theirs["final_info"])
    b, other = int(np.flatnonzero(ours["_final_obs"])[0]), int(np.flatnonzero(over)[0])
    mine, their = ours["final_obs"][b], theirs["final_obs"][other]
    assert {k: (v.shape, v.dtype) for k, v in mine.items()} == {
        k: (v.shape, v.dtype) for k, v in their.items()
    }
    assert ours["final_obs"][1 - b] is None


def _same_form(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    for name, value in ours.items():
        assert name in theirs
        if isinstance(value, dict):
            _same_form(value, theirs[name])
        else:
            assert value.shape == theirs[name].shape
            assert value.dtype == theirs[name].dtype


def test_a_days_end_settles_that_day_and_goes_on_with_the_next() -> None:
    envs = ContactCentres(6, stagger=True)
    weekday = envs.reset(seed=2)[0]["context"][:, 1].copy()
    earned = np.zeros(6)
    over = np.zeros(6, dtype=bool)
    while not over.any():
        observation, reward, _, over, info = envs.step(envs.action_space.sample())
        earned += reward
    final = info["final_info"]
    told = final["terminal_value"] + sum(
        weight * final["day_figures"][name] for name, weight in CONTACT_CENTRE_WEIGHTS.items()
    )
    assert earned[over] == pytest.approx(told[over])
    per_contact = earned / np.maximum(final["day_figures"]["arrivals"], 1)
    assert final["key_figures"]["eur_per_contact"][over] == pytest.approx(per_contact[over])
    assert (final["terminal_value"][~over] == 0).all()
    for b in np.flatnonzero(over).tolist():
        assert envs.single_observation_space.contains(info["final_obs"][b])
        assert info["final_obs"][b]["context"][1] == weekday[b]
        assert observation["context"][b, 1] == (weekday[b] + 1) % 5
        assert observation["context"][b, 0] < 8.0  # h: the next morning


def test_the_reward_is_the_weighted_sum_of_the_steps_components() -> None:
    envs = ContactCentres(8, stagger=True)
    envs.reset(seed=5)
    ended = False
    for _ in range(300):
        _, reward, _, over, info = envs.step(envs.action_space.sample())
        parts = info["reward_components"]
        told = sum(weight * parts[name] for name, weight in CONTACT_CENTRE_WEIGHTS.items())
        if over.any():
            ended = True
            told = told + info["final_info"]["terminal_value"]
        assert reward == pytest.approx(told, abs=1e-9)
    assert ended


def test_what_is_given_out_is_not_overwritten_later() -> None:
    envs = ContactCentres(3)
    observation, _ = envs.reset(seed=1)
    first = envs.step(envs.action_space.sample())
    kept = [observation["actions"].copy(), first[0]["actions"].copy(), first[1].copy()]
    dt, parts = first[4]["dt"].copy(), first[4]["reward_components"]["wait_s"].copy()
    masks = envs.action_masks()
    masks_then = masks.copy()
    for _ in range(10):
        envs.step(envs.action_space.sample())
    assert np.array_equal(kept[0], observation["actions"])
    assert np.array_equal(kept[1], first[0]["actions"])
    assert np.array_equal(kept[2], first[1])
    assert np.array_equal(dt, first[4]["dt"])
    assert np.array_equal(parts, first[4]["reward_components"]["wait_s"])
    assert np.array_equal(masks, masks_then)


def test_seeds_options_and_illegal_actions() -> None:
    envs = ContactCentres(2)
    with pytest.raises(gymnasium.error.ResetNeeded):
        envs.step(np.full(2, QUEUE))
    first = envs.reset(seed=4)[0]["context"]
    drawn = envs.reset()[0]["context"]
    assert not np.array_equal(first, drawn)
    assert np.array_equal(first, envs.reset(seed=4)[0]["context"])
    assert np.array_equal(drawn, envs.reset()[0]["context"])
    with pytest.raises(InputError, match="not legal in centre 1"):
        envs.step(np.array([QUEUE, 99]))
    with pytest.raises(InputError, match="no option 'day'"):
        envs.reset(options={"day": 3})
