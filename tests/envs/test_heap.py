"""The pending events come in order, whatever was moved or taken away."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from envs.heap import cancel, schedule
from envs.records import Event, column, table

ENTITIES = 12
CHANGES = st.lists(
    st.tuples(st.integers(0, ENTITIES - 1), st.one_of(st.none(), st.floats(0, 100))), max_size=60
)


@settings(max_examples=150, deadline=None)
@given(changes=CHANGES)
def test_events_come_out_in_the_order_of_their_times(
    changes: list[tuple[int, float | None]],
) -> None:
    heap, place = table(Event, 1, ENTITIES), np.full((1, ENTITIES), -1)
    size, expected = 0, dict[int, float]()
    for entity, time in changes:
        if time is None:
            size = cancel(heap, place, 0, size, entity)
            expected.pop(entity, None)
        else:
            size = schedule(heap, place, 0, size, entity, time)
            expected[entity] = time
    assert size == len(expected)
    came = []
    while size:
        entity = int(column(heap, "entity")[0, 0])
        came.append(expected[entity])
        size = cancel(heap, place, 0, size, entity)
    assert came == sorted(expected.values())


def test_an_entity_has_one_event_at_most() -> None:
    heap, place = table(Event, 1, 3), np.full((1, 3), -1)
    size = schedule(heap, place, 0, 0, 2, 5.0)
    size = schedule(heap, place, 0, size, 2, 1.0)
    assert size == 1
    assert np.isclose(column(heap, "due")[0, 0], 1.0)
