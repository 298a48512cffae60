"""The centre in lines of text."""

import re
from dataclasses import replace

import gymnasium
import numpy as np
import pytest

from envs.contact_centre import ContactCentre
from envs.journey import CustomerJourney
from envs.presets import preset
from envs.render import clock
from envs.scenarios import scenario
from envs.state import CALLBACK, QUEUE

BANK = preset("bank")


def shown(env: ContactCentre | CustomerJourney) -> str:
    text = env.render()
    assert isinstance(text, str)
    return text


def test_the_lines_tell_time_people_queues_channels_figures_and_the_decision() -> None:
    env = ContactCentre(render_mode="ansi")
    observation, _ = env.reset(seed=1, options={"day": 3})
    for _ in range(400):
        observation, *_ = env.step(np.int64(CALLBACK if env.action_masks()[CALLBACK] else QUEUE))
    text = shown(env)
    lines = text.splitlines()
    assert lines[0].startswith(f"bank  Thu {clock(float(observation['context'][0]))}")
    for word in ("people", "queues", "bots", "later", "so far", "now"):
        assert sum(line.startswith(word) for line in lines) == 1
    assert re.search(r"callbacks [1-9]\d* \(next in \d+ min\)", text)
    assert f"{int(observation['mask'].sum())} legal actions" in text
    assert max(map(len, lines)) <= 100
    assert 12 <= len(lines) <= 20


def test_there_is_a_letter_for_each_employee() -> None:
    env = ContactCentre("telecom", render_mode="ansi")
    env.reset(seed=1)
    for _ in range(300):
        env.step(np.int64(QUEUE))
    letters = shown(env).splitlines()[2].strip()
    counts = {name: int(n) for n, name in re.findall(r"(\d+) (busy|idle|on break|off)", shown(env))}
    assert len(letters) == sum(counts.values()) == env.config.n_employees
    assert letters.count("o") == counts["idle"]
    assert letters.count("=") == counts["on break"]
    assert letters.count(".") == counts["off"]


def test_a_bot_that_is_down_is_shown_so() -> None:
    out = replace(scenario(BANK, "bot_outage"), outage_start_s=60.0)
    env = ContactCentre(config=out, render_mode="ansi")
    env.reset(seed=1)
    for _ in range(30):
        env.step(np.int64(QUEUE))
    assert "content 0   chat bot DOWN   voice bot DOWN" in shown(env)


def test_the_end_of_a_day_can_be_shown() -> None:
    env = ContactCentre(render_mode="ansi")
    env.reset(seed=1)
    truncated = False
    while not truncated:
        *_, truncated, info = env.step(np.int64(QUEUE))
    text = shown(env)
    assert "the episode is over" in text
    assert f"{info['key_figures']['eur_per_contact']:.2f} EUR a contact" in text


def test_a_journey_shows_its_centre_and_its_end() -> None:
    env = CustomerJourney(render_mode="ansi")
    env.reset(seed=4)
    assert "arrival" in shown(env)
    over = False
    while not over:
        _, _, terminated, truncated, _ = env.step(np.int64(QUEUE))
        over = terminated or truncated
    text = shown(env)
    assert "the episode is over" in text
    assert "0 contacts so far" not in text
    assert re.search("[1-9]\\d* busy", text)


def test_nothing_is_shown_unasked_or_before_a_day_begins() -> None:
    plain = ContactCentre()
    plain.reset(seed=1)
    assert plain.render() is None
    with pytest.raises(gymnasium.error.ResetNeeded):
        ContactCentre(render_mode="ansi").render()
