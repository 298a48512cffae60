"""One centre behind a Gymnasium face."""

from dataclasses import replace

import gymnasium
import numpy as np
import pytest

from envs.one_centre import OneCentre
from envs.presets import preset
from envs.records import COMPONENTS
from envs.state import FIRST_EMPLOYEE, QUEUE
from nba.errors import InputError

BANK = preset("bank")


def test_nothing_can_be_seen_before_the_first_day() -> None:
    centre = OneCentre(BANK)
    for ask in (centre.vector, centre.last, centre.observation):
        with pytest.raises(gymnasium.error.ResetNeeded):
            ask()


def test_a_day_begins_alike_however_often_it_is_begun() -> None:
    centre = OneCentre(BANK)
    centre.start(BANK, 1, 2, 3)
    first = centre.observation()
    for _ in range(300):
        centre.vector().step(np.array([QUEUE]))
    centre.start(BANK, 1, 2, 3)
    again = centre.observation()
    assert all(np.array_equal(first[name], again[name]) for name in first)


def test_the_steps_components_sum_up_to_the_days() -> None:
    small = replace(BANK, n_employees=4, contacts_per_day=80.0)
    centre = OneCentre(small)
    vector = centre.start(small, 5, 0, 0)
    summed, over = np.zeros(len(COMPONENTS)), False
    while not over:
        over = bool(vector.step(np.array([QUEUE]))[2][0])
        summed += list(centre.step_components(over).values())
    day = vector.day_components()
    assert summed == pytest.approx([day[name][0] for name in COMPONENTS])


def test_a_smaller_roster_is_padded() -> None:
    small = replace(BANK, n_employees=10)
    centre = OneCentre(BANK)
    vector = centre.start(small, 0, 0, 0)
    seen = centre.observation()
    n = FIRST_EMPLOYEE + 10
    assert np.array_equal(seen["actions"][:n], vector.observe()[1][0])
    assert not seen["actions"][n:].any()
    assert not centre.masks()[n:].any()
    with pytest.raises(InputError, match="25 employees"):
        centre.start(replace(BANK, n_employees=25), 0, 0, 0)


def test_a_closed_centre_refuses_steps_and_can_still_be_looked_at() -> None:
    centre = OneCentre(BANK)
    centre.start(BANK, 1, 2, 3)
    seen = centre.closing(3, closed=True)
    assert np.flatnonzero(seen["mask"]).tolist() == np.flatnonzero(centre.masks()).tolist()
    with pytest.raises(gymnasium.error.ResetNeeded):
        centre.vector()
    assert centre.last().n_centres == 1
