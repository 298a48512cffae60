"""Configurations, presets and the shifts made from them."""

from dataclasses import replace

import numpy as np
import pytest

from envs.presets import PRESETS, preset
from envs.staffing import shifts
from envs.state import QUEUE
from envs.vector import ContactCentreVector
from nba.errors import CapacityError, InputError


@pytest.mark.parametrize("name", PRESETS)
def test_rates_add_up_to_the_day_s_contacts(name: str) -> None:
    config = preset(name)
    hours = np.minimum(1.0, config.profile_hours - np.arange(len(config.rates)))
    assert (config.rates * hours * 3600).sum() == pytest.approx(config.contacts_per_day)


def test_a_wrong_number_is_refused_by_name() -> None:
    with pytest.raises(InputError, match="patience_median_s is -1"):
        replace(preset("bank"), patience_median_s=-1)
    with pytest.raises(InputError, match="no preset 'moon'; there are bank"):
        preset("moon")


def test_shifts_cover_the_day_and_follow_the_load() -> None:
    config = preset("bank")
    starts, ends = shifts(config)
    times = np.arange(0, config.day_s - 1, 900.0)
    staff = np.array([((starts <= t) & (t < ends)).sum() for t in times])
    assert staff.min() >= 1
    assert len(starts) == config.n_employees
    load = np.interp(times, 3600 * (np.arange(len(config.rates)) + 0.5), config.rates)
    assert np.corrcoef(staff, load)[0, 1] > 0.8


def test_a_load_that_no_slot_can_hold_is_refused_not_dropped() -> None:
    config = replace(preset("bank"), contacts_per_day=30_000.0, patience_median_s=1e7)
    vector = ContactCentreVector(config, 1, 0)
    with pytest.raises(CapacityError, match="contacts are open"):  # noqa: PT012 the load has to build up
        vector.reset()
        for _ in range(20_000):
            vector.step(np.array([QUEUE]))
