"""What a policy sees of the pending contact: noisy estimates and workload facts, never the truth.

Columns follow `nba.listen.contact_features.CONTACT_CENTRE`; a test compares names and positions.
"""

from typing import Final

import numpy as np

from envs.config import CentreConfig
from envs.jit import njit
from envs.outcomes import bot_probability, occupancy
from envs.people import logistic
from envs.records import Centre, Customer, Employee
from envs.state import (
    CALLBACK,
    CHAT_BOT,
    CONTENT,
    FIRST_EMPLOYEE,
    IDLE,
    OFF_SHIFT,
    QUEUE,
    VOICE_BOT,
    State,
)
from nba.listen.contact_features import CONTACT_CENTRE
from nba.types import Floats32

# Kinds come in the order of ACTION_KINDS, so the fixed actions' kinds are their own numbers.
_EMPLOYEE: Final = CONTACT_CENTRE.action_column("kind=employee")
# A reliability that turns a noisy estimate of unit variance into a best guess.
_SHRINK: Final = 0.61


@njit
def observe(s: State, c: CentreConfig, b: int) -> None:
    """Write context, action rows and mask of the centre's pending contact."""
    centre = s.centre[b]
    customer = s.customer[b, centre.pending]
    on_shift, busy, total = 0, 0, 0.0
    complexity = _SHRINK * customer.seen[2]
    slower = np.exp(0.2 * complexity)
    for k in range(s.employee.shape[1] - 1):
        employee = s.employee[b, k]
        row = s.actions[b, FIRST_EMPLOYEE + k]
        if employee.serving == OFF_SHIFT:
            row[:] = 0.0
            s.mask[b, FIRST_EMPLOYEE + k] = False
            continue
        load = occupancy(c, employee, centre.now)
        on_shift += 1
        total += load
        if employee.serving >= 0:
            busy += 1
        _employee(c, row, customer, employee, centre.now, load, complexity, slower)
        s.mask[b, FIRST_EMPLOYEE + k] = _open(c, employee, centre.now)
    staff = max(on_shift, 1)
    _centre(s.context[b], s, c, centre, busy / staff, total / staff, staff)
    _customer(s.context[b], customer)
    _shared_queue(s, b, on_shift, busy)
    _self_service(s, c, b, customer)


@njit
def _centre(
    row: Floats32, s: State, c: CentreConfig, centre: Centre, busy: float, load: float, staff: int
) -> None:
    now = centre.now
    factor = c.weekday_factors[centre.day % len(c.weekday_factors)]
    usual = s.fixed[0].rates[min(int(now / 3600.0), 23)] * factor * 900.0
    seen = centre.recent * np.exp((centre.recent_at - now) / 900.0)
    # The window is not full in the first minutes of a day.
    filled = 1.0 - np.exp(-(now + 30.0) / 900.0)
    row[0] = c.open_hour + now / 3600.0
    row[1] = centre.day % len(c.weekday_factors)
    row[2] = min(10.0, seen / max(usual * filled, 0.1))
    row[3] = centre.n_waiting / staff
    row[4] = busy
    row[5] = load


@njit
def _customer(row: Floats32, customer: Customer) -> None:
    row[6:12] = 0.0
    row[6 + customer.channel] = 1.0
    row[8 + int(customer.seen[0])] = 1.0
    for i in range(1, 7):
        row[11 + i] = customer.seen[i]
    row[18] = customer.tier
    row[19] = customer.contact
    row[20] = customer.step


@njit
def _employee(
    c: CentreConfig, row: Floats32, customer: Customer, employee: Employee, now: float,
    load: float, complexity: float, slower: float,
) -> None:  # fmt: skip
    guess = int(customer.seen[0])
    match = not customer.second_language or employee.bilingual
    skill = employee.skill_seen[guess]
    tired = max(0.0, load - 0.75) * 2.6
    handle = c.service_mean_s[guess] * employee.speed_seen * slower
    handle *= (1.25 - 0.5 * skill) * (1.0 if match else 1.3)
    if customer.tried & 7:
        handle *= c.carry_context
    x = c.resolve_base + c.resolve_skill * (skill - 0.5) - c.resolve_complexity * complexity
    x -= c.resolve_fatigue * tired + (0.0 if match else c.resolve_language)
    free = employee.serving == IDLE
    row[:] = 0.0
    row[_EMPLOYEE] = 1.0
    row[7] = 0.0 if free else _own_wait(c, employee)
    row[8] = employee.length
    row[9] = now - employee.idle_since + 0.001 if free else 0.0
    row[10] = skill
    total, best = 0.0, 0.0
    for i in range(len(employee.skill_seen)):
        total += employee.skill_seen[i]
        best = max(best, employee.skill_seen[i])
    row[11] = total / len(employee.skill_seen)
    row[12] = best
    row[13] = handle + c.wrap_up_s
    row[14] = logistic(x)
    row[15] = load
    row[17] = max(0.0, employee.shift_end - now) / 60.0
    row[18] = 1.0 if match else 0.0


@njit
def _open(c: CentreConfig, employee: Employee, now: float) -> bool:
    """Whether a contact may be given to an employee: idle, or with room and time in the shift."""
    if employee.serving == IDLE:
        return now < employee.shift_end
    return employee.length < c.own_queue_limit and now + 300.0 < employee.shift_end


@njit
def _own_wait(c: CentreConfig, employee: Employee) -> float:
    """Expected wait for a busy employee: what is left of this contact, and the own queue, s."""
    typical = 0.0
    for i in range(len(c.service_mean_s)):
        typical += c.intent_share[i] * c.service_mean_s[i]
    # A heavy-tailed service time leaves about its mean, however long it has lasted.
    return float((typical * employee.speed_seen + c.wrap_up_s) * (1.0 + employee.length))


@njit
def _shared_queue(s: State, b: int, on_shift: int, busy: int) -> None:
    """The shared queue's row: the mean of the employees it can lead to."""
    row = s.actions[b, QUEUE]
    last = s.employee.shape[1] - 1
    waiting = s.employee[b, last].length
    row[:] = 0.0
    n = 0
    for k in range(last):
        serving = s.employee[b, k].serving
        # While somebody is idle the queue leads to one of those, else to anybody on shift.
        if serving == OFF_SHIFT or (busy < on_shift and serving >= 0):
            continue
        n += 1
        row += s.actions[b, FIRST_EMPLOYEE + k]
    if n > 0:
        row /= n
    row[_EMPLOYEE] = 0.0
    row[QUEUE] = 1.0
    row[8] = waiting
    row[9] = 0.0
    if on_shift == 0:
        row[7] = 3600.0
    else:
        row[7] = 0.0 if busy < on_shift else row[13] * (1.0 + waiting) / on_shift
    s.mask[b, QUEUE] = True


@njit
def _self_service(s: State, c: CentreConfig, b: int, customer: Customer) -> None:
    complexity = _SHRINK * customer.seen[2]
    affinity = _SHRINK * customer.seen[5]
    for bot in range(3):
        row = s.actions[b, bot]
        row[:] = 0.0
        row[bot] = 1.0
        row[13] = c.bot_mean_s[bot]
        row[14] = bot_probability(c, bot, affinity, complexity, 0.7 * customer.seen[3])
        row[16] = c.bot_cost_eur[bot]
        row[18] = 1.0
    row = s.actions[b, CALLBACK]
    queue = s.actions[b, QUEUE]
    row[:] = 0.0
    row[CALLBACK] = 1.0
    row[7] = c.callback_mean_s
    row[10:13] = queue[10:13]
    row[13] = queue[13]
    row[14] = queue[14] * c.callback_reached
    row[16] = c.callback_cost_eur
    row[18] = queue[18]
    tried = customer.tried
    called = (tried >> CALLBACK) & 1
    voice = customer.channel == 0
    late = s.centre[b].now + 1.5 * c.callback_mean_s > c.profile_hours * 3600.0
    s.mask[b, CONTENT] = customer.step == 0
    s.mask[b, CHAT_BOT] = not (voice or (tried >> CHAT_BOT) & 1 or called)
    s.mask[b, VOICE_BOT] = voice and not ((tried >> VOICE_BOT) & 1 or called)
    s.mask[b, CALLBACK] = not (called or late)
