"""The event loop: from one decision to the next, in B independent centres.

One step of the semi-MDP applies an action to the pending contact, then runs events until the next
contact asks for one or the day ends.
"""

from typing import Final

import numpy as np

from envs import rng
from envs.arrivals import draw_arrivals
from envs.channels import call_back_later, call_back_now, finish_bot, start_bot
from envs.config import CentreConfig
from envs.contacts import begin_leg, come_back, credit, end_contact, open_customer
from envs.jit import njit
from envs.outcomes import ending_value, human_value, typical_value
from envs.people import draw_roster
from envs.queues import book_waiting, join, leave, plan, unplan
from envs.records import ABANDONED
from envs.service import finish_service, longest_idle, start_service, take_next
from envs.state import (
    CALLBACK,
    CALLED_BACK,
    FIRST_EMPLOYEE,
    FREE,
    IDLE,
    IN_BOT,
    OFF_SHIFT,
    QUEUE,
    RETURNING,
    WAITING,
    State,
)

DECISION: Final = 0
DAY_OVER: Final = 1
FULL: Final = 2


@njit
def start_day(s: State, c: CentreConfig, b: int, day: int, start: float) -> bool:
    """Empty the centre and draw a new day, from `start` seconds after opening; False: too small."""
    centre = s.centre[b]
    _clear(s, b)
    centre.day = day
    centre.day_key = rng.key(centre.site_key, 10_000 + day)
    centre.now = start
    centre.waiting_since = start
    centre.recent_at = start
    draw_roster(s, c, b)
    for k in range(s.employee.shape[1] - 1):
        employee = s.employee[b, k]
        employee.occupancy = 0.0
        employee.occupancy_at = max(start, employee.shift_start)
        employee.serving = OFF_SHIFT
        if employee.shift_end > start:
            plan(s, b, s.customer.shape[1] + k, max(start, employee.shift_start))
    if not draw_arrivals(s, c, b):
        return False
    while centre.next_arrival < centre.n_arrivals and s.arrival[b, centre.next_arrival] < start:
        centre.next_arrival += 1
    _plan_arrival(s, b)
    return True


@njit
def advance(s: State, c: CentreConfig, b: int, day_end: float) -> int:
    """Run to the next decision (0), the day's end (1), or a customer without a slot (2)."""
    centre = s.centre[b]
    slots = s.customer.shape[1]
    arrivals = s.event.shape[1] - 1
    while True:
        entity = s.event[b, 0].entity
        if centre.n_events == 0 or s.event[b, entity].due >= day_end:
            _close_day(s, b, day_end)
            return DAY_OVER
        due = s.event[b, entity].due
        book_waiting(s, b, due)
        centre.now = due
        unplan(s, b, entity)
        if entity == arrivals:
            if not open_customer(s, c, b):
                return FULL
            centre.recent = 1.0 + centre.recent * np.exp((centre.recent_at - due) / 900.0)
            centre.recent_at = due
            centre.next_arrival += 1
            _plan_arrival(s, b)
        elif entity >= slots:
            _employee_event(s, c, b, entity - slots)
        else:
            _customer_event(s, c, b, entity)
        if centre.pending >= 0:
            return DECISION


@njit
def act(s: State, c: CentreConfig, b: int, action: int) -> None:
    """Apply a legal action to the pending contact."""
    centre = s.centre[b]
    slot = centre.pending
    centre.pending = -1
    begin_leg(s, b, slot)
    if action == CALLBACK:
        call_back_later(s, c, b, slot)
    elif action < CALLBACK:
        start_bot(s, c, b, slot, action)
    elif action == QUEUE:
        centre.offered += 1
        idle = longest_idle(s, b)
        if idle >= 0:
            start_service(s, c, b, slot, idle)
        else:
            if s.fixed[0].expects:
                value = typical_value(s, c, b, s.customer[b, slot])
                credit(s, b, slot, value, value)
            join(s, b, slot, s.employee.shape[1] - 1)
    else:
        _give_to(s, c, b, slot, action - FIRST_EMPLOYEE)


@njit
def _clear(s: State, b: int) -> None:
    centre = s.centre[b]
    slots = s.customer.shape[1]
    centre.pending = -1
    centre.n_waiting = 0
    centre.recent = 0.0
    centre.credited = 0.0
    centre.n_events = 0
    centre.next_arrival = 0
    centre.arrivals = 0
    centre.fresh = 0
    centre.resolved_first = 0
    centre.offered = 0
    centre.answered = 0
    centre.answer_wait_s = 0.0
    centre.abandons = 0
    centre.busy_s = 0.0
    centre.shift_s = 0.0
    centre.overload_s = 0.0
    centre.bots = 0
    centre.contained = 0
    centre.bot_resolved = 0
    centre.finished = 0
    centre.still_open = 0
    centre.decisions = 0
    centre.recontacts = 0
    centre.totals[:] = 0.0
    for entity in range(s.event.shape[1]):
        s.event[b, entity].place = -1
    centre.n_free = slots
    for slot in range(slots):
        s.free[b, slot] = slots - 1 - slot
        s.customer[b, slot].status = FREE
    for queue in range(s.employee.shape[1]):
        owner = s.employee[b, queue]
        owner.head = -1
        owner.tail = -1
        owner.length = 0


@njit
def _close_day(s: State, b: int, day_end: float) -> None:
    """Settle what is open when the day ends: waiting, shifts, contacts that go on tomorrow."""
    book_waiting(s, b, day_end)
    centre = s.centre[b]
    centre.now = day_end
    for k in range(s.employee.shape[1] - 1):
        employee = s.employee[b, k]
        if employee.serving != OFF_SHIFT:
            centre.shift_s += day_end - employee.shift_start
    centre.still_open += s.customer.shape[1] - centre.n_free


@njit
def _plan_arrival(s: State, b: int) -> None:
    centre = s.centre[b]
    if centre.next_arrival < centre.n_arrivals:
        plan(s, b, s.event.shape[1] - 1, s.arrival[b, centre.next_arrival])


@njit
def _employee_event(s: State, c: CentreConfig, b: int, k: int) -> None:
    employee = s.employee[b, k]
    if employee.serving >= 0:
        finish_service(s, c, b, k)
        return
    if employee.serving == OFF_SHIFT:
        employee.serving = IDLE
        employee.idle_since = s.centre[b].now
    take_next(s, c, b, k)


@njit
def _customer_event(s: State, c: CentreConfig, b: int, slot: int) -> None:
    customer = s.customer[b, slot]
    status = customer.status
    if status == WAITING:
        leave(s, b, slot, FREE)
        s.centre[b].abandons += 1
        if s.fixed[0].expects:
            weights = s.fixed[0].weights
            value = weights[ABANDONED] + ending_value(c, weights, customer, False)
            credit(s, b, slot, value, 0.0)
        end_contact(s, c, b, slot, False, 0.0, True, 0.0, 0.0)
    elif status == IN_BOT:
        finish_bot(s, c, b, slot)
    elif status == CALLED_BACK:
        call_back_now(s, c, b, slot)
    elif status == RETURNING:
        come_back(s, c, b, slot)


@njit
def _give_to(s: State, c: CentreConfig, b: int, slot: int, k: int) -> None:
    centre = s.centre[b]
    employee = s.employee[b, k]
    centre.offered += 1
    if employee.serving == IDLE:
        start_service(s, c, b, slot, k)
    else:
        customer = s.customer[b, slot]
        if s.fixed[0].expects:
            value = human_value(c, s.fixed[0].weights, customer, employee, centre.now)
            credit(s, b, slot, value, value)
        join(s, b, slot, k)
