"""Chats at a time: never above the slots; a call takes all of an employee."""

from dataclasses import replace

import numpy as np
import pytest

from envs.records import HANDLE, column
from envs.state import CHAT, FIRST_EMPLOYEE, IN_SERVICE, QUEUE, VOICE
from tests.envs.small_centre import centre, desks, one_day, small, started


@pytest.mark.parametrize("slots", [1, 2, 3])
def test_chats_in_hand_never_exceed_the_slots_and_a_call_is_alone(slots: int) -> None:
    vector = started(replace(small("retail", load=1.3), chat_slots=slots), 4, 1)
    most = 0.0
    for _ in one_day(vector):
        active, calls = desks(vector, "active"), desks(vector, "voice")
        assert active.max() <= slots
        assert (active[calls > 0] == 1).all()
        most = max(most, active.max())
    assert most == slots


def test_contacts_in_hand_are_those_of_the_customers_in_service() -> None:
    vector = started(small("retail"), 2, 2)
    for _ in one_day(vector):
        rows = vector.state.customer
        for b in range(2):
            serving = column(rows, "status")[b] == IN_SERVICE
            who = column(rows, "employee")[b][serving].astype(int)
            calls = column(rows, "channel")[b][serving] == VOICE
            k = vector.config.n_employees
            assert (np.bincount(who, minlength=k) == desks(vector, "active")[b]).all()
            assert (np.bincount(who[calls], minlength=k) == desks(vector, "voice")[b]).all()


def test_the_share_of_attention_grows_from_the_first_chat_to_the_last() -> None:
    config = replace(small("retail"), voice_share=0.0, all_day=True, chat_slots=3, chat_load=0.6)
    vector = started(config, 1, 3)
    seen: dict[float, float] = {}
    for _ in one_day(vector):
        loads = column(vector.state.desk, "activity")[0, :-1].astype(float)
        calls = desks(vector, "voice")[0]
        seen |= dict(zip(desks(vector, "active")[0][calls == 0], loads[calls == 0], strict=True))
    assert seen[0] == 0
    assert [seen[n] for n in (1, 2, 3)] == pytest.approx([0.6, 0.8, 1.0], abs=1e-6)


def test_a_chat_in_hand_makes_the_next_one_longer_and_each_costs_its_slot() -> None:
    lengths = []
    for slowdown in (0.0, 0.5):
        config = replace(
            small("retail"), voice_share=0.0, all_day=True, chat_slowdown=slowdown, wrap_up_s=0.0
        )
        vector = started(config, 1, 4, log=True)
        # Two chats for one employee: the second begins with one in hand, if it has not ended.
        channel = column(vector.state.customer, "channel")
        assert channel[0, int(centre(vector, "pending")[0])] == CHAT
        vector.step(np.array([FIRST_EMPLOYEE]))
        vector.step(np.array([FIRST_EMPLOYEE]))
        legs = column(vector.state.leg, "outcome")[0, :2, HANDLE]
        while np.isnan(legs.astype(float)).any():
            vector.step(np.array([QUEUE]))
        lengths.append(legs.astype(float).copy())
    assert lengths[0][0] == lengths[1][0]
    assert lengths[1][1] == pytest.approx(1.5 * lengths[0][1])


def test_calls_alone_leave_chats_out() -> None:
    vector = started(small("bank-2003"), 1, 5)
    chats = 0
    for _ in one_day(vector):
        slot = int(centre(vector, "pending")[0])
        contact = column(vector.state.customer, "contact")[0, slot]
        chat = column(vector.state.customer, "channel")[0, slot] == CHAT
        chats += int(chat and column(vector.state.customer, "first")[0, slot])
        assert not chat or contact > 0  # a repeat may come by chat
    assert chats == 0
