"""What a policy sees of the pending contact: noisy estimates and workload facts, never the truth.

Per employee there is neither an exponential nor a branch on the customer: the factors that belong
to the employee were taken when the roster was drawn, those of the customer once per decision.
"""

from typing import Final

import numpy as np

from envs import columns as at
from envs.config import CentreConfig
from envs.jit import inlined
from envs.outcomes import bot_probability
from envs.records import Centre, Customer
from envs.state import (
    AT_WORK,
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
from envs.workload import can_start
from nba.types import Floats32

# Best guess of a standard normal number from an estimate of it with noise 0.8: 1 / (1 + 0.8²).
_SHRINK: Final = 0.61
# The columns in which the shared queue's row is the mean of the employees it can lead to.
_SHARED: Final = (
    at.SKILL, at.SKILL_MEAN, at.SKILL_MAX, at.HANDLE, at.RESOLVE, at.OCCUPANCY, at.SHIFT_END,
    at.LANGUAGE, at.SINCE_BREAK, at.TENURE, at.CSAT,
)  # fmt: skip
_ONE: Final = np.float32(1.0)
# Nothing is given to somebody who will leave within this time and is not idle, s.
_SOON_S: Final = 300.0


@inlined
def observe(s: State, c: CentreConfig, b: int) -> None:
    """Write context, action rows and mask of the centre's pending contact."""
    customer = s.customer[b, s.centre[b].pending]
    _employees(s, c, b, customer)
    _customer(s.context[b], customer)
    _self_service(s, c, b, customer)


@inlined
def _employees(s: State, c: CentreConfig, b: int, customer: Customer) -> None:
    """The employees' rows, the shared queue's, which is their mean, and the centre's columns."""
    centre = s.centre[b]
    now = centre.now
    faded = np.exp(-now / c.occupancy_window_s)
    slower, harder = _customer_factors(c, customer)
    # In locals, as the compiler cannot know that no row is written over them.
    guess, second, channel = int(customer.seen[0]), customer.second_language, customer.channel
    wrap_up, tiring, stranger = c.wrap_up_s, s.fixed[0].tiring, s.fixed[0].stranger
    own_limit, everybody = c.own_queue_limit, centre.n_idle == 0
    queue = s.actions[b, QUEUE]
    queue[:] = 0.0
    staff, busy, total, n = 0, 0, 0.0, 0
    for k in range(s.person.shape[1]):
        desk = s.desk[b, k]
        if desk.status != AT_WORK:
            continue
        row = s.actions[b, FIRST_EMPLOYEE + k]
        load = desk.activity + desk.fade * faded
        free = desk.length == 0 and can_start(c, desk, channel)
        takes = desk.handle_seen[guess] * slower
        odds = desk.odds_seen[guess] * harder
        if load > 0.75:
            tired = tiring * (load - 0.75)
            odds *= 1.0 + tired + 0.5 * tired * tired  # exp to 1 %, as tired stays below 0.4
        match = 1.0
        if second and desk.bilingual == 0:
            match = 0.0
            takes *= 1.3
            odds *= stranger
        row[at.SKILL] = desk.skill_seen[guess]
        row[at.HANDLE] = takes + wrap_up
        row[at.RESOLVE] = _ONE / np.float32(1.0 + odds)
        row[at.LANGUAGE] = match
        left = desk.shift_end - now
        row[at.WAIT] = 0.0 if free else desk.typical_s * (1.0 + desk.length)
        row[at.BACKLOG] = desk.length
        row[at.IDLE] = now - desk.idle_since + 0.001 if desk.active == 0 else 0.0
        row[at.OCCUPANCY] = load
        row[at.SHIFT_END] = max(0.0, left) / 60.0
        row[at.ACTIVE] = desk.active
        row[at.SINCE_BREAK] = (now - desk.rested_at) / 60.0
        open_to = free or (desk.length < own_limit and left > _SOON_S)
        s.mask[b, FIRST_EMPLOYEE + k] = open_to and left > 0.0 and desk.break_due > now
        staff += 1
        total += load
        busy += int(desk.active > 0)
        # While somebody is idle the queue leads to one of those, else to anybody at work.
        if desk.active == 0 or everybody:
            n += 1
            for i in range(len(_SHARED)):
                queue[_SHARED[i]] += row[_SHARED[i]]
    _shared_queue(s, b, queue, staff, n)
    people = max(staff, 1)
    _centre(s.context[b], s, c, centre, busy / people, total / people, people)


@inlined
def _customer_factors(c: CentreConfig, customer: Customer) -> tuple[float, float]:
    """What a customer, as seen, does to anybody's handling time and odds of not resolving."""
    complexity = _SHRINK * customer.seen[2]
    slower = np.exp(0.2 * complexity)
    if customer.tried & 7:
        slower *= c.carry_context
    if customer.channel != VOICE:
        slower *= c.chat_time_factor
    return float(slower), float(np.exp(c.resolve_complexity * complexity))


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
