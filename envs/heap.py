"""The pending events of one centre: a binary heap with places, so that any one can be moved."""

from envs.jit import njit
from envs.records import Event, Table


@njit
def _put(events: Table[Event], b: int, place: int, entity: int) -> None:
    events[b, place].entity = entity
    events[b, entity].place = place


@njit
def _rise(events: Table[Event], b: int, place: int, entity: int) -> None:
    due = events[b, entity].due
    while place > 0:
        parent = (place - 1) >> 1
        above = events[b, parent].entity
        if events[b, above].due <= due:
            break
        _put(events, b, place, above)
        place = parent
    _put(events, b, place, entity)


@njit
def _sink(events: Table[Event], b: int, size: int, place: int, entity: int) -> None:
    due = events[b, entity].due
    while True:
        child = 2 * place + 1
        if child >= size:
            break
        below = events[b, child].entity
        if child + 1 < size:
            other = events[b, child + 1].entity
            if events[b, other].due < events[b, below].due:
                child += 1
                below = other
        if events[b, below].due >= due:
            break
        _put(events, b, place, below)
        place = child
    _put(events, b, place, entity)


@njit
def schedule(events: Table[Event], b: int, size: int, entity: int, time: float) -> int:
    """Give an entity its one pending event, or move the one it has; returns the heap's size."""
    place = events[b, entity].place
    if place < 0:
        events[b, entity].due = time
        _rise(events, b, size, entity)
        return size + 1
    earlier = time < events[b, entity].due
    events[b, entity].due = time
    if earlier:
        _rise(events, b, place, entity)
    else:
        _sink(events, b, size, place, entity)
    return size


@njit
def cancel(events: Table[Event], b: int, size: int, entity: int) -> int:
    """Take an entity's pending event away, if it has one; returns the heap's size."""
    place = events[b, entity].place
    if place < 0:
        return size
    events[b, entity].place = -1
    size -= 1
    last = events[b, size].entity
    if last == entity:
        return size
    if place > 0 and events[b, last].due < events[b, events[b, (place - 1) >> 1].entity].due:
        _rise(events, b, place, last)
    else:
        _sink(events, b, size, place, last)
    return size
