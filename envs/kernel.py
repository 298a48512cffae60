"""The event loop: from one decision to the next, in B independent centres.

One step of the semi-MDP applies an action to the pending contact, then runs events until the next
contact asks for one or the day ends. Arrivals and the timetable are known in order; everything
else that is to come is in a heap.
"""

from typing import Final

import numpy as np

from envs import rng
from envs.arrivals import draw_arrivals
from envs.channels import (
    call_back_later,
    call_back_now,
    do_nothing,
    finish_bot,
    start_bot,
    start_outage,
)
from envs.config import CentreConfig
from envs.contacts import begin_leg, come_back, follow_up, give_up, open_customer, touch
from envs.desks import clear_desks, end_break, plan_break, start_shift
from envs.jit import inlined, njit
from envs.queues import book_waiting, unplan
from envs.service import finish_service, hand_over, hand_to_anybody, next_work
from envs.staffing import BREAK, END, OUTAGE_ENDS, OUTAGE_STARTS, START
from envs.state import (
    AT_WORK,
    CALLBACK,
    CALLED_BACK,
    FIRST_EMPLOYEE,
    FOLLOW_UP,
    FREE,
    GAVE_UP,
    IN_BOT,
    IN_SERVICE,
    NOTHING,
    QUEUE,
    RETURNING,
    WAITING,
    State,
)
from envs.workload import set_activity

DECISION: Final = 0
DAY_OVER: Final = 1
FULL: Final = 2

_RECENT_S: Final = 900.0


@njit
def start_day(s: State, c: CentreConfig, b: int, day: int, start: float) -> bool:
    """Empty the centre and draw a new day, from `start` seconds after opening; False: too small."""
    centre = s.centre[b]
    _clear(s, b)
    clear_desks(s, b)
    centre.day = day
    centre.day_key = rng.key(centre.site_key, 10_000 + day)
    centre.luck_key = centre.day_key
    if centre.luck != 0:
        centre.luck_key = rng.key(centre.day_key, 1_000_000 + centre.luck)
    centre.now = start
    centre.waiting_since = start
    centre.recent_at = start
    if not draw_arrivals(s, c, b):
        return False
    while centre.next_arrival < centre.n_arrivals and s.arrival[b, centre.next_arrival] < start:
        if s.arrival[b, centre.next_arrival] > start - _RECENT_S:
            centre.recent += 1.0
        centre.next_arrival += 1
    while centre.next_shift < s.shift.shape[0] and s.shift[centre.next_shift].time <= start:
        _catch_up(s, b)
    return True


@inlined
def advance(s: State, c: CentreConfig, b: int, day_end: float) -> int:
    """Run to the next decision (0), the day's end (1), or a customer without a slot (2)."""
    centre = s.centre[b]
    slots = s.customer.shape[1]
    while True:
        turns, due = _next_turn(s, b), _next_due(s, b)
        now = min(_next_arrival(s, b), turns, due)
        if now >= day_end:
            _close_day(s, c, b, day_end)
            return DAY_OVER
        book_waiting(s, b, now)
        centre.now = now
        if due <= now:
            entity = s.event[b, 0].entity
            unplan(s, b, entity)
            if entity < slots:
                _customer_event(s, c, b, entity)
            else:
                end_break(s, b, entity - slots)
                next_work(s, c, b, entity - slots)
        elif turns <= now:
            _timetable_event(s, c, b)
        else:
            centre.recent = 1.0 + centre.recent * np.exp((centre.recent_at - now) / _RECENT_S)
            centre.recent_at = now
            open_customer(s, c, b)
            centre.next_arrival += 1
        if centre.pending >= 0:
            return DECISION
        if centre.failed:
            return FULL


@inlined
def _next_arrival(s: State, b: int) -> float:
    centre = s.centre[b]
    if centre.next_arrival < centre.n_arrivals:
        return float(s.arrival[b, centre.next_arrival])
    return np.inf


@inlined
def _next_turn(s: State, b: int) -> float:
    """When the timetable goes on."""
    if s.centre[b].next_shift < s.shift.shape[0]:
        return s.shift[s.centre[b].next_shift].time
    return np.inf


@inlined
def _next_due(s: State, b: int) -> float:
    return s.event[b, 0].due if s.centre[b].n_events > 0 else np.inf


@inlined
def act(s: State, c: CentreConfig, b: int, action: int) -> None:
    """Apply a legal action to the pending contact."""
    centre = s.centre[b]
    slot = centre.pending
    centre.pending = -1
    begin_leg(s, b, slot)
    if s.customer[b, slot].occasion == FOLLOW_UP and action != NOTHING:
        touch(s, b, slot)
    if action >= FIRST_EMPLOYEE:
        hand_over(s, c, b, slot, action - FIRST_EMPLOYEE)
    elif action < CALLBACK:
        start_bot(s, c, b, slot, action)
    elif action == CALLBACK:
        call_back_later(s, c, b, slot)
    elif action == QUEUE:
        hand_to_anybody(s, c, b, slot)
    else:
        do_nothing(s, c, b, slot)


@inlined
def _customer_event(s: State, c: CentreConfig, b: int, slot: int) -> None:
    status = s.customer[b, slot].status
    if status == IN_SERVICE:
        k = s.customer[b, slot].employee
        finish_service(s, c, b, slot)
        next_work(s, c, b, k)
    elif status == WAITING:
        give_up(s, c, b, slot)
    elif status == IN_BOT:
        finish_bot(s, c, b, slot)
    elif status == CALLED_BACK:
        call_back_now(s, c, b, slot)
    elif status == RETURNING:
        come_back(s, c, b, slot)
    elif status == GAVE_UP:
        follow_up(s, b, slot)


@inlined
def _timetable_event(s: State, c: CentreConfig, b: int) -> None:
    row = s.shift[s.centre[b].next_shift]
    s.centre[b].next_shift += 1
    k = row.employee
    if row.kind == START:
        start_shift(s, b, k)
        next_work(s, c, b, k)
    elif row.kind == BREAK:
        plan_break(s, b, k, row.length)
        if s.desk[b, k].status == AT_WORK:
            next_work(s, c, b, k)
    elif row.kind == END:
        if s.desk[b, k].status == AT_WORK:
            next_work(s, c, b, k)
    elif row.kind == OUTAGE_STARTS:
        start_outage(s, b)
    elif row.kind == OUTAGE_ENDS:
        s.centre[b].outage = 0


@inlined
def _catch_up(s: State, b: int) -> None:
    """What the timetable has done before a day that starts in the middle."""
    row = s.shift[s.centre[b].next_shift]
    s.centre[b].next_shift += 1
    if row.kind == START and s.desk[b, row.employee].shift_end > s.centre[b].now:
        start_shift(s, b, row.employee)
    elif row.kind == OUTAGE_STARTS:
        start_outage(s, b)
    elif row.kind == OUTAGE_ENDS:
        s.centre[b].outage = 0


@inlined
def _clear(s: State, b: int) -> None:
    centre = s.centre[b]
    slots = s.customer.shape[1]
    centre.pending = -1
    centre.n_waiting = 0
    centre.outage = 0
    centre.recent = 0.0
    centre.credited = 0.0
    centre.n_events = 0
    centre.next_arrival = 0
    centre.next_shift = 0
    centre.failed = False
    centre.left = False
    centre.arrivals = 0
    centre.fresh = 0
    centre.resolved_first = 0
    centre.offered = 0
    centre.answered = 0
    centre.answer_wait_s = 0.0
    centre.abandons = 0
    centre.busy_s = 0.0
    centre.shift_s = 0.0
    centre.handled_s = 0.0
    centre.overload_s = 0.0
    centre.bots = 0
    centre.contained = 0
    centre.bot_resolved = 0
    centre.finished = 0
    centre.still_open = 0
    centre.decisions = 0
    centre.recontacts = 0
    centre.follow_ups = 0
    centre.surveys = 0
    centre.breaks = 0
    centre.totals[:] = 0.0
    centre.part[:] = 0.0
    centre.of_focal[:] = 0.0
    s.place[b, :] = -1
    centre.n_free = slots
    for slot in range(slots):
        s.free[b, slot] = slots - 1 - slot
        s.customer[b, slot].status = FREE


@inlined
def _close_day(s: State, c: CentreConfig, b: int, day_end: float) -> None:
    """Settle what is open when the day ends: waiting, work, contacts that go on tomorrow."""
    book_waiting(s, b, day_end)
    centre = s.centre[b]
    centre.now = day_end
    for k in range(s.person.shape[1]):
        desk = s.desk[b, k]
        if desk.status == AT_WORK:
            set_activity(s, c, b, desk, desk.activity)
            centre.shift_s += day_end
    centre.still_open += s.customer.shape[1] - centre.n_free
