"""Waiting customers: a linked queue per employee and one shared, first come first served."""

from envs.config import CentreConfig
from envs.customers import upset
from envs.heap import cancel, schedule
from envs.jit import inlined
from envs.records import WAIT
from envs.state import WAITING, State


@inlined
def plan(s: State, b: int, entity: int, time: float) -> None:
    """Give an entity of this centre its one pending event."""
    centre = s.centre[b]
    centre.n_events = schedule(s.event, s.place, b, centre.n_events, entity, time)


@inlined
def unplan(s: State, b: int, entity: int) -> None:
    """Take an entity's pending event away, if there is one."""
    centre = s.centre[b]
    centre.n_events = cancel(s.event, s.place, b, centre.n_events, entity)


@inlined
def book_waiting(s: State, b: int, time: float) -> None:
    """Book the waiting of everybody in a queue up to `time`."""
    centre = s.centre[b]
    centre.totals[WAIT] += centre.n_waiting * (time - centre.waiting_since)
    centre.waiting_since = time


@inlined
def join(s: State, b: int, slot: int, queue: int) -> None:
    """Put a customer into a queue, with the deadline that patience sets: first come, first served.

    Whoever comes from another queue goes before those who began to wait later.
    """
    owner = s.desk[b, queue]
    customer = s.customer[b, slot]
    if customer.status != WAITING:
        centre = s.centre[b]
        customer.status = WAITING
        customer.since = centre.now
        centre.n_waiting += 1
        plan(s, b, slot, centre.now + customer.patience)
    before = owner.tail
    while before >= 0 and s.customer[b, before].since > customer.since:
        before = s.customer[b, before].before
    behind = owner.head if before < 0 else s.customer[b, before].behind
    customer.before = before
    customer.behind = behind
    if before >= 0:
        s.customer[b, before].behind = slot
    else:
        owner.head = slot
    if behind >= 0:
        s.customer[b, behind].before = slot
    else:
        owner.tail = slot
    owner.length += 1
    customer.queue = queue


@inlined
def unlink(s: State, b: int, slot: int) -> None:
    """Take a customer out of the queue, wherever in it; still counted as waiting."""
    customer = s.customer[b, slot]
    owner = s.desk[b, customer.queue]
    if customer.before >= 0:
        s.customer[b, customer.before].behind = customer.behind
    else:
        owner.head = customer.behind
    if customer.behind >= 0:
        s.customer[b, customer.behind].before = customer.before
    else:
        owner.tail = customer.before
    owner.length -= 1


@inlined
def leave(s: State, c: CentreConfig, b: int, slot: int, status: int) -> None:
    """End a customer's waiting: out of the queue, the wait measured, patience and mood spent."""
    unlink(s, b, slot)
    centre = s.centre[b]
    customer = s.customer[b, slot]
    waited = centre.now - customer.since
    customer.waited += waited
    customer.patience -= waited
    upset(customer, c.sentiment_wait * waited / 60.0)
    centre.n_waiting -= 1
    customer.status = status
    customer.since = centre.now
