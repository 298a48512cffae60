"""Breaks: all taken, nobody lost through them, lateness booked; nothing for those who are away."""

from dataclasses import replace

import numpy as np
import pytest

from envs.records import column
from envs.staffing import breaks, shifts
from envs.state import AT_WORK, FIRST_EMPLOYEE, OFF, ON_BREAK
from tests.envs.small_centre import centre, desks, one_day, small, started

BANK = small("bank")


def test_every_planned_break_is_taken_once() -> None:
    config = replace(BANK, contacts_per_day=60.0)
    planned = len(breaks(config))
    assert planned >= config.n_employees
    vector = started(config, 4, 1)
    for _ in one_day(vector):
        pass
    assert vector.day_figures()["breaks"][0] == planned


def test_a_planned_break_lies_within_its_shift() -> None:
    starts, ends = shifts(BANK)
    for k, due, rest in breaks(BANK):
        assert starts[k] < due < due + rest < ends[k]


def test_nobody_works_on_a_break_or_at_home_and_nobody_waits_for_them() -> None:
    vector = started(BANK, 4, 2)
    seen = set()
    for _ in one_day(vector):
        status = desks(vector, "status")
        away = status != AT_WORK
        assert not desks(vector, "active")[away].any()
        assert not desks(vector, "length")[away].any()
        assert (desks(vector, "head")[away] == -1).all()
        _, actions, mask = vector.observe()
        assert not mask[:, FIRST_EMPLOYEE:][away].any()
        assert not actions[:, FIRST_EMPLOYEE:][away].any()
        seen |= set(np.unique(status).astype(int))
        for b, count in enumerate(centre(vector, "n_staff").astype(int)):
            listed = vector.state.staff[b, :count]
            assert listed.tolist() == np.flatnonzero(~away[b]).tolist()
        # Whose shift has ended has gone, or has a last contact in hand.
        over = desks(vector, "shift_end") < centre(vector, "now")[:, None]
        assert (desks(vector, "active")[over & ~away] > 0).all()
    assert seen == {OFF, ON_BREAK, AT_WORK}


def test_a_break_lasts_as_long_as_planned_however_late_it_is() -> None:
    vector = started(BANK, 1, 3)
    rests = sorted({rest for _, _, rest in breaks(BANK)})
    status, began = desks(vector, "status")[0], np.zeros(BANK.n_employees)
    checked = 0
    for _ in one_day(vector):
        before, status = status, desks(vector, "status")[0]
        for k in np.flatnonzero((before == ON_BREAK) & (status == AT_WORK)):
            lasted = float(desks(vector, "rested_at")[0, k] - began[k])
            assert any(lasted == pytest.approx(rest, abs=0.01) for rest in rests)
            checked += 1
        # Work is booked up to the moment a break begins.
        began = np.where(status == ON_BREAK, desks(vector, "booked_at")[0], began)
    assert checked > 5


@pytest.mark.parametrize("load", [0.2, 1.6])
def test_lateness_is_booked_and_grows_with_load(load: float) -> None:
    vector = started(small("bank", load=load), 4, 4)
    for _ in one_day(vector):
        pass
    late = vector.day_components()["late_break_s"][0]
    n = vector.day_figures()["breaks"][0]
    if load < 1:
        assert 0 <= late / n < 120.0
    else:
        assert late / n > 60.0
    assert vector.objective.weights["late_break_s"] < 0


def test_a_break_that_nothing_delays_is_not_late() -> None:
    """Whoever has nothing in hand rests at once."""
    config = replace(BANK, contacts_per_day=4.0)
    vector = started(config, 1, 4)
    for _ in one_day(vector):
        pass
    assert vector.day_components()["late_break_s"][0] == pytest.approx(0.0)
    assert vector.day_figures()["breaks"][0] == len(breaks(config))


def test_without_breaks_none_are_taken_and_work_begins_and_ends_with_the_day() -> None:
    vector = started(replace(BANK, all_day=True), 2, 5)
    for _ in one_day(vector):
        assert (desks(vector, "status") == AT_WORK).all()
    assert vector.day_figures()["breaks"][0] == 0
    assert column(vector.state.shift, "time").max() == BANK.day_s
