"""What is drawn of a centre is what is in its tables."""

from typing import Any

import numpy as np
import pytest

from envs import columns as at
from envs.contact_centre import ContactCentre
from envs.presets import preset
from envs.records import column
from envs.snapshot import Snapshot, action_name, snapshot
from envs.state import AT_WORK, CALLBACK, CALLED_BACK, FIRST_EMPLOYEE, QUEUE
from envs.vector import ContactCentreVector

BANK = preset("bank")


@pytest.fixture(scope="module")
def vector() -> ContactCentreVector:
    """A centre in the middle of a day, with callbacks to come and people waiting."""
    made = ContactCentreVector(BANK, 1, 3, days=(2,))
    made.reset()
    for step in range(500):
        callback = step % 7 == 0 and made.observe()[2][0, CALLBACK]
        made.step(np.array([CALLBACK if callback else QUEUE]))
    return made


@pytest.fixture(scope="module")
def now(vector: ContactCentreVector) -> Snapshot:
    return snapshot(vector, day=2)


def test_people_and_queues_are_the_tables(vector: ContactCentreVector, now: Snapshot) -> None:
    desks = vector.state.desk
    assert np.array_equal(now.status, column(desks, "status")[0, :-1])
    assert np.array_equal(now.active, column(desks, "active")[0, :-1])
    assert now.shared == column(desks, "length")[0, -1]
    waiting = int(column(vector.state.centre, "n_waiting")[0])
    assert now.shared + int(now.waiting.sum()) == waiting
    assert (now.longest_wait_s > 0) == (waiting > 0)
    status = column(vector.state.customer, "status")[0]
    assert now.callbacks == int((status == CALLED_BACK).sum()) > 0
    assert 0 < now.next_callback_s < 1.5 * BANK.callback_mean_s
    assert now.weekday == "Wed"


def test_an_employees_load_is_the_one_that_is_observed(
    vector: ContactCentreVector, now: Snapshot
) -> None:
    seen = vector.observe()[1][0, FIRST_EMPLOYEE:, at.OCCUPANCY]
    assert now.load == pytest.approx(seen, abs=1e-5)


def test_the_key_figures_so_far_run_up_to_those_of_the_day() -> None:
    env = ContactCentre(render_mode="ansi")
    env.reset(seed=2)
    truncated, last = False, None
    info: dict[str, Any] = {}
    while not truncated:
        last = snapshot(env._centre.vector(), day=0)  # noqa: SLF001 what render reads
        *_, truncated, info = env.step(np.int64(QUEUE))
    assert last is not None
    closed = snapshot(env._centre.last(), day=0, closed=True)  # noqa: SLF001 as above
    for name in ("eur_per_contact", "fcr", "abandoned", "occupancy", "handle_s", "wait_s", "csat"):
        assert last.key_figures[name] == pytest.approx(info["key_figures"][name], rel=0.05)
        assert closed.key_figures[name] == pytest.approx(info["key_figures"][name])
    assert closed.asking is None
    assert not (closed.status == AT_WORK).any()


def test_the_first_moment_of_a_day_divides_by_nothing() -> None:
    vector = ContactCentreVector(BANK, 1, 3)
    vector.reset()
    first = snapshot(vector, day=0)
    assert all(np.isfinite(value) for value in first.key_figures.values())
    assert first.counts["arrivals"] == 1
    assert 0.0 <= first.key_figures["occupancy"] <= 1.0


def test_the_options_are_the_legal_actions_the_best_first(
    vector: ContactCentreVector, now: Snapshot
) -> None:
    assert now.asking is not None
    legal = {action_name(a) for a in np.flatnonzero(vector.observe()[2][0]).tolist()}
    assert {option.name for option in now.asking.options} == legal
    values = [option.eur for option in now.asking.options]
    assert values == sorted(values, reverse=True)
