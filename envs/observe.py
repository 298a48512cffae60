"""What a policy sees of the pending contact: noisy estimates and workload facts, never the truth.

Per employee there is neither an exponential nor a branch on the customer: the factors that belong
to the employee were taken when the roster was drawn, those of the customer once per decision.
"""

from typing import Final, NamedTuple

import numpy as np

from envs import columns as at
from envs.config import CentreConfig
from envs.jit import inlined
from envs.outcomes import bot_probability
from envs.records import Centre, Customer, Desk
from envs.state import (
    CALLBACK,
    CHAT_BOT,
    CONTENT,
    FIRST_EMPLOYEE,
    FOLLOW_UP,
    NOTHING,
    QUEUE,
    VOICE,
    VOICE_BOT,
    State,
)
from nba.types import Floats32

# Best guess of a standard normal number from an estimate of it with noise 0.8: 1 / (1 + 0.8²).
_SHRINK: Final = 0.61
# The columns in which the shared queue's row is the mean of the employees it can lead to.
_SHARED: Final = (
    at.SKILL, at.SKILL_MEAN, at.SKILL_MAX, at.HANDLE, at.RESOLVE, at.OCCUPANCY, at.SHIFT_END,
    at.LANGUAGE, at.SINCE_BREAK, at.TENURE, at.CSAT,
)  # fmt: skip
_ONE: Final = np.float32(1.0)
_NONE: Final = np.float32(0.0)
_HALF: Final = np.float32(0.5)
_TIRING: Final = np.float32(0.75)  # the load from which on it tires
_ABROAD: Final = np.float32(0.3)  # how much longer a contact in a foreign language takes
_PER_MINUTE: Final = 1.0 / 60.0  # a product takes a fifth of a quotient's time
# Nothing is given to somebody who will leave within this time and is not idle, s.
_SOON_S: Final = 300.0


@inlined
def observe(s: State, c: CentreConfig, b: int) -> None:
    """Write context, action rows and mask of the centre's pending contact."""
    customer = s.customer[b, s.centre[b].pending]
    _employees(s, c, b, customer)
    _customer(s.context[b], customer)
    _self_service(s, c, b, customer)


class _Eyes(NamedTuple):
    """What the pending customer, as seen, makes of anybody, and the moment's numbers."""

    now: float
    faded: float  # exp(−now / occupancy window)
    guess: int  # the intent
    foreign: int  # 1 if the customer speaks the second language
    calls: int  # 1 on the phone
    slower: np.float32
    harder: np.float32
    # Of the configuration, beside them: the compiler cannot know that no row is written over it.
    slots: int
    own_limit: int
    wrap_up: np.float32
    tiring: np.float32
    strange: np.float32  # by how much a foreign language raises the odds of not resolving


@inlined
def _employees(s: State, c: CentreConfig, b: int, customer: Customer) -> None:
    """The employees' rows, the shared queue's, which is their mean, and the centre's columns."""
    centre = s.centre[b]
    slower, harder = _customer_factors(c, customer)
    eyes = _Eyes(
        centre.now, np.exp(-centre.now / c.occupancy_window_s), int(customer.seen[0]),
        int(customer.second_language), int(customer.channel == VOICE), slower, harder,
        c.chat_slots, c.own_queue_limit, np.float32(c.wrap_up_s),
        np.float32(s.fixed[0].tiring), np.float32(s.fixed[0].stranger - 1.0),
    )  # fmt: skip
    everybody = int(centre.n_idle == 0)
    skill, mean, most, handle, resolve = _NONE, _NONE, _NONE, _NONE, _NONE
    used, left, language, rested, tenure, csat = _NONE, _NONE, _NONE, _NONE, _NONE, _NONE
    staff, busy, total, n = centre.n_staff, 0, 0.0, 0
    for i in range(staff):
        k = s.staff[b, i]
        row = s.actions[b, FIRST_EMPLOYEE + k]
        load, idle, legal = _employee(row, s.desk[b, k], eyes)
        s.mask[b, FIRST_EMPLOYEE + k] = legal
        total += load
        busy += 1 - idle
        # While somebody is idle the queue leads to one of those, else to anybody at work. Summed in
        # locals: the compiler cannot know that no row is written over the queue's.
        counts = idle | everybody
        n += counts
        share = np.float32(counts)
        skill += share * row[at.SKILL]
        mean += share * row[at.SKILL_MEAN]
        most += share * row[at.SKILL_MAX]
        handle += share * row[at.HANDLE]
        resolve += share * row[at.RESOLVE]
        used += share * row[at.OCCUPANCY]
        left += share * row[at.SHIFT_END]
        language += share * row[at.LANGUAGE]
        rested += share * row[at.SINCE_BREAK]
        tenure += share * row[at.TENURE]
        csat += share * row[at.CSAT]
    queue = s.actions[b, QUEUE]
    queue[:] = 0.0
    queue[at.SKILL], queue[at.SKILL_MEAN], queue[at.SKILL_MAX] = skill, mean, most
    queue[at.HANDLE], queue[at.RESOLVE], queue[at.OCCUPANCY] = handle, resolve, used
    queue[at.SHIFT_END], queue[at.LANGUAGE], queue[at.SINCE_BREAK] = left, language, rested
    queue[at.TENURE], queue[at.CSAT] = tenure, csat
    _shared_queue(s, b, queue, staff, n)
    people = max(staff, 1)
    _centre(s.context[b], s, c, centre, busy / people, total / people, people)


@inlined
def _employee(row: Floats32, desk: Desk, eyes: _Eyes) -> tuple[float, int, bool]:
    """Write an employee's row; the load, 1 if idle, and whether the contact may be given there.

    There is no branch on what changes from contact to contact: it would be guessed wrong half of
    the time, which costs as much as all the arithmetic of an employee (measured: 40 % of a step).
    """
    idle = int(desk.active == 0)
    load = desk.activity + desk.fade * eyes.faded
    slot = (1 - eyes.calls) & int(desk.voice == 0) & int(desk.active < eyes.slots)
    free = int(desk.length == 0) & (idle | slot)
    foreign = np.float32(eyes.foreign & (1 - int(desk.bilingual)))
    length = np.float32(desk.length)
    takes = desk.handle_seen[eyes.guess] * eyes.slower * (_ONE + _ABROAD * foreign)
    tired = eyes.tiring * max(_NONE, np.float32(load) - _TIRING)
    odds = desk.odds_seen[eyes.guess] * eyes.harder
    odds *= _ONE + eyes.strange * foreign
    odds *= _ONE + tired + _HALF * tired * tired  # exp to 1 %, as tired stays below 0.4
    left = desk.shift_end - eyes.now
    row[at.SKILL] = desk.skill_seen[eyes.guess]
    row[at.HANDLE] = takes + eyes.wrap_up
    row[at.RESOLVE] = _ONE / (_ONE + odds)
    row[at.LANGUAGE] = _ONE - foreign
    row[at.WAIT] = np.float32(1 - free) * (desk.typical_s * (_ONE + length))
    row[at.BACKLOG] = length
    row[at.IDLE] = idle * (eyes.now - desk.idle_since + 0.001)
    row[at.OCCUPANCY] = load
    row[at.SHIFT_END] = max(0.0, left) * _PER_MINUTE
    row[at.ACTIVE] = desk.active
    row[at.SINCE_BREAK] = (eyes.now - desk.rested_at) * _PER_MINUTE
    room = int(desk.length < eyes.own_limit) & int(left > _SOON_S)
    stays = int(left > 0.0) & int(desk.break_due > eyes.now)
    return load, idle, bool((free | room) & stays)


@inlined
def _customer_factors(c: CentreConfig, customer: Customer) -> tuple[np.float32, np.float32]:
    """What a customer, as seen, does to anybody's handling time and odds of not resolving."""
    complexity = _SHRINK * customer.seen[2]
    slower = np.exp(0.2 * complexity)
    if customer.tried & 7:
        slower *= c.carry_context
    if customer.channel != VOICE:
        slower *= c.chat_time_factor
    return np.float32(slower), np.float32(np.exp(c.resolve_complexity * complexity))


@inlined
def _shared_queue(s: State, b: int, queue: Floats32, staff: int, n: int) -> None:
    """Turn the sums over `n` employees into the shared queue's row."""
    if n > 0:
        for i in range(len(_SHARED)):
            queue[_SHARED[i]] /= n
    waiting = s.desk[b, s.person.shape[1]].length
    queue[at.KIND + QUEUE] = 1.0
    queue[at.BACKLOG] = waiting
    if staff == 0:
        queue[at.WAIT] = 3600.0
    elif s.centre[b].n_idle == 0 or waiting > 0:
        queue[at.WAIT] = queue[at.HANDLE] * (1.0 + waiting) / staff
    s.mask[b, QUEUE] = True


@inlined
def _centre(
    row: Floats32, s: State, c: CentreConfig, centre: Centre, busy: float, load: float, staff: int
) -> None:
    now = centre.now
    weekday = centre.day % len(c.weekday_factors)
    usual = s.fixed[0].rates[min(int(now / 3600.0), 23)] * c.weekday_factors[weekday] * 900.0
    seen = centre.recent * np.exp((centre.recent_at - now) / 900.0)
    # The window is not full in the first minutes of a day.
    filled = 1.0 - np.exp(-(now + 30.0) / 900.0)
    row[at.HOUR] = c.open_hour + now / 3600.0
    row[at.WEEKDAY] = weekday
    row[at.ARRIVAL_RATIO] = min(10.0, seen / max(usual * filled, 0.1))
    row[at.WAITING] = centre.n_waiting / staff
    row[at.BUSY] = busy
    row[at.MEAN_OCCUPANCY] = load


@inlined
def _customer(row: Floats32, customer: Customer) -> None:
    for i in range(at.CHANNEL, at.CONFIDENCE):
        row[i] = 0.0
    row[at.CHANNEL + customer.channel] = 1.0
    row[at.INTENT + int(customer.seen[0])] = 1.0
    for i in range(1, 7):
        row[at.CONFIDENCE - 1 + i] = customer.seen[i]
    row[at.TIER] = customer.tier
    row[at.CONTACT] = customer.contact
    row[at.STEP] = customer.step
    row[at.TOUCHES] = customer.touches
    for i in range(4):
        row[at.OCCASION + i] = 0.0
    row[at.OCCASION + customer.occasion] = 1.0


@inlined
def _self_service(s: State, c: CentreConfig, b: int, customer: Customer) -> None:
    complexity = _SHRINK * customer.seen[2]
    affinity = _SHRINK * customer.seen[5]
    tried = customer.tried
    called = (tried >> CALLBACK) & 1
    voice = customer.channel == VOICE
    asked = customer.occasion != FOLLOW_UP
    outage = s.centre[b].outage
    up = asked and not called
    s.mask[b, CONTENT] = customer.step == 0 or not (asked or (tried >> CONTENT) & 1)
    s.mask[b, CHAT_BOT] = up and not (voice or ((tried | outage) >> CHAT_BOT) & 1)
    s.mask[b, VOICE_BOT] = up and voice and not ((tried | outage) >> VOICE_BOT) & 1
    late = s.centre[b].now + 1.5 * c.callback_mean_s > c.profile_hours * 3600.0
    s.mask[b, CALLBACK] = not (called or late)
    s.mask[b, NOTHING] = not asked
    for bot in range(3):
        row = s.actions[b, bot]
        row[at.KIND + bot] = 1.0
        row[at.HANDLE] = c.bot_mean_s[bot]
        row[at.COST] = c.bot_cost_eur[bot]
        row[at.LANGUAGE] = 1.0
        row[at.RESOLVE] = 0.0
        if s.mask[b, bot]:
            row[at.RESOLVE] = bot_probability(c, bot, affinity, complexity, 0.7 * customer.seen[3])
    row, queue = s.actions[b, CALLBACK], s.actions[b, QUEUE]
    row[at.KIND + CALLBACK] = 1.0
    row[at.WAIT] = c.callback_mean_s
    row[at.COST] = c.callback_cost_eur
    row[at.SKILL] = queue[at.SKILL]
    row[at.SKILL_MEAN] = queue[at.SKILL_MEAN]
    row[at.SKILL_MAX] = queue[at.SKILL_MAX]
    row[at.HANDLE] = queue[at.HANDLE]
    row[at.RESOLVE] = queue[at.RESOLVE] * c.callback_reached
    row[at.LANGUAGE] = queue[at.LANGUAGE]
    s.actions[b, NOTHING, at.NONE] = 1.0
