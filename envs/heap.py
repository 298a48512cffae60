"""The pending events of one centre: a binary heap with places, so that any one can be moved.

A node holds its time beside its entity, so that a comparison reads neighbouring memory only.
"""

from envs.jit import inlined
from envs.records import Event, Table
from nba.types import Ints


@inlined
def _rise(heap: Table[Event], place: Ints, b: int, at: int, entity: int, due: float) -> None:
    while at > 0:
        parent = (at - 1) >> 1
        above = heap[b, parent]
        if above.due <= due:
            break
        node = heap[b, at]
        node.due = above.due
        node.entity = above.entity
        place[b, above.entity] = at
        at = parent
    node = heap[b, at]
    node.due = due
    node.entity = entity
    place[b, entity] = at


@inlined
def _sink(
    heap: Table[Event], place: Ints, b: int, size: int, at: int, entity: int, due: float
) -> None:
    while True:
        child = 2 * at + 1
        if child >= size:
            break
        if child + 1 < size and heap[b, child + 1].due < heap[b, child].due:
            child += 1
        below = heap[b, child]
        if below.due >= due:
            break
        node = heap[b, at]
        node.due = below.due
        node.entity = below.entity
        place[b, below.entity] = at
        at = child
    node = heap[b, at]
    node.due = due
    node.entity = entity
    place[b, entity] = at


@inlined
def schedule(heap: Table[Event], place: Ints, b: int, size: int, entity: int, time: float) -> int:
    """Give an entity its one pending event, or move the one it has; returns the heap's size."""
    at = place[b, entity]
    if at < 0:
        _rise(heap, place, b, size, entity, time)
        return size + 1
    if time < heap[b, at].due:
        _rise(heap, place, b, at, entity, time)
    else:
        _sink(heap, place, b, size, at, entity, time)
    return size


@inlined
def cancel(heap: Table[Event], place: Ints, b: int, size: int, entity: int) -> int:
    """Take an entity's pending event away, if it has one; returns the heap's size."""
    at = place[b, entity]
    if at < 0:
        return size
    place[b, entity] = -1
    size -= 1
    last = heap[b, size].entity
    if last == entity:
        return size
    due = heap[b, size].due
    if at > 0 and due < heap[b, (at - 1) >> 1].due:
        _rise(heap, place, b, at, last, due)
    else:
        _sink(heap, place, b, size, at, last, due)
    return size
