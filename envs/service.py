"""Employees at work: a contact starts, ends, and the next one is taken."""

from envs import rng
from envs.config import CentreConfig
from envs.contacts import credit, end_contact
from envs.jit import njit
from envs.outcomes import (
    human_value,
    mean_handle_s,
    occasion,
    occupancy,
    overload_share,
    resolve_probability,
    service_s,
)
from envs.queues import join, leave, plan, unlink, unplan
from envs.state import IDLE, IN_SERVICE, OFF_SHIFT, WAITING, State


@njit
def start_service(s: State, c: CentreConfig, b: int, slot: int, k: int) -> None:
    """An idle employee starts serving a customer who waits or has just been given to them."""
    centre = s.centre[b]
    customer = s.customer[b, slot]
    employee = s.employee[b, k]
    if customer.status == WAITING:
        leave(s, b, slot, IN_SERVICE)
    else:
        customer.status = IN_SERVICE
    unplan(s, b, slot)
    centre.answered += 1
    centre.answer_wait_s += customer.waited
    if s.fixed[0].expects:
        value = human_value(c, s.fixed[0].weights, customer, employee, centre.now)
        credit(s, b, slot, value, 0.0)
    load = occupancy(c, employee, centre.now)
    luck = occasion(centre.day_key, customer)
    employee.handle_s = service_s(c, luck, mean_handle_s(c, customer, employee, load))
    employee.overload = overload_share(load)
    # Resolution is decided by the state at the start, told at the end.
    chance = resolve_probability(c, customer, employee, load)
    employee.resolves = rng.uniform(luck, rng.RESOLVE) < chance
    employee.occupancy = load
    employee.occupancy_at = centre.now
    employee.serving = slot
    plan(s, b, s.customer.shape[1] + k, centre.now + employee.handle_s)


@njit
def finish_service(s: State, c: CentreConfig, b: int, k: int) -> None:
    """A contact with an employee ends; the employee takes the next or goes home."""
    centre = s.centre[b]
    employee = s.employee[b, k]
    slot = employee.serving
    overload = employee.handle_s * employee.overload
    employee.occupancy = occupancy(c, employee, centre.now)
    employee.occupancy_at = centre.now
    employee.serving = IDLE
    employee.idle_since = centre.now
    centre.busy_s += employee.handle_s
    centre.overload_s += overload
    end_contact(s, c, b, slot, employee.resolves, employee.handle_s, False, 0.0, overload)
    take_next(s, c, b, k)


@njit
def take_next(s: State, c: CentreConfig, b: int, k: int) -> None:
    """An idle employee serves the own queue, then the shared one; at shift end goes home."""
    centre = s.centre[b]
    employee = s.employee[b, k]
    shared = s.employee[b, s.employee.shape[1] - 1]
    if centre.now >= employee.shift_end:
        _go_home(s, c, b, k)
    elif employee.head >= 0:
        start_service(s, c, b, employee.head, k)
    elif shared.head >= 0:
        start_service(s, c, b, shared.head, k)
    else:
        # The one event of an idle employee is the end of the shift.
        plan(s, b, s.customer.shape[1] + k, employee.shift_end)


@njit
def _go_home(s: State, c: CentreConfig, b: int, k: int) -> None:
    centre = s.centre[b]
    employee = s.employee[b, k]
    last = s.employee.shape[1] - 1
    employee.serving = OFF_SHIFT
    centre.shift_s += centre.now - employee.shift_start
    # Who waits for this employee moves to the shared queue.
    while employee.head >= 0:
        slot = employee.head
        unlink(s, b, slot)
        join(s, b, slot, last)
    idle = longest_idle(s, b)
    while idle >= 0 and s.employee[b, last].head >= 0:
        start_service(s, c, b, s.employee[b, last].head, idle)
        idle = longest_idle(s, b)


@njit
def longest_idle(s: State, b: int) -> int:
    """The employee on shift who has been idle longest, or −1."""
    best = -1
    since = 0.0
    for k in range(s.employee.shape[1] - 1):
        employee = s.employee[b, k]
        idle = employee.serving == IDLE and s.centre[b].now < employee.shift_end
        if idle and (best < 0 or employee.idle_since < since):
            best = k
            since = employee.idle_since
    return best
