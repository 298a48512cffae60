"""Arrivals become a table of slots: opening hours, weekdays, several centres."""

import numpy as np
import pytest

from envs.calibration.counts import count_arrivals
from nba.errors import InputError

MONDAY = 1_767_571_200.0  # 2026-01-05
DAY = 86_400.0


def test_arrivals_fall_into_their_slot_and_day() -> None:
    at = MONDAY + np.array([8 * 3600.0, 8 * 3600.0 + 299, 8 * 3600.0 + 300, DAY + 8 * 3600.0 + 301])
    table = count_arrivals(at)
    assert table.counts.tolist() == [[2, 1], [0, 1]]
    assert table.weekday.tolist() == [0, 1]
    assert table.open_hour == 8.0
    assert table.hours == pytest.approx(10 / 60)


def test_weekends_and_the_odd_night_call_are_left_out_and_counted() -> None:
    day = np.repeat(9 * 3600.0 + np.arange(0, 3600.0, 10.0), 1)
    at = np.concatenate([MONDAY + d * DAY + day for d in (0, 1, 5)])
    at = np.append(at, MONDAY + 3 * 3600.0)
    table = count_arrivals(at)
    assert table.counts.shape == (2, 12)
    assert table.left_out == len(day) + 1


def test_each_centre_has_days_of_its_own() -> None:
    at = MONDAY + np.array([9 * 3600.0, 9 * 3600.0 + 10, DAY + 9 * 3600.0])
    table = count_arrivals(at, centre=np.array([0, 1, 1]))
    assert table.counts[:, 0].tolist() == [1, 1, 1]


def test_a_single_day_is_refused() -> None:
    with pytest.raises(InputError, match="two or more days"):
        count_arrivals(MONDAY + np.array([9 * 3600.0]))
