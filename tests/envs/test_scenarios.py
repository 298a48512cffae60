"""Scenarios change what they say and nothing else."""

from dataclasses import fields

import numpy as np
import pytest

from envs.config import CentreConfig
from envs.presets import preset
from envs.records import column
from envs.scenarios import SCENARIOS, scenario
from nba.errors import InputError
from nba.types import Floats
from tests.envs.small_centre import PRESETS, small, started

CHANGES = {
    "normal": set(),
    "peak": {"contacts_per_day"},
    "shortage": {"n_employees"},
    "bot_outage": {"outage_start_s", "outage_end_s"},
    "drift": {"drift_share", "drift_days"},
    "new_roster": {"roster", "newcomer_share"},
}


def changed(name: str) -> set[str]:
    before, after = preset("telecom"), scenario(preset("telecom"), name)
    return {f.name for f in fields(before) if getattr(before, f.name) != getattr(after, f.name)}


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_changes_only_what_it_is_about(name: str) -> None:
    assert changed(name) <= CHANGES[name]
    assert bool(changed(name)) == (name != "normal")


@pytest.mark.parametrize("preset_name", PRESETS)
def test_peak_and_shortage_have_the_stated_size(preset_name: str) -> None:
    config = preset(preset_name)
    assert scenario(config, "peak").contacts_per_day == pytest.approx(1.3 * config.contacts_per_day)
    share = scenario(config, "shortage").n_employees / config.n_employees
    assert share == pytest.approx(0.7, abs=0.5 / config.n_employees)


def test_an_unknown_scenario_is_refused_with_the_names_of_those_there_are() -> None:
    with pytest.raises(InputError, match="no scenario 'war'; there are normal, peak"):
        scenario(preset("bank"), "war")


def arrivals(config: CentreConfig) -> Floats:
    vector = started(config, 3, 4)
    return vector.state.arrival.copy()


@pytest.mark.parametrize("name", ["bot_outage", "drift", "new_roster", "shortage"])
def test_arrivals_stay_where_load_does(name: str) -> None:
    before = arrivals(small("bank"))
    # The room for arrivals depends on the mean number of contacts, which is the same.
    assert np.array_equal(arrivals(small("bank", name)), before)
    assert not np.array_equal(arrivals(small("bank", "peak"))[:, :50], before[:, :50])


def test_a_new_roster_is_other_people_and_a_shortage_the_first_of_the_same() -> None:
    people = {
        name: column(started(small("bank", name), 1, 4).state.person, "skill")[0]
        for name in ("normal", "new_roster", "shortage", "peak")
    }
    assert not np.isclose(people["normal"], people["new_roster"]).any()
    assert np.array_equal(people["normal"], people["peak"])
    assert np.array_equal(people["normal"][:7], people["shortage"])


def test_half_of_a_new_roster_is_in_its_first_half_year() -> None:
    vector = started(small("bank", "new_roster"), 200, 4)
    share = (vector.state.standing[:, :, 2] < 0.5).mean()
    assert share == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(2000))
