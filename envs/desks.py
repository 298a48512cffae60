"""Employees come, have breaks, and go: their state, and the rows of the observation they take."""

import numpy as np

from envs.columns import EMPLOYEE, STANDING
from envs.config import CentreConfig
from envs.jit import inlined, njit
from envs.queues import plan
from envs.state import AT_WORK, FIRST_EMPLOYEE, OFF, ON_BREAK, State
from envs.workload import set_activity


@inlined
def clear_desks(s: State, b: int) -> None:
    """Everybody at home and every queue empty, as before opening."""
    for queue in range(s.desk.shape[1]):
        desk = s.desk[b, queue]
        desk.head = -1
        desk.tail = -1
        desk.length = 0
        desk.active = 0
        desk.voice = 0
        desk.status = OFF
        desk.break_due = np.inf
        desk.activity = 0.0
        desk.fade = 0.0
    s.centre[b].n_idle = 0
    s.centre[b].n_staff = 0
    s.actions[b, FIRST_EMPLOYEE:] = 0.0
    s.mask[b, FIRST_EMPLOYEE:] = False


@inlined
def start_shift(s: State, b: int, k: int) -> None:
    """An employee comes to work, rested."""
    now = s.centre[b].now
    desk = s.desk[b, k]
    desk.rested_at = now
    _sit_down(s, b, k)


@inlined
def plan_break(s: State, b: int, k: int, rest_s: float) -> None:
    """A break is due now; it starts when no contact is in hand."""
    desk = s.desk[b, k]
    now = s.centre[b].now
    if desk.status == AT_WORK and now < desk.shift_end:
        desk.break_due = now
        desk.break_s = rest_s


@njit
def start_break(s: State, c: CentreConfig, b: int, k: int) -> None:
    """An employee with no contact in hand rests; lateness has been booked."""
    centre = s.centre[b]
    desk = s.desk[b, k]
    centre.breaks += 1
    desk.break_due = np.inf
    _stand_up(s, c, b, k, ON_BREAK)
    plan(s, b, s.customer.shape[1] + k, centre.now + desk.break_s)


@inlined
def end_break(s: State, b: int, k: int) -> None:
    """An employee comes back from a break."""
    desk = s.desk[b, k]
    desk.rested_at = s.centre[b].now
    _sit_down(s, b, k)


@inlined
def go_home(s: State, c: CentreConfig, b: int, k: int) -> None:
    """An employee with no contact in hand ends the shift."""
    _stand_up(s, c, b, k, OFF)


@inlined
def _sit_down(s: State, b: int, k: int) -> None:
    centre = s.centre[b]
    desk = s.desk[b, k]
    desk.status = AT_WORK
    desk.idle_since = centre.now
    desk.booked_at = centre.now
    centre.shift_s -= centre.now
    centre.n_idle += 1
    place = centre.n_staff
    while place > 0 and s.staff[b, place - 1] > k:
        s.staff[b, place] = s.staff[b, place - 1]
        place -= 1
    s.staff[b, place] = k
    centre.n_staff += 1
    row = s.actions[b, FIRST_EMPLOYEE + k]
    row[EMPLOYEE] = 1.0
    for i in range(len(STANDING)):
        row[STANDING[i]] = s.standing[b, k, i]


@inlined
def _stand_up(s: State, c: CentreConfig, b: int, k: int, status: int) -> None:
    centre = s.centre[b]
    set_activity(s, c, b, s.desk[b, k], 0.0)
    s.desk[b, k].status = status
    centre.shift_s += centre.now
    centre.n_idle -= 1
    place = 0
    while s.staff[b, place] != k:
        place += 1
    centre.n_staff -= 1
    for i in range(place, centre.n_staff):
        s.staff[b, i] = s.staff[b, i + 1]
    s.actions[b, FIRST_EMPLOYEE + k] = 0.0
    s.mask[b, FIRST_EMPLOYEE + k] = False
