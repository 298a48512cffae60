"""Compiled or not, cells count alike and into the same memory."""

from array import array
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nba.compiled import compiled
from serving.metrics import cells
from serving.metrics.metrics import BUCKETS

FORMS = [form for form in (cells, compiled("serving.metrics._cells")) if form is not None]
SECONDS = st.one_of(st.floats(), st.sampled_from(BUCKETS), st.floats(0, 2))


@pytest.mark.parametrize("form", FORMS)
def test_a_cell_counts_where_it_lies(form: ModuleType) -> None:
    numbers = memoryview(array("d", bytes(80)))
    cell = form.Cell(numbers, 3)
    cell.add()
    cell.add(2.5)
    assert (numbers[3], cell.value) == (3.5, 3.5)
    cell.set(-1)
    form.Tally(cell, form.Cell(numbers, 4)).count(0.25)
    assert numbers.tolist() == [0, 0, 0, 0, 0.25, 0, 0, 0, 0, 0]


@given(st.lists(SECONDS, max_size=20))
def test_durations_fall_into_the_same_buckets(durations: list[float]) -> None:
    found = []
    for form in FORMS:
        numbers = memoryview(array("d", bytes(8 * (len(BUCKETS) + 2))))
        places = [form.Cell(numbers, place) for place in range(len(numbers))]
        histogram = form.Histogram(array("d", BUCKETS), places[:-1], places[-1])
        for seconds in durations:
            histogram.observe(seconds)
        found.append(bytes(numbers))
    assert len(set(found)) == 1
