"""Which day an episode plays."""

import numpy as np
import pytest

from envs.day_options import DayOptions, made_config, read_options
from envs.presets import preset
from envs.scenarios import scenario
from nba.errors import InputError

BANK = preset("bank")
ALL = ("scenario", "config", "site", "day")


def test_no_options_are_fine() -> None:
    assert read_options(None, ALL) == read_options({}, ALL) == DayOptions()


def test_what_is_not_named_is_drawn_and_the_weekdays_are_alike() -> None:
    generator = np.random.default_rng(0)
    drawn = [DayOptions().site_and_day(BANK, generator) for _ in range(2000)]
    assert len({site for site, _ in drawn}) > 1990
    weekdays = np.bincount([day % 5 for _, day in drawn], minlength=5)
    assert weekdays.min() > 320  # of 400; five standard deviations are 90
    assert DayOptions(site=4, day=9).site_and_day(BANK, generator) == (4, 9)


def test_naming_the_day_leaves_the_draws_that_follow_as_they_were() -> None:
    one, other = np.random.default_rng(3), np.random.default_rng(3)
    DayOptions(site=1, day=1).site_and_day(BANK, one)
    DayOptions().site_and_day(BANK, other)
    assert one.integers(2**31) == other.integers(2**31)


def test_a_drifts_days_are_all_drawn() -> None:
    drift = scenario(BANK, "drift")
    generator = np.random.default_rng(1)
    days = {DayOptions().site_and_day(drift, generator)[1] for _ in range(1000)}
    assert days == set(range(int(drift.drift_days)))


def test_a_scenario_is_put_on_the_configuration() -> None:
    peak = scenario(BANK, "peak")
    assert made_config("bank", None, "peak") == peak
    assert made_config("retail", BANK, "peak") == peak
    assert DayOptions(scenario="peak").config_of(BANK) == peak
    assert DayOptions(config=peak).config_of(BANK) == peak


@pytest.mark.parametrize("value", [-1, 2.0, "3", True, None])
def test_a_site_is_a_whole_number(value: object) -> None:
    with pytest.raises(InputError, match="option site is"):
        read_options({"site": value}, ALL)


def test_whole_numbers_of_numpy_are_taken() -> None:
    assert read_options({"site": np.int64(3)}, ALL).site == 3
