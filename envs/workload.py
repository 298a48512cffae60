"""What work does to employees: occupancy, fatigue, overload, and the time that is booked."""

import numpy as np

from envs.config import CentreConfig
from envs.jit import inlined
from envs.records import Desk, Person
from envs.state import VOICE, State


@inlined
def occupancy(c: CentreConfig, desk: Desk, now: float) -> float:
    """An employee's share of capacity in use, in an exponential window up to now."""
    return float(desk.activity + desk.fade * np.exp(-now / c.occupancy_window_s))


@inlined
def fatigue(person: Person, load: float) -> float:
    """How tired an employee is, 0 to 1: load above 75 %, weighed by stamina; breaks undo it."""
    return max(0.0, load - 0.75) / 0.25 * (1.0 - 0.7 * person.stamina)


@inlined
def overload_share(load: float) -> float:
    """The share of coming work that counts as overload: load above 85 %."""
    return min(1.0, max(0.0, (load - 0.85) / 0.15))


@inlined
def staff_share(c: CentreConfig, channel: int) -> float:
    """The share of an employee that a contact takes: a call all, a chat its slot."""
    return 1.0 if channel == VOICE else 1.0 / c.chat_slots


@inlined
def can_start(c: CentreConfig, desk: Desk, channel: int) -> bool:
    """Whether an employee at work has the hands for another contact of this channel now."""
    return desk.active == 0 or (channel != VOICE and desk.voice == 0 and desk.active < c.chat_slots)


@inlined
def take_up(s: State, c: CentreConfig, b: int, desk: Desk, channel: int, sign: int) -> None:
    """Count a contact in (sign 1) or out (−1) of an employee's hands."""
    centre = s.centre[b]
    now = centre.now
    was_idle = desk.active == 0
    desk.active += sign
    if channel == VOICE:
        desk.voice += sign
    if desk.active == 0:
        centre.n_idle += 1
        desk.idle_since = now
    elif was_idle:
        centre.n_idle -= 1
    activity = 1.0
    if desk.voice == 0:
        # The first chat takes most of the attention, the last slot all of it.
        activity = 0.0
        if desk.active > 0:
            more = (desk.active - 1) / max(1, c.chat_slots - 1)
            activity = c.chat_load + (1.0 - c.chat_load) * more
    set_activity(s, c, b, desk, activity)


@inlined
def set_activity(s: State, c: CentreConfig, b: int, desk: Desk, activity: float) -> None:
    """Book the work so far and go on with another share of capacity in use."""
    centre = s.centre[b]
    now = centre.now
    grown = np.exp(now / c.occupancy_window_s)
    load = desk.activity + desk.fade / grown
    centre.busy_s += desk.activity * (now - desk.booked_at)
    desk.booked_at = now
    desk.activity = activity
    desk.fade = (load - activity) * grown
