"""Plans whose answer is known beforehand."""

import numpy as np
import pytest

from envs.baselines.roster import Roster
from envs.baselines.static_plan import best_flow, flows, shares
from nba.types import Floats

HOUR = np.full((2, 2), 360.0)  # ten contacts fill an hour


def test_with_time_for_all_each_contact_goes_where_it_earns_most() -> None:
    value = np.array([[5.0, 4.0], [1.0, 3.0]])
    flow = best_flow(np.array([6.0, 6.0]), value, HOUR, load=0.9)
    assert flow == pytest.approx(np.array([[6.0, 0.0], [0.0, 6.0]]))


def test_a_generalist_is_left_to_the_contact_that_needs_one() -> None:
    # Employee 0 is better at both intents, but nobody else can do intent 1: greedy would err.
    value = np.array([[5.0, 4.5], [5.0, 0.5]])
    flow = best_flow(np.array([9.0, 9.0]), value, HOUR, load=0.9)
    assert flow == pytest.approx(np.array([[0.0, 9.0], [9.0, 0.0]]))


def test_too_much_work_is_cut_where_an_hour_earns_least() -> None:
    value, handle_s = np.array([[4.0], [5.0]]), np.array([[120.0], [360.0]])
    flow = best_flow(np.array([12.0, 10.0]), value, handle_s, load=0.8)
    assert flow == pytest.approx(np.array([[12.0], [4.0]]))  # 120 EUR per hour before 50


def test_what_only_costs_is_not_done() -> None:
    assert best_flow(np.array([5.0]), np.array([[-1.0]]), np.array([[60.0]]), load=0.9).sum() == 0


def roster(present: list[list[bool]]) -> Roster:
    ones: Floats = np.ones((1, 2, 2))
    return Roster(
        day=np.zeros(len(present), dtype=np.int64),
        arrivals=np.full((len(present), 2), 8.0),
        present=np.array(present),
        skill=ones,
        skill_mean=ones[:, 0],
        resolve=ones,
        handle_s=ones * 360.0,
    )


def test_who_is_not_there_gets_nothing_and_does_not_lower_the_share() -> None:
    staff = roster([[True, True], [False, True], [False, False]])
    value = np.array([[[5.0, 1.0], [1.0, 5.0]]])
    planned = flows(staff, value, staff.handle_s, load=0.8)
    assert planned[1][:, 0].sum() == 0.0
    assert planned[2].sum() == 0.0
    cells = np.array([[[0, 1], [2, 3]]])
    found = shares(staff, planned, cells, 5)
    assert found == pytest.approx([1.0, 0.0, 0.0, 1.0, 0.0])
