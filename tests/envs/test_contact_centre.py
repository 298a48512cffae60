"""The Gymnasium face of one centre."""

from dataclasses import replace
from typing import Any

import gymnasium
import numpy as np
import pytest

from envs.contact_centre import ContactCentre
from envs.evaluate_days import simulate
from envs.presets import preset
from envs.scenarios import scenario
from envs.state import FIRST_EMPLOYEE, QUEUE
from envs.vector import ContactCentreVector
from nba.act.longest_idle import LongestIdle
from nba.errors import InputError
from nba.listen.contact_features import CONTACT_CENTRE
from nba.listen.objective import Objective

BANK = preset("bank")
WEEKDAY = CONTACT_CENTRE.context_column("weekday")
HOUR = CONTACT_CENTRE.context_column("hour")


def play(
    env: ContactCentre, *, seed: int | None = None, options: dict[str, Any] | None = None
) -> tuple[float, dict[str, Any]]:
    """A day of legal draws: what was earned, and the last info."""
    env.action_space.seed(0)
    env.reset(seed=seed, options=options)
    total, truncated = 0.0, False
    info: dict[str, Any] = {}
    while not truncated:
        _, reward, terminated, truncated, info = env.step(env.action_space.sample())
        assert not terminated
        total += reward
    return total, info


def test_a_day_ends_truncated_with_its_figures_and_open_contacts_settled() -> None:
    env = ContactCentre()
    total, info = play(env, seed=3)
    figures = info["day_figures"]
    parts = sum(w * figures[name] for name, w in Objective().weights.items())
    assert info["terminal_value"] == env.config.open_contact_eur * figures["still_open"] < 0
    assert total == pytest.approx(parts + info["terminal_value"])
    assert info["key_figures"]["eur_per_contact"] == pytest.approx(total / figures["arrivals"])
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(np.int64(QUEUE))


def test_a_closed_day_shows_the_time_and_nothing_but_the_queue() -> None:
    env = ContactCentre()
    env.reset(seed=3, options={"day": 4})
    truncated = False
    while not truncated:
        observation, _, _, truncated, _ = env.step(np.int64(QUEUE))
    assert np.flatnonzero(observation["mask"]).tolist() == [QUEUE]
    assert np.flatnonzero(env.action_masks()).tolist() == [QUEUE]
    assert observation["context"][WEEKDAY] == 4
    assert observation["context"][HOUR] == pytest.approx(BANK.open_hour + BANK.day_s / 3600)
    assert not observation["actions"].any()


def test_it_is_the_same_centre_as_the_native_face() -> None:
    """Site 3 of seed 6 here is site 3 of seed 6 in every simulation."""
    env = ContactCentre()
    observation, info = env.reset(seed=6, options={"site": 3, "day": 3})
    vector = ContactCentreVector(BANK, 1, 6, first_site=3)
    vector.reset()
    generator = np.random.default_rng(0)
    for _ in range(300):
        context, actions, mask = vector.observe()
        assert np.array_equal(observation["context"], context[0])
        assert np.array_equal(observation["actions"][mask[0]], actions[0][mask[0]])
        assert np.array_equal(observation["mask"], mask[0])
        assert info["decision_key"] == vector.keys[0]
        action = generator.choice(np.flatnonzero(mask[0]))
        observation, reward, _, _, info = env.step(action)
        theirs, dt, _ = vector.step(np.array([action]))
        assert (reward, info["dt"]) == (theirs[0], dt[0])


def test_a_policy_earns_the_same_here_as_where_it_is_judged() -> None:
    policy = LongestIdle(CONTACT_CENTRE)
    judged = simulate(policy, BANK, n_days=2, seed=9)
    env = ContactCentre()
    observation, _ = env.reset(seed=9, options={"site": 1, "day": 1})
    truncated = False
    while not truncated:
        context, actions = observation["context"][None], observation["actions"][None]
        p = policy.batch_probabilities(context, actions, env.action_masks()[None])[0]
        observation, _, _, truncated, info = env.step(np.int64(p.argmax()))
    assert info["key_figures"]["eur_per_contact"] == judged["eur_per_contact"][1]
    assert info["key_figures"]["wait_s"] == judged["wait_s"][1]


def test_a_reset_can_name_scenario_configuration_site_and_day() -> None:
    env = ContactCentre()
    first, info = env.reset(seed=1, options={"site": 5, "day": 2})
    assert (info["site"], info["day"]) == (5, 2)
    assert first["context"][WEEKDAY] == 2
    again, _ = env.reset(options={"site": 5, "day": 2})
    assert np.array_equal(first["context"], again["context"])
    peak, _ = env.reset(options={"site": 5, "day": 2, "scenario": "peak"})
    assert not np.array_equal(first["context"], peak["context"])
    _, settled = play(env, options={"config": replace(BANK, contacts_per_day=60.0)})
    assert settled["day_figures"]["arrivals"] < 150


def test_a_smaller_roster_is_padded_and_a_larger_one_refused() -> None:
    env = ContactCentre()
    observation, _ = env.reset(seed=1, options={"scenario": "shortage"})
    n = FIRST_EMPLOYEE + scenario(BANK, "shortage").n_employees
    for _ in range(200):
        assert env.observation_space.contains(observation)
        assert not observation["mask"][n:].any()
        assert not observation["actions"][n:].any()
        observation, *_ = env.step(env.action_space.sample())
    with pytest.raises(InputError, match=r"30 employees .* made for 24"):
        env.reset(options={"config": replace(BANK, n_employees=30)})


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"sites": 3}, "no option 'sites'; it has scenario, config, site, day"),
        ({"customer": 3}, "no option 'customer'"),
        ({"day": -1}, "option day is -1; a whole number"),
        ({"site": 1.5}, r"option site is 1\.5"),
        ({"config": "bank"}, "option config is a str; give a CentreConfig"),
        ({"scenario": "storm"}, "no scenario 'storm'"),
    ],
)
def test_a_faulty_option_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        ContactCentre().reset(options=options)


def test_what_is_given_out_is_not_overwritten_later() -> None:
    env = ContactCentre()
    first, info = env.reset(seed=1)
    kept = {name: values.copy() for name, values in first.items()}
    key = int(info["decision_key"])
    for _ in range(5):
        env.step(env.action_space.sample())
    assert all(np.array_equal(kept[name], first[name]) for name in kept)
    assert int(info["decision_key"]) == key


def test_expected_rewards_are_paid_when_they_are_decided() -> None:
    env = ContactCentre(expected_reward=True)
    env.reset(seed=4)
    _, reward, _, _, info = env.step(np.int64(QUEUE))
    assert reward != 0.0
    assert info["reward_components"]["resolved"] == 0.0


def test_other_weights_make_another_reward() -> None:
    only = Objective({"handle_s": -1.0})
    total, info = play(ContactCentre(objective=only), seed=2)
    settled = info["terminal_value"] - info["day_figures"]["handle_s"]
    assert total == pytest.approx(settled)
