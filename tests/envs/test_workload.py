"""What work does to employees: occupancy, fatigue, overload, and the time that is booked."""

from dataclasses import replace

import numpy as np
import pytest

from envs.config import coefficients
from envs.records import Desk, Person, column, table
from envs.state import CHAT, VOICE
from envs.workload import can_start, fatigue, occupancy, overload_share, staff_share
from tests.envs.small_centre import centre, desks, one_day, small, started

BANK = small("bank")
NUMBERS = coefficients(BANK)


def test_fatigue_begins_at_75_percent_and_stamina_takes_from_it() -> None:
    person = table(Person, 1)
    stamina = column(person, "stamina")
    assert fatigue(person[0], 0.5) == fatigue(person[0], 0.75) == 0.0
    assert fatigue(person[0], 1.0) == pytest.approx(1.0)
    stamina[0] = 1.0
    assert fatigue(person[0], 1.0) == pytest.approx(0.3)


def test_overload_begins_at_85_percent_and_is_whole_at_100() -> None:
    shares = [overload_share(load) for load in (0.5, 0.85, 0.925, 1.0, 1.2)]
    assert shares == pytest.approx([0.0, 0.0, 0.5, 1.0, 1.0])


def test_a_chat_takes_its_slot_and_a_call_everything() -> None:
    for slots in (1, 2, 4):
        numbers = coefficients(replace(BANK, chat_slots=slots))
        assert staff_share(numbers, VOICE) == 1.0
        assert staff_share(numbers, CHAT) == 1.0 / slots


def test_hands_are_free_for_another_chat_but_not_beside_a_call() -> None:
    desk = table(Desk, 1)
    active, calls = column(desk, "active"), column(desk, "voice")
    expected = {
        (0, 0): (True, True),
        (1, 0): (False, True),
        (2, 0): (False, False),
        (1, 1): (False, False),
    }
    for (in_hand, voice), allowed in expected.items():
        active[0], calls[0] = in_hand, voice
        assert tuple(can_start(NUMBERS, desk[0], way) for way in (VOICE, CHAT)) == allowed


def test_occupancy_forgets_at_the_stated_pace() -> None:
    desk = table(Desk, 1)
    window = BANK.occupancy_window_s
    # Busy without end up to time zero, idle since.
    column(desk, "fade")[0] = 1.0
    loads = [occupancy(NUMBERS, desk[0], now) for now in (0.0, window, 2 * window)]
    assert loads == pytest.approx([1.0, np.exp(-1.0), np.exp(-2.0)])


def test_the_time_booked_is_the_time_worked() -> None:
    # Calls only: what is booked as busy is what services lasted, cut at the day's end.
    config = replace(BANK, voice_share=1.0, recontact_share=0.0, all_day=True)
    vector = started(config, 1, 2, log=True)
    for _ in one_day(vector):
        pass
    day = vector.day_figures()
    handled = vector.day_components()["handle_s"][0]
    assert day["handled_s"][0] == pytest.approx(handled)
    assert 0.0 <= day["busy_s"][0] - handled < 600.0 * config.n_employees
    assert day["shift_s"][0] == pytest.approx(config.n_employees * config.day_s)
    assert day["busy_s"][0] <= day["shift_s"][0]


def test_loads_stay_between_zero_and_one() -> None:
    vector = started(small("bank-2003", load=3.0), 4, 3)
    highest = 0.0
    for _ in one_day(vector):
        now = centre(vector, "now")[:, None]
        faded = desks(vector, "fade") * np.exp(-now / BANK.occupancy_window_s)
        loads = (desks(vector, "activity") + faded)[desks(vector, "status") > 1]
        assert loads.min(initial=0.0) > -1e-9
        assert loads.max(initial=0.0) < 1.0 + 1e-6
        highest = max(highest, loads.max(initial=0.0))
    assert highest > 0.9


def test_idle_employees_are_counted() -> None:
    vector = started(BANK, 3, 5)
    for _ in one_day(vector):
        idle = (desks(vector, "status") == 2) & (desks(vector, "active") == 0)
        assert (idle.sum(axis=1) == centre(vector, "n_idle")).all()
