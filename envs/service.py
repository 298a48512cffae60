"""Employees at work: a contact starts, ends, and the next one is taken."""

import numpy as np

from envs import rng
from envs.config import CentreConfig
from envs.contacts import credit, end_contact
from envs.customers import upset
from envs.desks import go_home, start_break
from envs.jit import inlined, njit
from envs.outcomes import (
    human_value,
    mean_handle_s,
    occasion,
    resolve_probability,
    service_s,
    typical_value,
)
from envs.queues import join, leave, plan, unlink
from envs.records import GROWTH, HANDLE, LATE_BREAK, OVERLOAD
from envs.state import AT_WORK, IN_SERVICE, WAITING, State
from envs.workload import can_start, occupancy, overload_share, staff_share, take_up


@njit
def start_service(s: State, c: CentreConfig, b: int, slot: int, k: int) -> None:
    """An employee with free hands serves a customer who waits or has just been given to them."""
    centre = s.centre[b]
    customer = s.customer[b, slot]
    desk, person = s.desk[b, k], s.person[b, k]
    if customer.status == WAITING:
        leave(s, c, b, slot, IN_SERVICE)
    else:
        customer.status = IN_SERVICE
    upset(customer, -c.sentiment_empathy * person.empathy)
    centre.answered += 1
    centre.answer_wait_s += customer.waited
    if s.fixed[0].expects:
        value = human_value(c, s.fixed[0].weights, customer, person, desk, centre.now)
        credit(s, b, slot, value, 0.0)
    load = occupancy(c, desk, centre.now)
    luck = occasion(centre.luck_key, customer)
    customer.employee = k
    customer.handle_s = service_s(s, c, luck, mean_handle_s(c, customer, person, desk, load))
    customer.overload = overload_share(load)
    # Resolution is decided by the state at the start, told at the end.
    chance = resolve_probability(c, customer, person, desk, load)
    customer.resolves = rng.uniform(luck, rng.RESOLVE) < chance
    take_up(s, c, b, desk, customer.channel, 1)
    plan(s, b, slot, centre.now + customer.handle_s)


@inlined
def finish_service(s: State, c: CentreConfig, b: int, slot: int) -> None:
    """A contact with an employee ends: what came of it."""
    centre = s.centre[b]
    customer = s.customer[b, slot]
    k = customer.employee
    desk = s.desk[b, k]
    take_up(s, c, b, desk, customer.channel, -1)
    staff_s = customer.handle_s * staff_share(c, customer.channel)
    part = centre.part
    part[HANDLE] = staff_s
    part[OVERLOAD] = staff_s * customer.overload
    if customer.resolves and desk.skill_seen[customer.intent] < c.practice_below:
        part[GROWTH] = 1.0
    if desk.active == 0 and centre.now < desk.shift_end:
        part[LATE_BREAK] = max(0.0, centre.now - desk.break_due)
    centre.handled_s += customer.handle_s
    centre.overload_s += part[OVERLOAD]
    end_contact(s, c, b, slot, customer.resolves)


@inlined
def next_work(s: State, c: CentreConfig, b: int, k: int) -> None:
    """What an employee does now: goes home, has a break, or serves the own, then the shared queue.

    A due break or the end of the shift waits for the contacts in hand, and nothing new is begun.
    """
    desk = s.desk[b, k]
    now = s.centre[b].now
    if now >= desk.shift_end or now >= desk.break_due:
        if desk.active == 0:
            pass_on(s, b, k)
            if now >= desk.shift_end:
                go_home(s, c, b, k)
            else:
                start_break(s, c, b, k)
            serve_shared_queue(s, c, b)
        return
    _serve(s, c, b, k, k)
    if desk.head < 0:
        _serve(s, c, b, k, s.desk.shape[1] - 1)


@inlined
def _serve(s: State, c: CentreConfig, b: int, k: int, queue: int) -> None:
    """Start whom an employee has hands for, from a queue's head and in its order."""
    desk = s.desk[b, k]
    head = s.desk[b, queue].head
    while head >= 0 and can_start(c, desk, s.customer[b, head].channel):
        start_service(s, c, b, head, k)
        head = s.desk[b, queue].head


@njit
def pass_on(s: State, b: int, k: int) -> None:
    """Whoever waits for an employee who leaves moves to the shared queue."""
    desk = s.desk[b, k]
    while desk.head >= 0:
        slot = desk.head
        unlink(s, b, slot)
        join(s, b, slot, s.desk.shape[1] - 1)


@njit
def serve_shared_queue(s: State, c: CentreConfig, b: int) -> None:
    """Give the heads of the shared queue to free employees."""
    shared = s.desk[b, s.desk.shape[1] - 1]
    while shared.head >= 0:
        k = free_employee(s, c, b, s.customer[b, shared.head].channel)
        if k < 0:
            return
        start_service(s, c, b, shared.head, k)


@inlined
def free_employee(s: State, c: CentreConfig, b: int, channel: int) -> int:
    """The employee who has been idle longest, else one with hands for a chat, or −1 for none."""
    best = -1
    since = np.inf
    now = s.centre[b].now
    if s.centre[b].n_idle == 0 and channel == 0:
        return -1
    for k in range(s.person.shape[1]):
        desk = s.desk[b, k]
        if desk.status != AT_WORK or not can_start(c, desk, channel):
            continue
        if now >= desk.shift_end or now >= desk.break_due:
            continue
        # Whoever has a chat in hand comes after all who are idle.
        rank = desk.idle_since if desk.active == 0 else 1e9 * desk.active + desk.idle_since
        if rank < since:
            best = k
            since = rank
    return best


@inlined
def hand_over(s: State, c: CentreConfig, b: int, slot: int, k: int) -> None:
    """Give a customer to a certain employee: now, or into the own queue."""
    centre = s.centre[b]
    desk = s.desk[b, k]
    customer = s.customer[b, slot]
    centre.offered += 1
    if desk.head < 0 and can_start(c, desk, customer.channel):
        start_service(s, c, b, slot, k)
        return
    if s.fixed[0].expects:
        weights = s.fixed[0].weights
        value = human_value(c, weights, customer, s.person[b, k], desk, centre.now)
        credit(s, b, slot, value, value)
    join(s, b, slot, k)


@inlined
def hand_to_anybody(s: State, c: CentreConfig, b: int, slot: int) -> None:
    """Give a customer to the shared queue, and at once to whoever is free."""
    centre = s.centre[b]
    last = s.desk.shape[1] - 1
    centre.offered += 1
    if s.desk[b, last].head < 0:
        k = free_employee(s, c, b, s.customer[b, slot].channel)
        if k >= 0:
            start_service(s, c, b, slot, k)
            return
    if s.fixed[0].expects:
        value = typical_value(s, c, b, s.customer[b, slot])
        credit(s, b, slot, value, value)
    join(s, b, slot, last)
