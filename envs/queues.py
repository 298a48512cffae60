"""Waiting customers: a linked queue per employee and one shared, first come first served."""

from envs.heap import cancel, schedule
from envs.jit import njit
from envs.records import WAIT
from envs.state import WAITING, State


@njit
def plan(s: State, b: int, entity: int, time: float) -> None:
    """Give an entity of this centre its one pending event."""
    centre = s.centre[b]
    centre.n_events = schedule(s.event, b, centre.n_events, entity, time)


@njit
def unplan(s: State, b: int, entity: int) -> None:
    """Take an entity's pending event away, if there is one."""
    centre = s.centre[b]
    centre.n_events = cancel(s.event, b, centre.n_events, entity)


@njit
def book_waiting(s: State, b: int, time: float) -> None:
    """Book the waiting of everybody in a queue up to `time`."""
    centre = s.centre[b]
    centre.totals[WAIT] += centre.n_waiting * (time - centre.waiting_since)
    centre.waiting_since = time


@njit
def join(s: State, b: int, slot: int, queue: int) -> None:
    """Put a customer at a queue's end, with the deadline that patience sets."""
    owner = s.employee[b, queue]
    customer = s.customer[b, slot]
    customer.before = owner.tail
    customer.behind = -1
    if owner.tail >= 0:
        s.customer[b, owner.tail].behind = slot
    else:
        owner.head = slot
    owner.tail = slot
    owner.length += 1
    customer.queue = queue
    if customer.status != WAITING:
        centre = s.centre[b]
        customer.status = WAITING
        customer.since = centre.now
        centre.n_waiting += 1
        plan(s, b, slot, centre.now + customer.patience)


@njit
def unlink(s: State, b: int, slot: int) -> None:
    """Take a customer out of the queue, wherever in it; still counted as waiting."""
    customer = s.customer[b, slot]
    owner = s.employee[b, customer.queue]
    if customer.before >= 0:
        s.customer[b, customer.before].behind = customer.behind
    else:
        owner.head = customer.behind
    if customer.behind >= 0:
        s.customer[b, customer.behind].before = customer.before
    else:
        owner.tail = customer.before
    owner.length -= 1


@njit
def leave(s: State, b: int, slot: int, status: int) -> None:
    """End a customer's waiting: out of the queue, the wait measured, patience used up by it."""
    unlink(s, b, slot)
    centre = s.centre[b]
    customer = s.customer[b, slot]
    waited = centre.now - customer.since
    customer.waited += waited
    customer.patience -= waited
    centre.n_waiting -= 1
    customer.status = status
    customer.since = centre.now
